"""Suggestions for untagged images: pages by uncertainty, how many there are, and their end."""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from shared.errors import ServiceError
from shared.models.labelling.suggestions import SortBy, Suggestion
from shared.models.serving.predictions import Prediction
from shared.models.workspace.images import TaggingStatus
from shared.storage.account import rows
from shared.storage.account.pages import Page, page
from shared.storage.account.rows import COPIED_LENGTH, Row, inverted
from shared.storage.account.store import Store
from shared.storage.account.transactions import LIMIT, Change, RowExists, transact
from shared.storage.columns import snapshot
from shared.storage.columns.ids import NOWHERE, Flags, Ids, among, find, ids_of
from shared.storage.columns.scores import Scores, highest_of
from shared.storage.columns.snapshot import Place
from shared.storage.workspace import catalog
from shared.storage.workspace.suggestion_rows import all_of, decode, keys, own

# So many suggestions are written in one transaction, with five rows each.
PACK = LIMIT // 5
# So many index rows are read at once, or a page and one more.
PART = 128
# Where no more than this part of the suggestions is asked for, they are read one by one.
RARE = 1 / 12
# So many suggestions of a deleted iteration are deleted in one step: some seconds of work.
FORGOTTEN = 500
# So many expired suggestions are found, then deleted, before more are looked for.
BATCH = 256


class Wanted(NamedTuple):
    """Suggestions of one of the tags with that probability or more."""

    tag_ids: Set[UUID]
    threshold: float

    def shows(self, suggestion: Suggestion) -> bool:
        found = suggestion.suggested.predictions
        return any(each.tag_id in self.tag_ids and each.probability >= self.threshold for each in found)


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
    _settle(store, project_id, iteration_id, len(suggestions))


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
    wanted: Wanted,
    *,
    take: int,
    beyond: str = "",
) -> Page[Suggestion]:
    """From beyond that place on. Those whose image is not untagged any longer are deleted."""
    scores = snapshot.read(store, *_kept(store, project_id, iteration_id))
    likely = scores.likely(wanted.tag_ids, wanted.threshold)
    rare = bool(likely.sum() < RARE * scores.size)
    prefix = f"{'least' if sort_by is SortBy.UNCERTAINTY_ASCENDING else 'most'}:{iteration_id}:"
    first = max(prefix, f"{beyond}~" if beyond else "")
    size = rows.PAGE if rare else max(PART, take + 1)
    index = rows.scan(store.predictions, str(project_id), first, rows.after_prefix(prefix), keys_only=rare, page=size)
    # In larger parts than are shown, as few of them may be likely.
    found = _among(index, scores.ids, likely, rows.PAGE if rare else PART)
    return page(_current(store, project_id, found, wanted, take + 1), take)


def numbers(store: Store, project_id: UUID, iteration_id: UUID, threshold: float) -> dict[UUID, int]:
    """By tag: how many untagged images it is suggested for with that probability or more."""
    scores = snapshot.read(store, *_kept(store, project_id, iteration_id))
    return scores.numbers(threshold, _untagged(store, project_id, scores.ids))


def delete(store: Store, project_id: UUID, suggestions: Iterable[Suggestion]) -> None:
    """First in the log: what is cut off then is found here, and deleted, again."""
    doomed = list(suggestions)
    gone = [_logged(each.suggested.iteration, each.suggested.id, None) for each in doomed]
    for start in range(0, len(gone), LIMIT):
        transact(store.predictions, str(project_id), gone[start : start + LIMIT])
    rows.delete_all(store.predictions, str(project_id), [key for each in doomed for key in keys(each)])


def forget_iteration(store: Store, project_id: UUID, iteration_id: UUID) -> bool:
    """One step of deleting what an iteration suggested; repeat until it says True."""
    doomed = list(islice(all_of(store, project_id, iteration_id), FORGOTTEN))
    rows.delete_all(store.predictions, str(project_id), [key for each in doomed for key in keys(each)])
    if len(doomed) < FORGOTTEN:
        snapshot.forget(store, _kept(store, project_id, iteration_id)[0])
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
        _logged(suggested.iteration, suggested.id, suggested.predictions),
    ]


def _expire(store: Store, partition: str, since: str) -> None:
    iteration_id, image_id = map(UUID, since.split(":")[2:])
    transact(store.predictions, partition, [_logged(iteration_id, image_id, None)])
    row = rows.read(store.predictions, partition, own(iteration_id, image_id))
    doomed = keys(decode(row.doc)) if row else []
    rows.delete_all(store.predictions, partition, list(dict.fromkeys([*doomed, since])))
    _settle(store, UUID(partition), iteration_id, 1)


def _kept(store: Store, project_id: UUID, iteration_id: UUID) -> tuple[Place[Scores], Callable[[], Scores]]:
    """Where the scores of an iteration are kept, and how they are made of its suggestions where they are not."""
    folder, prefix = f"{project_id}/{iteration_id}/", _log(iteration_id)
    place = Place(Scores, store.predictions, str(project_id), prefix, "predictions", folder)

    def build() -> Scores:
        found = (each.suggested for each in all_of(store, project_id, iteration_id))
        return Scores().with_changes({each.id: highest_of(each.predictions) for each in found})

    return place, build


def _settle(store: Store, project_id: UUID, iteration_id: UUID, number: int) -> None:
    place, build = _kept(store, project_id, iteration_id)
    snapshot.settle(store, place, number, build)


def _log(iteration_id: UUID) -> str:
    return f"scores:{iteration_id}:"


def _logged(iteration_id: UUID, image_id: UUID, predictions: Iterable[Prediction] | None) -> Change:
    """What a transaction that writes or (None) deletes a suggestion has to do besides."""
    doc = "" if predictions is None else rows.encode(highest_of(predictions))
    return Change("upsert", f"{_log(iteration_id)}{image_id}", doc)


def _untagged(store: Store, project_id: UUID, ids: Ids) -> Flags:
    """Which of the images are there without a tag."""
    columns = catalog.read(store, project_id).columns
    return among(ids, columns.ids, columns.having(TaggingStatus.UNTAGGED))


def _among(index: Iterator[Row], ids: Ids, likely: Flags, at_once: int) -> Iterator[Row]:
    """The index rows of likely images, and those that are not among the ids, as they have come since."""
    while part := list(islice(index, at_once)):
        places = find(ids, ids_of(UUID(_image_id(row.key)) for row in part)).tolist()
        yield from (row for row, at in zip(part, places, strict=True) if at == NOWHERE or likely[at])


def _current(
    store: Store, project_id: UUID, index: Iterator[Row], wanted: Wanted, at_once: int
) -> Iterator[tuple[str, Suggestion | None]]:
    """The index rows with those of their suggestions that are wanted."""
    while part := list(islice(index, at_once)):
        likely = [(key, each) for key, each in _copied(store, project_id, part) if wanted.shows(each)]
        # Looked at after the suggestions, so that no image is missing that came before its suggestion.
        still = _untagged(store, project_id, ids_of(each.suggested.id for _, each in likely)).tolist()
        closed = [each for (_, each), is_open in zip(likely, still, strict=True) if not is_open]
        # Whoever comes by next finds what is left.
        with suppress(ServiceError):
            delete(store, project_id, closed)
        shown = {key: each for (key, each), is_open in zip(likely, still, strict=True) if is_open}
        yield from ((row.key, shown.get(row.key)) for row in part)


def _copied(store: Store, project_id: UUID, part: Sequence[Row]) -> list[tuple[str, Suggestion]]:
    """The suggestions of index rows; those that carry no copy are read from their own rows."""
    bare = [row.key for row in part if not row.doc]
    read = _rows(store, project_id, [own(key.split(":")[1], _image_id(key)) for key in bare])
    docs = {key: row.doc for key, row in zip(bare, read, strict=True) if row}
    return [(row.key, decode(doc)) for row in part if (doc := row.doc or docs.get(row.key))]


def _image_id(index_key: str) -> str:
    return index_key.split(":")[3]


def _rows(store: Store, project_id: UUID, wanted: Iterable[str]) -> list[Row | None]:
    return list(store.threads.map(lambda key: rows.read(store.predictions, str(project_id), key), wanted))
