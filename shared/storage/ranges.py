"""Walks through ranges of index rows in both directions, and the places that clients reached in them."""

import heapq
import threading
import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from itertools import islice
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from shared.storage import rows
from shared.storage.rows import Row
from shared.storage.store import Store

# A walk backwards reads its range in blocks of so many rows, between keys that one scan found.
BLOCK = 256
LARGE = 4 * BLOCK
REMEMBERED = 4_096
REMEMBERED_SECONDS = 300.0


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


places = Memory(REMEMBERED, REMEMBERED_SECONDS)
borders = Memory(REMEMBERED // 64, REMEMBERED_SECONDS)


def walk(
    store: Store,
    ranges: list[Range],
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
        walks = [_backwards(store, where, beyond, keys_only) for where in ranges]
    else:
        walks = [_forwards(store, where, beyond, keys_only, page) for where in ranges]
    last = None
    for row in heapq.merge(*walks, key=attrgetter("key"), reverse=backwards):
        if row.key != last:
            yield row
        last = row.key


def _forwards(store: Store, where: Range, beyond: str, keys_only: bool, page: int) -> Iterator[Row]:
    # "~" follows every character of an id, so this starts at the next one.
    first = f"{where.prefix}{beyond}~" if beyond else where.prefix
    yield from _rows(store, where, first, rows.after_prefix(where.prefix), keys_only, page)


def _backwards(store: Store, where: Range, beyond: str, keys_only: bool) -> Iterator[Row]:
    """A table reads forwards only, so blocks are read forwards and yielded in reverse, from the last one on.

    Where a block begins is remembered. Rows that came or went since make blocks larger or smaller, never wrong.
    """
    last = f"{where.prefix}{beyond}" if beyond else rows.after_prefix(where.prefix)
    found = _borders(store, where)
    for first in reversed(found[: bisect_left(found, last)]):
        block = list(_rows(store, where, first, last, keys_only, rows.PAGE))
        _correct(store, where, first, len(block))
        yield from reversed(block)
        last = first


def _borders(store: Store, where: Range) -> list[str]:
    """The first key of every block; the first of all is the prefix itself."""
    key = (store, where)
    found = borders.get(key)
    if not isinstance(found, list):
        keys = _rows(store, where, where.prefix, rows.after_prefix(where.prefix), True, rows.PAGE)
        found = [where.prefix, *(where.prefix + row.key for row in islice(keys, BLOCK, None, BLOCK))]
        borders.put(key, found)
    return found


def _correct(store: Store, where: Range, first: str, size: int) -> None:
    """Forget a block that has become empty, and all of them when one has become large."""
    found = borders.get((store, where))
    if not isinstance(found, list):
        return
    if size > LARGE:
        borders.forget((store, where))
    elif size == 0 and first != where.prefix:
        borders.put((store, where), [border for border in found if border != first])


def _rows(store: Store, where: Range, first: str, last: str, keys_only: bool, page: int) -> Iterator[Row]:
    cut = len(where.prefix)
    for row in rows.scan(store.catalog, str(where.project_id), first, last, keys_only=keys_only, page=page):
        yield row._replace(key=row.key[cut:])
