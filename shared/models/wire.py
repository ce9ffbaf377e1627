"""The base of all types that travel as JSON: frozen, camelCase, with explicit nulls."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Self, TypeVar

from msgspec import Meta, Struct

E = TypeVar("E", bound=StrEnum)
Fraction = Annotated[float, Meta(ge=0, le=1)]


class Wire(Struct, frozen=True, rename="camel"):
    """A field that defaults to None is sent as null; one that defaults to UNSET is left out."""


class Choice(StrEnum):
    """A field of a body that takes its values in any case: clients send `oldest` as well as `Oldest`."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return enum_named(cls, value) if isinstance(value, str) else None


def now() -> datetime:
    """The time in UTC, cut to the milliseconds that every client of the API can read.

    Never without a fraction, which would not be written: clients cut it off by its place.
    """
    time = datetime.now(UTC)
    return time.replace(microsecond=max(1, time.microsecond // 1000) * 1000)


def enum_named(kind: type[E], text: str) -> E | None:
    """The member of that value in any case (clients send `multiclass` as well as `Multiclass`), or None."""
    return next((member for member in kind if member.value.lower() == text.strip().lower()), None)
