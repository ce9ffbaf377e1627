"""Walks through ranges of index rows in both directions, and the places that clients reached in them."""

import heapq
import threading
import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from shared.storage import counts, rows
from shared.storage.rows import Row
from shared.storage.store import Store

# Long ranges are known in blocks of so many ids, between borders that one scan found.
BLOCK = 256
LARGE = 4 * BLOCK
REMEMBERED = 4_096
REMEMBERED_SECONDS = 300.0
# Follows every character of an id.
END = "~"


class Range(NamedTuple):
    """The rows of a project whose keys are the prefix and an image id."""

    project_id: UUID
    prefix: str


class Memory:
    """What the process remembers for a while: the least recently used goes first."""

    def __init__(self, size: int, seconds: float) -> None:
        self._size, self._seconds = size, seconds
        self._kept: OrderedDict[Hashable, tuple[float, object]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: Hashable, value: object) -> None:
        with self._lock:
            self._kept[key] = (time.monotonic(), value)
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def forget(self, key: Hashable) -> None:
        with self._lock:
            self._kept.pop(key, None)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def get(self, key: Hashable) -> object | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or time.monotonic() - kept[0] > self._seconds:
                return None
            self._kept.move_to_end(key)
            return kept[1]


class Borders(NamedTuple):
    """Where the blocks of merged ranges began at a revision of the project."""

    revision: int
    firsts: list[str]
    """The first id of every block; of the first block, which begins before all ids, ""."""
    size: int
    """How many ids there were."""


places = Memory(REMEMBERED, REMEMBERED_SECONDS)
# Old ones serve as well: they are compared with the project, or corrected on the way.
borders = Memory(REMEMBERED // 64, 24 * 3600.0)


def walk(
    store: Store,
    ranges: Sequence[Range],
    *,
    backwards: bool = False,
    beyond: str = "",
    keys_only: bool = False,
    page: int = rows.PAGE,
) -> Iterator[Row]:
    """The rows of all ranges in order of their image ids, one an image; lazily. Starts beyond the id `beyond`.

    The keys of the rows are cut to the image ids.
    """
    if backwards:
        return _backwards(store, tuple(ranges), beyond or END, keys_only)
    return _forwards(store, ranges, f"{beyond}{END}" if beyond else "", END, keys_only, page)


def locate(store: Store, ranges: Sequence[Range], skip: int, *, backwards: bool = False) -> str | None:
    """The id that a walk comes to as its `skip`th; None beyond the end. Reads the keys of one block at most."""
    found = _exact(store, tuple(ranges))
    block, rest = divmod(found.size - skip if backwards else skip - 1, BLOCK)
    if not 0 <= block * BLOCK + rest < found.size:
        return None
    if block and not rest:
        return found.firsts[block]
    keys = _forwards(store, ranges, found.firsts[block], END, keys_only=True, page=BLOCK)
    return next((row.key for row in islice(keys, rest, None)), None)


def size(store: Store, ranges: Sequence[Range]) -> int:
    """How many images the ranges have together."""
    return _exact(store, tuple(ranges)).size


def _forwards(
    store: Store, ranges: Sequence[Range], first: str, last: str, keys_only: bool, page: int
) -> Iterator[Row]:
    """The rows with first <= id < last."""
    walks = [_rows(store, where, first, last, keys_only, page) for where in ranges]
    previous = None
    for row in heapq.merge(*walks, key=attrgetter("key")):
        if row.key != previous:
            yield row
        previous = row.key


def _backwards(store: Store, ranges: tuple[Range, ...], last: str, keys_only: bool) -> Iterator[Row]:
    """A table reads forwards only, so blocks are read forwards and yielded in reverse, from the last one on.

    Rows that came or went since their borders were found make blocks larger or smaller, never wrong.
    """
    found = borders.get((store, ranges))
    firsts = (found if isinstance(found, Borders) else _survey(store, ranges)).firsts
    for first in reversed(firsts[: bisect_left(firsts, last)]):
        block = list(_forwards(store, ranges, first, last, keys_only, rows.PAGE))
        _correct(store, ranges, first, len(block))
        yield from reversed(block)
        last = first


def _exact(store: Store, ranges: tuple[Range, ...]) -> Borders:
    """Borders as they are now."""
    found = borders.get((store, ranges))
    if isinstance(found, Borders) and found.revision == counts.read(store, ranges[0].project_id).changes:
        return found
    return _survey(store, ranges)


def _survey(store: Store, ranges: tuple[Range, ...]) -> Borders:
    """Find borders by a scan of all keys, and remember them."""
    # Read first: a change during the scan makes what was found outdated.
    revision = counts.read(store, ranges[0].project_id).changes
    firsts, number = [""], 0
    for number, row in enumerate(_forwards(store, ranges, "", END, keys_only=True, page=rows.PAGE), 1):
        if number % BLOCK == 1 and number > 1:
            firsts.append(row.key)
    found = Borders(revision, firsts, number)
    borders.put((store, ranges), found)
    return found


def _correct(store: Store, ranges: tuple[Range, ...], first: str, size: int) -> None:
    """Forget a block that has become empty, and all of them when one has become large."""
    found = borders.get((store, ranges))
    if not isinstance(found, Borders):
        return
    if size > LARGE:
        borders.forget((store, ranges))
    elif size == 0 and first:
        borders.put((store, ranges), found._replace(firsts=[border for border in found.firsts if border != first]))


def _rows(store: Store, where: Range, first: str, last: str, keys_only: bool, page: int) -> Iterator[Row]:
    partition, cut = str(where.project_id), len(where.prefix)
    found = rows.scan(
        store.catalog, partition, where.prefix + first, where.prefix + last, keys_only=keys_only, page=page
    )
    return (Row(row.key[cut:], row.doc, row.etag) for row in found)
