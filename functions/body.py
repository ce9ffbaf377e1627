"""Request bodies: JSON with keys in any case, and pictures in multipart or raw bodies."""

import codecs
from datetime import datetime
from functools import cache
from io import BytesIO
from types import UnionType
from typing import NamedTuple, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo
from multipart import MultipartError, MultipartParser, parse_options_header

from functions.times import read_time
from shared import errors

S = TypeVar("S", bound=Struct | dict[str, str])
PART_LIMIT = 1_000
# Over twice what the largest batch needs (64 pictures, each with 300 regions); without a limit, values of two bytes
# would take fifty times the body's memory.
VALUES = 250_000


class File(NamedTuple):
    name: str
    contents: bytes


def read_json(content_type: str, data: bytes, kind: type[S]) -> S:
    """A body as `kind`; an empty one counts as {}. Raises BadRequest that names the bad field, UnsupportedMediaType."""
    if content_type.lower().startswith(("multipart/", "application/octet-stream", "image/")):
        raise errors.UnsupportedMediaType(
            f"This operation takes a JSON body, not '{content_type[:80]}'; send it as application/json."
        )
    if data.count(b",") > VALUES:
        raise errors.BadRequest(f"The body has more than {VALUES:,} values; send less in one call.")
    try:
        given = msgspec.json.decode(data.removeprefix(codecs.BOM_UTF8).strip() or b"{}")
        return msgspec.convert(_recase(given, kind), kind)
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


def _recase(value: object, kind: object) -> object:
    """`value` with its keys spelt as `kind` spells them, and times read: clients send Url as well as url."""
    if get_origin(kind) is UnionType:
        kind = next((option for option in get_args(kind) if _is_shaped(value, option)), None)
    if isinstance(value, list) and get_origin(kind) is list:
        return [_recase(item, get_args(kind)[0]) for item in value]
    if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, Struct):
        fields = _fields(kind)
        known = ((fields.get(key.lower()), item) for key, item in value.items())
        return {field.encode_name: _recase(item, field.type) for field, item in known if field}
    return _time(value) if kind is datetime and isinstance(value, str) else value


def _time(text: str) -> object:
    """What can't be read is left to msgspec, which knows its place."""
    try:
        return read_time(text)
    except ValueError:
        return text


@cache
def _fields(kind: type[Struct]) -> dict[str, FieldInfo]:
    return {field.encode_name.lower(): field for field in msgspec.structs.fields(kind)}


def _is_shaped(value: object, kind: object) -> bool:
    if isinstance(value, str):
        return kind is datetime
    if isinstance(value, list):
        return get_origin(kind) is list
    return isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, Struct)
