"""Request bodies: JSON with keys in any case, and pictures in multipart or raw bodies."""

import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from io import BytesIO
from types import GenericAlias, UnionType
from typing import NamedTuple, Self, TypeVar, get_args, get_origin

import msgspec
from msgspec import Raw, Struct
from multipart import MultipartError, MultipartParser, parse_options_header

from shared import errors

S = TypeVar("S", bound=Struct)
PART_LIMIT = 1_000
# Over twice what the largest batch needs (64 pictures, each with 300 regions); without a limit, values of two bytes
# would take fifty times the body's memory.
VALUES = 250_000


class File(NamedTuple):
    name: str
    contents: bytes


def read_json(content_type: str, data: bytes, kind: type[S]) -> S:
    """A body as `kind`. Raises BadRequest that names the bad field, or UnsupportedMediaType."""
    if content_type.lower().startswith(("multipart/", "application/octet-stream", "image/")):
        raise errors.UnsupportedMediaType(
            f"This operation takes a JSON body, not '{content_type[:80]}'; send it as application/json."
        )
    if data.count(b",") > VALUES:
        raise errors.BadRequest(f"The body has more than {VALUES:,} values; send less in one call.")
    try:
        text = data.strip() or b"{}"
        return msgspec.json.decode(_recased(text, kind) if _spelt_otherwise(text, kind) else text, type=kind)
    except msgspec.ValidationError as error:
        raise errors.BadRequest(f"The body does not fit: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise errors.BadRequest(f"The body is not valid JSON: {error}.") from None


def read_files(content_type: str, data: bytes) -> list[File]:
    """The pictures of a body, whatever its parts are called. Raises BadImageBatch, UnsupportedMediaType.

    The Python SDK sends parts without file name and type, .NET an unquoted name, others a raw body.
    """
    kind, options = parse_options_header(content_type) if content_type else ("", {})
    if kind == "multipart/form-data":
        return _parts(data, options.get("boundary", ""))
    if kind in ("application/json", "text/json", "application/x-www-form-urlencoded"):
        raise errors.UnsupportedMediaType(
            f"The request entity's media type '{kind}' is not supported for this resource; "
            "send the picture as multipart/form-data or application/octet-stream."
        )
    return [File("", data)] if data else []


def _parts(data: bytes, boundary: str) -> list[File]:
    if not boundary:
        raise errors.BadImageBatch("The Content-Type multipart/form-data lacks its boundary parameter.")
    parser = MultipartParser(
        BytesIO(data), boundary, len(data), part_limit=PART_LIMIT, spool_limit=len(data) + 1, memory_limit=len(data) + 1
    )
    try:
        return [File((part.filename or part.name or "").strip('"'), part.raw) for part in parser]
    except MultipartError as error:
        raise errors.BadImageBatch(f"The multipart body is broken: {error}.") from None


class _Key(Enum):
    """An object's keys, found in any case; those that it has not are one."""

    @classmethod
    def _missing_(cls, value: object) -> Self:
        return next((key for key in cls if key.value.lower() == str(value).lower()), cls(""))


@cache
def _keys(kind: type[Struct]) -> type[_Key]:
    names = {f"KEY_{field.name}": field.encode_name for field in msgspec.structs.fields(kind)}
    # mypy takes the call for the look-up of a member.
    return _Key("_Keys", {"OTHER": "", **names})  # type: ignore[call-arg,return-value]


def _structs(kind: object) -> Iterator[type[Struct]]:
    """`kind` and all that it is made of."""
    for part in get_args(kind):
        yield from _structs(part)
    if isinstance(kind, type) and issubclass(kind, Struct):
        yield kind
        for field in msgspec.structs.fields(kind):
            yield from _structs(field.type)


@cache
def _spellings(kind: type[Struct]) -> tuple[re.Pattern[bytes], frozenset[bytes]]:
    """What finds a key of `kind` in any case, and the keys as they should be."""
    names = frozenset(key.value.encode() for struct in _structs(kind) for key in _keys(struct) if key.value)
    return re.compile(rb'"(' + b"|".join(sorted(names, reverse=True)) + rb')"\s*:', re.IGNORECASE), names


def _spelt_otherwise(text: bytes, kind: type[Struct]) -> bool:
    """Whether clients sent Url for url, perhaps; then the keys have to be looked at one by one."""
    pattern, names = _spellings(kind)
    return any(match[1] not in names for match in pattern.finditer(text))


def _recased(text: bytes, kind: object) -> bytes:
    """JSON with its keys spelt as `kind` spells them. What has a key of no use is not even decoded."""
    options = get_args(kind) if get_origin(kind) is UnionType else (kind,)
    for option in options:
        if text.startswith(b"{") and isinstance(option, type) and issubclass(option, Struct):
            return _recased_object(text, option)
        if text.startswith(b"[") and get_origin(option) is list:
            items = msgspec.json.decode(text, type=list[Raw])
            return b"[" + b",".join(_recased(bytes(item), get_args(option)[0]) for item in items) + b"]"
    return text


def _recased_object(text: bytes, kind: type[Struct]) -> bytes:
    given: dict[_Key, Raw] = msgspec.json.decode(text, type=GenericAlias(dict, (_keys(kind), Raw)))
    types = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    known = ((key.value, raw) for key, raw in given.items() if key.value)
    return (
        b"{" + b",".join(b'"%b":%b' % (name.encode(), _recased(bytes(raw), types[name])) for name, raw in known) + b"}"
    )
