"""A page of what a walk through rows finds, and the key after which the next page begins."""

from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
# A page that a rare filter leaves short looks no further than so many rows; the next one goes on from there.
EXAMINED = 100_000


class Page(NamedTuple, Generic[T]):
    """`place` is None on the last page."""

    items: list[T]
    place: str | None


def page(walk: Iterable[tuple[str, T | None]], take: int) -> Page[T]:
    """The first `take` of a walk, which yields keys and what they hold: None for what is not wanted."""
    items: list[T] = []
    place = None
    for examined, (key, item) in enumerate(walk, 1):
        if item is not None:
            if len(items) == take:
                return Page(items, place)
            items.append(item)
        place = key
        if examined == EXAMINED:
            return Page(items, place)
    return Page(items, None)
