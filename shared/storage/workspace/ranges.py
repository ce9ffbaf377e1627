"""Walks through ranges of index rows in both directions, and what is remembered to jump into them."""

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, islice
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from shared.models.images import ImageRecord
from shared.storage.account import rows
from shared.storage.account.memory import Memory
from shared.storage.account.rows import Row
from shared.storage.account.store import Store
from shared.storage.workspace import counts
from shared.storage.workspace.counts import Revision

# Long ranges are known in blocks of so many ids, between borders that one scan found.
BLOCK = 256
LARGE = 4 * BLOCK
# Looking at each changed block again is quicker than at all of them, where no more than this part has changed.
CHANGED = 1 / 4
REMEMBERED = 64
REMEMBERED_SECONDS = 24 * 3600.0
# Follows every character of an id.
END = "~"
ALL = "image:"


class Range(NamedTuple):
    """The rows of a project whose keys are the prefix and an image id."""

    project_id: UUID
    prefix: str


# The ids with first <= id < last.
Ids = Callable[[str, str], Iterator[str]]
# A predicate that can be compared and hashed, so that what is remembered of a view is found again.
Keep = Callable[[ImageRecord], bool]


class View(NamedTuple):
    """The images of merged ranges that `keep` holds for."""

    ranges: tuple[Range, ...]
    keep: Keep | None = None

    @property
    def project_id(self) -> UUID:
        return self.ranges[0].project_id


class Borders(NamedTuple):
    """Where the blocks of a view began at a revision of the project."""

    revision: Revision
    firsts: list[str]
    """The first id of every block; of the first block, which begins before all ids, ""."""
    ranks: list[int]
    """How many ids come before each block."""
    size: int
    """How many ids there were."""


# Old ones serve as well: they are compared with the project, or corrected on the way.
borders = Memory(REMEMBERED, REMEMBERED_SECONDS)


def walk(
    store: Store,
    ranges: tuple[Range, ...],
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
        return _backwards(store, ranges, beyond or END, keys_only)
    return between(store, ranges, f"{beyond}{END}" if beyond else "", END, keys_only=keys_only, page=page)


def between(
    store: Store, ranges: tuple[Range, ...], first: str, last: str, *, keys_only: bool = False, page: int = rows.PAGE
) -> Iterator[Row]:
    """The same with first <= id < last."""
    walks = [_rows(store, where, first, last, keys_only, page) for where in ranges]
    previous = None
    for row in heapq.merge(*walks, key=attrgetter("key")):
        if row.key != previous:
            yield row
        previous = row.key


def locate(store: Store, view: View, ids: Ids, skip: int, *, backwards: bool = False) -> str | None:
    """The id that a walk comes to as its `skip`th; None beyond the end. Reads the ids of one block at most."""
    found = _exact(store, view, ids)
    rank = found.size - skip if backwards else skip - 1
    if not 0 <= rank < found.size:
        return None
    block = bisect_right(found.ranks, rank) - 1
    first, last = [*found.firsts, END][block : block + 2]
    return next(islice(ids(first, last), rank - found.ranks[block], None), None)


def size(store: Store, view: View, ids: Ids) -> int:
    """How many images the view has."""
    return _exact(store, view, ids).size


def keys(store: Store, ranges: tuple[Range, ...]) -> Ids:
    """Those of all images of the ranges."""

    def ids(first: str, last: str) -> Iterator[str]:
        return (row.key for row in between(store, ranges, first, last, keys_only=True))

    return ids


def _backwards(store: Store, ranges: tuple[Range, ...], last: str, keys_only: bool) -> Iterator[Row]:
    """A table reads forwards only, so blocks are read forwards and yielded in reverse, from the last one on.

    Rows that came or went since their borders were found make blocks larger or smaller, never wrong.
    """
    view = View(ranges)
    found = borders.get((store, view))
    firsts = (found if isinstance(found, Borders) else _survey(store, view, keys(store, ranges))).firsts
    for first in reversed(firsts[: bisect_left(firsts, last)]):
        block = list(between(store, ranges, first, last, keys_only=keys_only))
        _correct(store, view, first, len(block))
        yield from reversed(block)
        last = first


def _exact(store: Store, view: View, ids: Ids) -> Borders:
    """Borders as they are now."""
    found = borders.get((store, view))
    if not isinstance(found, Borders):
        return _survey(store, view, ids)
    now, turned = counts.turned(store, view.project_id, found.revision)
    if now.changes == found.revision.changes:
        return found
    changed = {bisect_right(found.firsts, image_id) - 1 for image_id in turned or ()}
    if turned is None or len(changed) > CHANGED * len(found.firsts):
        return _survey(store, view, ids)
    mended = _mended(found, changed, ids, now)
    borders.put((store, view), mended)
    return mended


def _mended(found: Borders, changed: set[int], ids: Ids, now: Revision) -> Borders:
    """The same after another look at the changed blocks."""
    ends, totals = [*found.firsts[1:], END], [*found.ranks[1:], found.size]
    blocks = list[tuple[str, int]]()
    for at, first in enumerate(found.firsts):
        if at in changed:
            blocks += _blocks(first, list(ids(first, ends[at])))
        else:
            blocks.append((first, totals[at] - found.ranks[at]))
    firsts = ["", *(first for first, _ in blocks[1:])]
    *ranks, size = accumulate((size for _, size in blocks), initial=0)
    return Borders(now, firsts, ranks or [0], size)


def _blocks(first: str, ids: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Where the blocks of these ids begin, the first of them at `first`, and how many ids each has."""
    step = BLOCK if len(ids) > 2 * BLOCK else max(1, len(ids))
    for at in range(0, len(ids), step):
        yield ids[at] if at else first, min(step, len(ids) - at)


def _survey(store: Store, view: View, ids: Ids) -> Borders:
    """Find borders by a scan of all ids, and remember them."""
    # Read first: a change during the scan makes what was found outdated.
    revision = counts.revision(store, view.project_id)
    firsts, number = [""], 0
    for number, image_id in enumerate(ids("", END), 1):
        if number % BLOCK == 1 and number > 1:
            firsts.append(image_id)
    found = Borders(revision, firsts, [at * BLOCK for at in range(len(firsts))], number)
    borders.put((store, view), found)
    return found


def _correct(store: Store, view: View, first: str, size: int) -> None:
    """Forget a block that has become empty, and all of them when one has become large."""
    found = borders.get((store, view))
    if not isinstance(found, Borders):
        return
    if size > LARGE:
        borders.forget((store, view))
    elif size == 0 and first in found.firsts[1:]:
        at = found.firsts.index(first)
        firsts, ranks = ([*held[:at], *held[at + 1 :]] for held in (found.firsts, found.ranks))
        borders.put((store, view), Borders(found.revision, firsts, ranks, found.size))


def _rows(store: Store, where: Range, first: str, last: str, keys_only: bool, page: int) -> Iterator[Row]:
    partition, cut = str(where.project_id), len(where.prefix)
    found = rows.scan(
        store.catalog, partition, where.prefix + first, where.prefix + last, keys_only=keys_only, page=page
    )
    return (row._replace(key=row.key[cut:]) for row in found)
