"""Entries of a batch: each is read by itself, so that one that can't be read costs no other."""

from collections.abc import Mapping
from typing import ClassVar, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

E = TypeVar("E", bound=Struct)
T = TypeVar("T")


class Unfit(NamedTuple):
    """What was given in place of an entry: the field at fault ("" where it is none alone), why, and all that was given.

    Fields go by their names on the wire.
    """

    field: str
    problem: str
    given: Mapping[str, object]

    def get(self, field: str, kind: type[T]) -> T | None:
        """A field where it is of that kind."""
        try:
            return msgspec.convert(self.given.get(field), kind)
        except msgspec.ValidationError:
            return None


class Given(Generic[E]):
    """An entry as it was given. A subclass names the `kind` that it should be."""

    kind: ClassVar[type[Struct]]

    def __init__(self, entry: E | Unfit) -> None:
        self.entry = entry
