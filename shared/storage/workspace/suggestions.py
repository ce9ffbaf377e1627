"""Suggestions for untagged images: a row each, two index rows by uncertainty, and one that says when it expires."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from uuid import UUID

import msgspec

from shared.models.images import ImageRecord
from shared.models.suggestions import SortBy, Suggestion
from shared.storage.account import rows
from shared.storage.account.pages import Page, page
from shared.storage.account.rows import Row
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, RowExists, transact
from shared.storage.serving.predictions import BATCH, COPIED_LENGTH, inverted
from shared.storage.workspace import images
from shared.storage.workspace.ranges import Range, walk

# Row keys of the index hold parts in 10^9.
UNSURE = 10**9
# So many index rows are read at once, or a page and one more.
PART = 128
# So many suggestions of a deleted iteration are deleted in one step: some seconds of work.
FORGOTTEN = 500

Keep = Callable[[Suggestion], bool]
IsOpen = Callable[[ImageRecord], bool]


def put(store: Store, suggestion: Suggestion) -> None:
    """The first suggestion of an iteration for an image stays: a model judges the same picture always alike."""
    doc = rows.encode(suggestion)
    copy = doc if len(doc) <= COPIED_LENGTH else ""
    least, most, own, since = _keys(suggestion)
    changes = [Change("insert", own, doc), Change("upsert", since)]
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


def each(store: Store, project_id: UUID, iteration_id: UUID) -> Iterator[Suggestion]:
    """Those whose images are untagged, in the order of the images: two walks side by side."""
    prefix = _own(iteration_id, "")
    untagged = (row.key for row in walk(store, (Range(project_id, "untagged:"),), keys_only=True))
    image_id = next(untagged, None)
    for row in rows.scan(store.predictions, str(project_id), prefix, rows.after_prefix(prefix)):
        wanted = row.key[len(prefix) :]
        while image_id is not None and image_id < wanted:
            image_id = next(untagged, None)
        if image_id == wanted:
            yield _suggestion(row.doc)


def delete(store: Store, project_id: UUID, suggestions: Iterable[Suggestion]) -> None:
    rows.delete_all(store.predictions, str(project_id), [key for each in suggestions for key in _keys(each)])


def forget_iteration(store: Store, project_id: UUID, iteration_id: UUID) -> bool:
    """One step of deleting what an iteration suggested; repeat until it says True."""
    prefix = _own(iteration_id, "")
    found = rows.scan(store.predictions, str(project_id), prefix, rows.after_prefix(prefix), page=FORGOTTEN)
    doomed = [_suggestion(row.doc) for row in islice(found, FORGOTTEN)]
    delete(store, project_id, doomed)
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


def _own(iteration_id: UUID | str, image_id: UUID | str) -> str:
    return f"suggested:{iteration_id}:{image_id}"


def _suggestion(doc: str) -> Suggestion:
    return msgspec.json.decode(doc, type=Suggestion)
