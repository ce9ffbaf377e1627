"""Suggestions for untagged images: a row each, two index rows by uncertainty, and one that says when it expires.

An iteration has one more row that changes with its suggestions, so that what is remembered of them is known to hold.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import NamedTuple
from uuid import UUID, uuid4

import msgspec

from shared.models.images import ImageRecord
from shared.models.suggestions import SortBy, Suggestion
from shared.storage.account import rows
from shared.storage.account.memory import Memory
from shared.storage.account.pages import Page, page
from shared.storage.account.rows import Row
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, RowExists, transact
from shared.storage.serving.predictions import BATCH, COPIED_LENGTH, inverted
from shared.storage.workspace import counts, images
from shared.storage.workspace.ranges import Range, walk

# Row keys of the index hold parts in 10^9.
UNSURE = 10**9
# So many index rows are read at once, or a page and one more.
PART = 128
# So many suggestions of a deleted iteration are deleted in one step: some seconds of work.
FORGOTTEN = 500

REMEMBERED = 4
REMEMBERED_SECONDS = 3_600.0

Keep = Callable[[Suggestion], bool]
IsOpen = Callable[[ImageRecord], bool]


class _Judged(NamedTuple):
    """Of images with suggestions, each tag's highest probability in the order of `tag_ids`; -1 where it has none."""

    state: str
    tag_ids: list[UUID]
    highest: "dict[str, array[float]]"


class _Likely(NamedTuple):
    """Of the untagged images, each tag's highest probabilities, the least first."""

    state: str
    revision: int
    ascending: "dict[UUID, array[float]]"


judged, likely = Memory(REMEMBERED, REMEMBERED_SECONDS), Memory(REMEMBERED, REMEMBERED_SECONDS)


def put(store: Store, suggestion: Suggestion) -> None:
    """The first suggestion of an iteration for an image stays: a model judges the same picture always alike."""
    doc = rows.encode(suggestion)
    copy = doc if len(doc) <= COPIED_LENGTH else ""
    least, most, own, since = _keys(suggestion)
    changes = [Change("insert", own, doc), Change("upsert", since), _turned(suggestion.suggested.iteration)]
    with suppress(RowExists):
        copies = [Change("upsert", key, copy) for key in (least, most)]
        transact(store.predictions, str(suggestion.suggested.project), [*changes, *copies])


def get_many(store: Store, project_id: UUID, iteration_id: UUID, image_ids: Iterable[UUID]) -> dict[UUID, Suggestion]:
    """By image; without those that are not there."""
    keys = [_own(iteration_id, image_id) for image_id in image_ids]
    found = [_suggestion(row.doc) for row in _read(store, project_id, keys) if row]
    return {suggestion.suggested.id: suggestion for suggestion in found}


def query(
    store: Store,
    project_id: UUID,
    iteration_id: UUID,
    sort_by: SortBy,
    *,
    keep: Keep,
    is_open: IsOpen,
    take: int,
    beyond: str = "",
) -> Page[Suggestion]:
    """Those that `keep` holds for, from beyond that place on. Those whose image is open no longer are deleted."""
    prefix = f"{'least' if sort_by is SortBy.UNCERTAINTY_ASCENDING else 'most'}:{iteration_id}:"
    first = max(prefix, f"{beyond}~" if beyond else "")
    found = rows.scan(store.predictions, str(project_id), first, rows.after_prefix(prefix), page=max(PART, take + 1))
    return page(_current(store, project_id, found, keep, is_open, take + 1), take)


def numbers(store: Store, project_id: UUID, iteration_id: UUID, threshold: float) -> dict[UUID, int]:
    """By tag: how many untagged images it is suggested for with that probability or more."""
    ascending = _ascending(store, project_id, iteration_id)
    return {tag_id: len(some) - bisect_left(some, threshold) for tag_id, some in ascending.items()}


def delete(store: Store, project_id: UUID, suggestions: Iterable[Suggestion]) -> None:
    doomed = list(suggestions)
    rows.delete_all(store.predictions, str(project_id), [key for each in doomed for key in _keys(each)])
    for iteration_id in {each.suggested.iteration for each in doomed}:
        transact(store.predictions, str(project_id), [_turned(iteration_id)])


def forget_iteration(store: Store, project_id: UUID, iteration_id: UUID) -> bool:
    """One step of deleting what an iteration suggested; repeat until it says True."""
    prefix = _own(iteration_id, "")
    found = rows.scan(store.predictions, str(project_id), prefix, rows.after_prefix(prefix), page=FORGOTTEN)
    doomed = [_suggestion(row.doc) for row in islice(found, FORGOTTEN)]
    delete(store, project_id, doomed)
    if len(doomed) < FORGOTTEN:
        rows.delete_all(store.predictions, str(project_id), [_turned(iteration_id).key])
    return len(doomed) < FORGOTTEN


def expire(store: Store, before: datetime) -> int:
    """Delete what was suggested before that time, in all projects; how many."""
    old = rows.scan_all(store.predictions, f"since:{inverted(before):013}", "since;")
    deleted = 0
    while batch := list(islice(old, BATCH)):
        list(store.bulk.map(lambda place: _expire(store, *place), batch))
        deleted += len(batch)
    return deleted


def _expire(store: Store, partition: str, since: str) -> None:
    iteration_id, image_id = since.split(":")[2:]
    row = rows.read(store.predictions, partition, _own(iteration_id, image_id))
    keys = _keys(_suggestion(row.doc)) if row else []
    rows.delete_all(store.predictions, partition, list(dict.fromkeys([*keys, since])))
    transact(store.predictions, partition, [_turned(iteration_id)])


def _ascending(store: Store, project_id: UUID, iteration_id: UUID) -> "dict[UUID, array[float]]":
    row = rows.read(store.predictions, str(project_id), _turned(iteration_id).key)
    state, revision = row.doc if row else "", counts.read(store, project_id).changes
    key = (store, project_id, iteration_id)
    known = likely.get(key)
    if isinstance(known, _Likely) and (known.state, known.revision) == (state, revision):
        return known.ascending
    found = judged.get(key)
    if not isinstance(found, _Judged) or found.state != state:
        found = _judge(store, project_id, iteration_id, state)
        judged.put(key, found)
    untagged = walk(store, (Range(project_id, "untagged:"),), keys_only=True)
    shown = [highest for row in untagged if (highest := found.highest.get(row.key))]
    columns = zip(*shown, strict=True) if shown else ()
    ascending = {
        tag_id: array("d", sorted(probability for probability in column if probability >= 0))
        for tag_id, column in zip(found.tag_ids, columns, strict=False)
    }
    likely.put(key, _Likely(state, revision, ascending))
    return ascending


def _judge(store: Store, project_id: UUID, iteration_id: UUID, state: str) -> _Judged:
    """Look through all that the iteration suggests."""
    prefix, places = _own(iteration_id, ""), dict[UUID, int]()
    highest: dict[str, array[float]] = {}
    for row in rows.scan(store.predictions, str(project_id), prefix, rows.after_prefix(prefix)):
        mine = highest[row.key[len(prefix) :]] = array("d", [-1.0] * len(places))
        for each in _suggestion(row.doc).suggested.predictions:
            at = places.setdefault(each.tag_id, len(places))
            mine.extend([-1.0] * (at + 1 - len(mine)))
            mine[at] = max(mine[at], each.probability)
    for some in highest.values():
        some.extend([-1.0] * (len(places) - len(some)))
    return _Judged(state, list(places), highest)


def _current(
    store: Store, project_id: UUID, index: Iterator[Row], keep: Keep, is_open: IsOpen, at_once: int
) -> Iterator[tuple[str, Suggestion | None]]:
    """The index rows with their suggestions, of which so many at once are held against the catalog."""
    while part := list(islice(index, at_once)):
        wanted = [(key, each) for key, each in _copied(store, project_id, part) if keep(each)]
        records = images.get_many(store, project_id, [each.suggested.id for _, each in wanted])
        still = {record.id for record in records if is_open(record)}
        delete(store, project_id, [each for _, each in wanted if each.suggested.id not in still])
        shown = {key: each for key, each in wanted if each.suggested.id in still}
        yield from ((row.key, shown.get(row.key)) for row in part)


def _copied(store: Store, project_id: UUID, part: Sequence[Row]) -> list[tuple[str, Suggestion]]:
    """The suggestions of index rows; those that carry no copy are read from their own rows."""
    bare = [row.key for row in part if not row.doc]
    read = _read(store, project_id, [_own(key.split(":")[1], key.split(":")[3]) for key in bare])
    docs = {key: row.doc for key, row in zip(bare, read, strict=True) if row}
    return [(row.key, _suggestion(doc)) for row in part if (doc := row.doc or docs.get(row.key))]


def _read(store: Store, project_id: UUID, keys: Iterable[str]) -> list[Row | None]:
    return list(store.threads.map(lambda key: rows.read(store.predictions, str(project_id), key), keys))


def _keys(suggestion: Suggestion) -> list[str]:
    """All rows of a suggestion: those of the index, its own, and last the one that an expiry begins with."""
    suggested = suggestion.suggested
    unsure = round(suggested.prediction_uncertainty * UNSURE)
    return [
        f"least:{suggested.iteration}:{unsure:010}:{suggested.id}",
        f"most:{suggested.iteration}:{UNSURE - unsure:010}:{suggested.id}",
        _own(suggested.iteration, suggested.id),
        f"since:{inverted(suggested.created):013}:{suggested.iteration}:{suggested.id}",
    ]


def _turned(iteration_id: UUID | str) -> Change:
    """What tells all who remember the iteration's suggestions that these are others now."""
    return Change("upsert", f"state:{iteration_id}", uuid4().hex)


def _own(iteration_id: UUID | str, image_id: UUID | str) -> str:
    return f"suggested:{iteration_id}:{image_id}"


def _suggestion(doc: str) -> Suggestion:
    return msgspec.json.decode(doc, type=Suggestion)
