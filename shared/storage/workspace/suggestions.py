"""Suggestions for untagged images: pages by uncertainty, how many there are, and their end."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from shared.models.images import ImageRecord
from shared.models.suggestions import SortBy, Suggestion
from shared.storage.account import rows
from shared.storage.account.pages import Page, page
from shared.storage.account.rows import Row
from shared.storage.account.store import Store
from shared.storage.account.transactions import LIMIT, Change, RowExists, transact
from shared.storage.serving.predictions import BATCH, COPIED_LENGTH, inverted
from shared.storage.workspace import images, scores
from shared.storage.workspace.scores import Scores
from shared.storage.workspace.suggestion_rows import all_of, decode, keys, own

# So many suggestions are written in one transaction, with five rows each.
PACK = LIMIT // 5
# So many index rows are read at once, or a page and one more.
PART = 128
# So many suggestions of a deleted iteration are deleted in one step: some seconds of work.
FORGOTTEN = 500

Keep = Callable[[Suggestion], bool]
IsOpen = Callable[[ImageRecord], bool]


def put(store: Store, project_id: UUID, iteration_id: UUID, suggestions: Sequence[Suggestion]) -> None:
    """The first suggestion of an iteration for an image stays: a model judges the same picture always alike."""

    def write(pack: Sequence[Suggestion]) -> None:
        try:
            transact(store.predictions, str(project_id), [change for each in pack for change in _changes(each)])
        except RowExists:
            for each in pack if len(pack) > 1 else ():
                write([each])

    for start in range(0, len(suggestions), PACK):
        write(suggestions[start : start + PACK])
    scores.settle(store, project_id, iteration_id, len(suggestions))


def get_many(store: Store, project_id: UUID, iteration_id: UUID, image_ids: Iterable[UUID]) -> dict[UUID, Suggestion]:
    """By image; without those that are not there."""
    read = _rows(store, project_id, [own(iteration_id, image_id) for image_id in image_ids])
    found = [decode(row.doc) for row in read if row]
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
    known = scores.read(store, project_id, iteration_id)
    found = rows.scan(store.predictions, str(project_id), first, rows.after_prefix(prefix), page=max(PART, take + 1))
    return page(_current(store, project_id, found, keep, is_open, known, take + 1), take)


def numbers(store: Store, project_id: UUID, iteration_id: UUID, threshold: float) -> dict[UUID, int]:
    """By tag: how many untagged images it is suggested for with that probability or more."""
    return scores.read(store, project_id, iteration_id).numbers(threshold)


def delete(store: Store, project_id: UUID, suggestions: Iterable[Suggestion]) -> None:
    """First for the scores: what is cut off then is found here, and deleted, again."""
    doomed = list(suggestions)
    gone = [scores.change(each.suggested.iteration, each.suggested.id, None) for each in doomed]
    for start in range(0, len(gone), LIMIT):
        transact(store.predictions, str(project_id), gone[start : start + LIMIT])
    rows.delete_all(store.predictions, str(project_id), [key for each in doomed for key in keys(each)])


def forget_iteration(store: Store, project_id: UUID, iteration_id: UUID) -> bool:
    """One step of deleting what an iteration suggested; repeat until it says True."""
    doomed = list(islice(all_of(store, project_id, iteration_id), FORGOTTEN))
    rows.delete_all(store.predictions, str(project_id), [key for each in doomed for key in keys(each)])
    if len(doomed) < FORGOTTEN:
        scores.forget(store, project_id, iteration_id)
    return len(doomed) < FORGOTTEN


def expire(store: Store, before: datetime) -> int:
    """Delete what was suggested before that time, in all projects; how many."""
    old = rows.scan_all(store.predictions, f"since:{inverted(before):013}", "since;")
    deleted = 0
    while batch := list(islice(old, BATCH)):
        list(store.bulk.map(lambda place: _expire(store, *place), batch))
        deleted += len(batch)
    return deleted


def _changes(suggestion: Suggestion) -> list[Change]:
    suggested, (least, most, mine, since) = suggestion.suggested, keys(suggestion)
    doc = rows.encode(suggestion)
    copy = doc if len(doc) <= COPIED_LENGTH else ""
    return [
        Change("insert", mine, doc),
        *(Change("upsert", key, copy) for key in (least, most)),
        Change("upsert", since),
        scores.change(suggested.iteration, suggested.id, suggested.predictions),
    ]


def _expire(store: Store, partition: str, since: str) -> None:
    iteration_id, image_id = map(UUID, since.split(":")[2:])
    transact(store.predictions, partition, [scores.change(iteration_id, image_id, None)])
    row = rows.read(store.predictions, partition, own(iteration_id, image_id))
    doomed = keys(decode(row.doc)) if row else []
    rows.delete_all(store.predictions, partition, list(dict.fromkeys([*doomed, since])))
    scores.settle(store, UUID(partition), iteration_id, 1)


def _current(
    store: Store, project_id: UUID, index: Iterator[Row], keep: Keep, is_open: IsOpen, known: Scores, at_once: int
) -> Iterator[tuple[str, Suggestion | None]]:
    """The index rows with those of their suggestions that `keep` holds for and whose images are open."""
    while part := list(islice(index, at_once)):
        wanted = [(key, each) for key, each in _copied(store, project_id, part) if keep(each)]
        tagged = [each.suggested.id for _, each in wanted if not known.is_untagged(each.suggested.id)]
        still = {record.id for record in images.get_many(store, project_id, tagged) if is_open(record)}
        closed = set(tagged) - still
        delete(store, project_id, [each for _, each in wanted if each.suggested.id in closed])
        shown = {key: each for key, each in wanted if each.suggested.id not in closed}
        yield from ((row.key, shown.get(row.key)) for row in part)


def _copied(store: Store, project_id: UUID, part: Sequence[Row]) -> list[tuple[str, Suggestion]]:
    """The suggestions of index rows; those that carry no copy are read from their own rows."""
    bare = [row.key for row in part if not row.doc]
    read = _rows(store, project_id, [own(key.split(":")[1], key.split(":")[3]) for key in bare])
    docs = {key: row.doc for key, row in zip(bare, read, strict=True) if row}
    return [(row.key, decode(doc)) for row in part if (doc := row.doc or docs.get(row.key))]


def _rows(store: Store, project_id: UUID, wanted: Iterable[str]) -> list[Row | None]:
    return list(store.threads.map(lambda key: rows.read(store.predictions, str(project_id), key), wanted))
