"""Bodies of JSON, forms and XML as the types that handlers take, with keys in any case."""

import codecs
from contextlib import suppress
from typing import TypeVar, cast

import msgspec
from msgspec import Struct

from functions.edge.body import lenient
from functions.edge.body.fields import FIELDS_LIMIT, FORM, read_fields
from functions.edge.body.shape import entries_of, fields_of, is_flat, shaped
from shared import errors
from shared.models.entries import Given, Unfit

S = TypeVar("S", bound=Struct | dict[str, str])
T = TypeVar("T")
# Over twice what the largest batch needs (64 pictures, each with 300 regions); without a limit, values of two bytes
# would take fifty times the body's memory.
VALUES = 250_000


def read_json(content_type: str, data: bytes, kind: type[S]) -> S:
    """A body as `kind`; an empty one counts as {}. Raises BadRequest that names the bad field, UnsupportedMediaType."""
    if content_type.lower().startswith(("multipart/", "application/octet-stream", "image/")):
        raise errors.UnsupportedMediaType(
            f"This operation takes a JSON body, not '{content_type[:80]}'; send it as application/json."
        )
    wanted: object = kind
    fields = read_fields(content_type, data) if is_flat(wanted) else None
    given = fields or read_value(data, mend=bool(entries_of(wanted)))
    try:
        return _converted(shaped(given, kind), kind)
    except msgspec.ValidationError as error:
        raise errors.BadRequest(f"The body does not fit: {error}.") from None


def read_texts(content_type: str, data: bytes) -> dict[str, str]:
    """The texts and numbers of a body by their names in lower case, lists as comma lists. Raises BadRequest."""
    is_object = data[:64].removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{")
    if len(data) > FIELDS_LIMIT or not (is_object or content_type.lower().startswith(FORM)):
        return {}
    given = read_fields(content_type, data) or read_value(data)
    texts = ((name.lower(), _text(value)) for name, value in given.items()) if isinstance(given, dict) else ()
    return {name: text for name, text in texts if text}


def read_value(data: bytes, *, mend: bool = False) -> object:
    """The JSON of a body, {} where it is empty; what is none gets a second, lenient try. Raises BadRequest."""
    if data.count(b",") > VALUES:
        raise errors.BadRequest(f"The body has more than {VALUES:,} values; send less in one call.")
    data = data.removeprefix(codecs.BOM_UTF8).strip() or b"{}"
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        with suppress(lenient.Unreadable):
            return lenient.decode(data, mend)
        raise errors.BadRequest(f"The body is not valid JSON: {_reason(error)}.") from None


def _text(value: object) -> str:
    """As it stands in a query; what can't stand there is nothing."""
    if isinstance(value, list):
        return ",".join(each if isinstance(each, str) else msgspec.json.encode(each).decode() for each in value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else ""


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 (byte {error.start})"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _converted(given: object, kind: type[T]) -> T:
    """As `kind`, in a second try loosely. Raises msgspec.ValidationError of the first."""
    try:
        return msgspec.convert(given, kind, dec_hook=_entry)
    except msgspec.ValidationError as strict:
        with suppress(msgspec.ValidationError):
            loose = shaped({} if given is None else given, kind, loose=True)
            return msgspec.convert(loose, kind, dec_hook=_entry)
        raise strict


def _entry(kind: type, given: object) -> Given[Struct]:
    """One of a batch: what it should be, or what is wrong with it."""
    assert issubclass(kind, Given)
    try:
        return kind(_converted(given, kind.kind))
    except msgspec.ValidationError as error:
        fault = _fault(given, kind.kind) if isinstance(given, dict) else ""
        return kind(Unfit(fault, str(error), given if isinstance(given, dict) else {}))


def _fault(given: dict[str, object], kind: type[Struct]) -> str:
    """The first field that does not fit."""
    for field in fields_of(kind).values():
        try:
            if field.required or field.encode_name in given:
                _converted(given.get(field.encode_name), cast(type[object], field.type))
        except msgspec.ValidationError:
            return field.encode_name
    return ""
