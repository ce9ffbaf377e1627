"""JSON values in the shape that a type has: keys in its spelling, and, loosely, text where it has numbers or bytes."""

import re
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Union, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from functions.edge.times import read_time
from shared.models.entries import Given

NUMBER = re.compile(r"\s*+[+-]?(\d++\.?\d*+|\.\d++)(e[+-]?\d{1,3})?\s*+", re.IGNORECASE | re.ASCII)
WHOLE = re.compile(r"\s*+[+-]?\d{1,18}\s*+", re.ASCII)
URL_SAFE = str.maketrans("-_", "+/")


def shaped(value: object, kind: object, *, loose: bool = False) -> object:
    """`value` with its keys spelt as `kind` spells them, and times read: clients send Url as well as url."""
    options = options_of(kind)
    if isinstance(value, list):
        item = next((get_args(option)[0] for option in options if get_origin(option) is list), None)
        return [shaped(each, item, loose=loose) for each in value] if item else value
    if isinstance(value, dict):
        struct = next((option for option in options if isinstance(option, type) and issubclass(option, Struct)), None)
        fields = fields_of(struct) if struct else {}
        known = ((fields.get(key.lower()), item) for key, item in value.items())
        named = {field.encode_name: shaped(item, field.type, loose=loose) for field, item in known if field}
        return named if struct else value
    if isinstance(value, str) and datetime in options:
        return _time(value)
    return _loosened(value, options) if loose and isinstance(value, str) and str not in options else value


@cache
def options_of(kind: object) -> tuple[object, ...]:
    """The types that a value may have; of an entry that is read by itself, the one that it should be."""
    if get_origin(kind) is Annotated:
        return options_of(get_args(kind)[0])
    if get_origin(kind) in (UnionType, Union):
        return tuple(option for part in get_args(kind) for option in options_of(part))
    return (kind.kind,) if isinstance(kind, type) and issubclass(kind, Given) else (kind,)


@cache
def fields_of(kind: type[Struct]) -> dict[str, FieldInfo]:
    """By their names on the wire, in lower case."""
    return {field.encode_name.lower(): field for field in msgspec.structs.fields(kind)}


@cache
def is_flat(kind: object) -> bool:
    """Whether all that it has is text."""
    fields = fields_of(kind).values() if isinstance(kind, type) and issubclass(kind, Struct) else ()
    return bool(fields) and all(set(options_of(field.type)) <= {str, NoneType} for field in fields)


@cache
def entries_of(kind: object) -> list[type[Struct]]:
    """Of a batch whose entries are read each by itself, what these should be."""
    fields = fields_of(kind).values() if isinstance(kind, type) and issubclass(kind, Struct) else ()
    items = (get_args(option) for field in fields for option in options_of(field.type))
    return [each.kind for item in items for each in item if isinstance(each, type) and issubclass(each, Given)]


def _time(text: str) -> object:
    """What can't be read is left to msgspec, which knows its place."""
    try:
        return read_time(text)
    except ValueError:
        return text


def _loosened(value: str, options: tuple[object, ...]) -> object:
    """Numbers that came as text, and base64 with line breaks, in the alphabet of URLs or without its padding."""
    if bytes in options:
        digits = "".join(value.split()).translate(URL_SAFE).rstrip("=")
        return digits + "=" * (-len(digits) % 4)
    if float in options and NUMBER.fullmatch(value):
        return float(value)
    return int(value) if int in options and WHOLE.fullmatch(value) else value
