"""Suggestions for untagged images: pages by uncertainty, how many there are, and their end.

A suggestion stays until it expires or its iteration goes. It is shown and counted while its image has no tag.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from datetime import datetime
from itertools import islice
from typing import NamedTuple
from uuid import UUID

import numpy as np

from shared.models.labelling.suggestions import SortBy, Suggestion
from shared.models.workspace.images import TaggingStatus
from shared.storage.account import rows
from shared.storage.account.pages import Page
from shared.storage.account.rows import COPIED_LENGTH, Row, inverted
from shared.storage.account.store import Store
from shared.storage.account.transactions import LIMIT, Change, RowExists, transact
from shared.storage.columns import snapshot
from shared.storage.columns.ids import Flags, Ids, among, uuids
from shared.storage.columns.scores import Score, Scores, name
from shared.storage.columns.snapshot import Place
from shared.storage.workspace import catalog

# So many suggestions are written in one transaction, with four rows each.
PACK = LIMIT // 4
# A page is read as one range where that has no more than so many rows for each suggestion that is shown.
SPARSE = 12
# Sorts after all names.
END = "~"
# So many suggestions of a deleted iteration are deleted in one step: some seconds of work.
FORGOTTEN = 500
# So many expired suggestions are found, then deleted, before more are looked for.
BATCH = 256


class Wanted(NamedTuple):
    """Suggestions of one of the tags with that probability or more."""

    tag_ids: Set[UUID]
    threshold: float


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
    snapshot.tidy(store, *_kept(store, project_id, iteration_id), len(suggestions))


def get_many(store: Store, project_id: UUID, iteration_id: UUID, image_ids: Iterable[UUID]) -> dict[UUID, Suggestion]:
    """By image; without those that are not there."""

    def read(image_id: UUID) -> Row | None:
        return rows.read(store.predictions, str(project_id), _own(iteration_id, image_id))

    found = [row.decode(Suggestion) for row in store.threads.map(read, image_ids) if row]
    return {suggestion.suggested.id: suggestion for suggestion in found}


def query(
    store: Store, project_id: UUID, iteration_id: UUID, sort_by: SortBy, wanted: Wanted, *, take: int, beyond: str = ""
) -> Page[Suggestion]:
    """Those beyond the place of another page, which is the name of its last suggestion."""
    scores = snapshot.read(store, *_kept(store, project_id, iteration_id))
    # The images are looked at after the scores, so that none is missing that came before its suggestion.
    found = scores.likely(wanted.tag_ids, wanted.threshold) & _untagged(store, project_id, scores.ids)
    order = scores.by_uncertainty()
    if sort_by is SortBy.UNCERTAINTY_ASCENDING:
        order = order[bisect_right(order, beyond, key=scores.name) :]
    else:
        order = order[: bisect_left(order, beyond or END, key=scores.name)][::-1]
    ranks = np.flatnonzero(found[order])[: take + 1].tolist()
    names = [scores.name(order[rank]) for rank in ranks[:take]]
    shown = _shown(store, project_id, iteration_id, names, close=bool(ranks) and ranks[-1] - ranks[0] < SPARSE * take)
    return Page(shown, names[-1] if len(ranks) > take else None)


def likely(store: Store, project_id: UUID, iteration_id: UUID, wanted: Wanted) -> list[UUID]:
    """The untagged images that one of the tags is suggested for with that probability or more."""
    scores = snapshot.read(store, *_kept(store, project_id, iteration_id))
    found = scores.likely(wanted.tag_ids, wanted.threshold) & _untagged(store, project_id, scores.ids)
    return uuids(scores.ids[found])


def numbers(store: Store, project_id: UUID, iteration_id: UUID, threshold: float) -> dict[UUID, int]:
    """By tag: how many untagged images it is suggested for with that probability or more."""
    scores = snapshot.read(store, *_kept(store, project_id, iteration_id))
    return scores.numbers(threshold, _untagged(store, project_id, scores.ids))


def forget_iteration(store: Store, project_id: UUID, iteration_id: UUID) -> bool:
    """One step of deleting what an iteration suggested; repeat until it says True."""
    doomed = list(islice(all_of(store, project_id, iteration_id), FORGOTTEN))
    rows.delete_all(store.predictions, str(project_id), [key for each in doomed for key in _keys(each)])
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


def all_of(store: Store, project_id: UUID, iteration_id: UUID) -> Iterator[Suggestion]:
    """Lazily; those for images that have tags too."""
    found = rows.starting(store.predictions, str(project_id), _own(iteration_id, ""))
    return (row.decode(Suggestion) for row in found)


def _own(iteration_id: UUID, image_id: UUID | str) -> str:
    return f"suggested:{iteration_id}:{image_id}"


def _keys(suggestion: Suggestion) -> tuple[str, str, str]:
    """All rows of a suggestion: its own, the copy by uncertainty, and last the one that an expiry begins with."""
    suggested = suggestion.suggested
    return (
        _own(suggested.iteration, suggested.id),
        f"least:{suggested.iteration}:{name(Score.of(suggested).unsure, suggested.id)}",
        f"since:{inverted(suggested.created):013}:{suggested.iteration}:{suggested.id}",
    )


def _changes(suggestion: Suggestion) -> list[Change]:
    suggested, (own, copy, since) = suggestion.suggested, _keys(suggestion)
    doc = rows.encode(suggestion)
    return [
        Change("insert", own, doc),
        Change("upsert", copy, doc if len(doc) <= COPIED_LENGTH else ""),
        Change("upsert", since),
        Change("upsert", f"{_log(suggested.iteration)}{suggested.id}", rows.encode(Score.of(suggested))),
    ]


def _shown(
    store: Store, project_id: UUID, iteration_id: UUID, names: Sequence[str], *, close: bool
) -> list[Suggestion]:
    """The suggestions of these names, which are in order: from one range of copies, or one by one."""
    ids = {f"least:{iteration_id}:{name}": UUID(name.split(":")[1]) for name in names}
    first, last = min(ids, default=""), max(ids, default="")
    copies = rows.scan(store.predictions, str(project_id), first, f"{last}~") if close else ()
    found = {ids[row.key]: row.decode(Suggestion) for row in copies if row.doc and row.key in ids}
    found |= get_many(store, project_id, iteration_id, [image_id for image_id in ids.values() if image_id not in found])
    return [found[image_id] for image_id in ids.values() if image_id in found]


def _expire(store: Store, partition: str, since: str) -> None:
    iteration_id, image_id = map(UUID, since.split(":")[2:])
    row = rows.read(store.predictions, partition, _own(iteration_id, image_id))
    # First in the log: what is cut off then is found here, and deleted, again.
    transact(store.predictions, partition, [Change("upsert", f"{_log(iteration_id)}{image_id}")])
    doomed = _keys(row.decode(Suggestion)) if row else ()
    rows.delete_all(store.predictions, partition, list(dict.fromkeys([*doomed, since])))
    snapshot.tidy(store, *_kept(store, UUID(partition), iteration_id), 1)


def _kept(store: Store, project_id: UUID, iteration_id: UUID) -> tuple[Place[Scores], Callable[[], Scores]]:
    """Where the scores of an iteration are kept, and how they are made of its suggestions where they are not."""
    folder = f"{project_id}/{iteration_id}/"
    place = Place(Scores, store.predictions, str(project_id), _log(iteration_id), "predictions", folder)

    def build() -> Scores:
        found = (each.suggested for each in all_of(store, project_id, iteration_id))
        return Scores().with_changes({each.id: Score.of(each) for each in found})

    return place, build


def _log(iteration_id: UUID) -> str:
    return f"score:{iteration_id}:"


def _untagged(store: Store, project_id: UUID, ids: Ids) -> Flags:
    """Which of the images are there without a tag."""
    columns = catalog.read(store, project_id).columns
    return among(ids, columns.ids, columns.having(TaggingStatus.UNTAGGED))
