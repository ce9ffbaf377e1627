"""What a process knows of how a project's images look, as of now: what is new is read, and what lacks is asked for."""

import time
from collections.abc import Sequence
from math import inf
from threading import Lock
from typing import NamedTuple, cast
from uuid import UUID

import numpy as np

from shared.arrays import Halves, Ints
from shared.learning.live import basis
from shared.learning.live.basis import Basis
from shared.models.messages.tasks import EmbedImages
from shared.models.workspace.images import image_id_at
from shared.operations.labelling.embedding import View
from shared.storage.account import blobs, queues
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.columns.ids import Ids, find, ids_of, uuids
from shared.storage.training import embeddings
from shared.storage.training import points as stored_points
from shared.storage.training.points import DIGEST, Digests, Points
from shared.storage.workspace import images as stored_images

# Up to so many embeddings the axes are made anew with each: they are few, and what is new may lie off them. From then
# on they are made again where embeddings have doubled, and kept for other processes.
FEW = 512
# So many new embeddings are worth writing all of them.
WRITTEN = 1_024
# So many bytes of embeddings, of some thousand images, are read while somebody waits.
AT_ONCE = 32 * 2**20
# So many images are looked up while somebody waits, who waits so many seconds for another's reading.
LOOKED_UP, PATIENCE = 5_000, 2.0
# Images that are so old should have been looked at; so many are asked for in one message, and again after so long.
OVERDUE, ASKED, AGAIN = 120.0, 1_000, 600.0
# A process keeps so many bytes of points.
REMEMBERED, REMEMBERED_SECONDS = 256 * 2**20, 3_600.0


class KnownPoints(NamedTuple):
    """Points, the row of each image among them, and what of them is in storage."""

    points: Points
    rows: Ints
    etag: str = ""
    written: int = 0
    # Whether there is more to read than somebody who waits for an answer should wait for.
    behind: bool = False

    def of(self, points: Points) -> "KnownPoints":
        """To find the rows takes a while where there are many."""
        return self if points is self.points else self._replace(points=points, rows=points.rows)


NOTHING = KnownPoints(Points(), np.empty(0, np.int64))

remembered = Memory(REMEMBERED, REMEMBERED_SECONDS, lambda known: cast(KnownPoints, known).points.nbytes)
asked = Memory(10_000, AGAIN)
locks = Memory(10_000, REMEMBERED_SECONDS)


def look(store: Store, project_id: UUID, view: View, ids: Ids, most: float = AT_ONCE) -> KnownPoints:
    """Those of these images, in their order. One thread at a time reads for a project, and others share it.

    No more than so many bytes of embeddings are read: with more, or while another thread reads more, it is what was
    known before, or what others have kept.
    """
    key = store, project_id, view.space
    lock, waits = locks.once(key, Lock), most < inf
    if not lock.acquire(timeout=PATIENCE if waits else -1):
        return _meanwhile(cast(KnownPoints | None, remembered.get(key)) or NOTHING, ids)
    try:
        known = cast(KnownPoints | None, remembered.get(key)) or _stored(store, project_id, view.space, NOTHING)
        if waits and _many_new(known, ids):
            known = _stored(store, project_id, view.space, known)
        if waits and _many_new(known, ids):
            remembered.put(key, known)
            return _meanwhile(known, ids)
        known = known.of(_of_images(store, project_id, known.points, ids))
        if (known.rows < 0).any():
            known = _grown(store, project_id, view.space, known, most)
        remembered.put(key, known)
    finally:
        lock.release()
    return known


def ask_for(store: Store, project_id: UUID, known: KnownPoints) -> None:
    """Have those looked at that nobody has looked at in time, each once in a while."""
    if known.behind:
        # Until all that there is was read, nobody knows what lacks. Without images it is read, and kept for all.
        if asked.get((store, project_id)) is None:
            asked.put((store, project_id), True)
            queues.send(store, EmbedImages(project_id, []))
        return
    oldest = ids_of([image_id_at(time.time_ns() - round(OVERDUE * 1e9))])
    lacking = known.points.ids[(known.rows < 0) & (known.points.ids > oldest)]
    key = store, project_id, "images"
    before = cast(Ids | None, asked.get(key))
    new = lacking if before is None else lacking[find(before, lacking) < 0]
    if len(new):
        asked.put(key, new if before is None else np.sort(np.concatenate([before, new])))
        image_ids = uuids(new)
        parts = [image_ids[at : at + ASKED] for at in range(0, len(image_ids), ASKED)]
        list(store.threads.map(lambda part: queues.send(store, EmbedImages(project_id, part)), parts))


def _of_images(store: Store, project_id: UUID, points: Points, ids: Ids) -> Points:
    """With the contents of images that came, and without those that went."""
    if np.array_equal(points.ids, ids):
        return points
    new = uuids(ids[find(points.ids, ids) < 0])
    parts = (new[at : at + LOOKED_UP] for at in range(0, len(new), LOOKED_UP))
    found = {record.id: record.sha256 for part in parts for record in stored_images.get_many(store, project_id, part)}
    # One that was deleted since has no content, and is never found among the embeddings.
    contents = _digests([found.get(image_id, "") for image_id in new])
    return points.of_images(find(ids, points.ids) >= 0, ids_of(new), contents)


def _grown(store: Store, project_id: UUID, space: str, known: KnownPoints, most: float) -> KnownPoints:
    """With what was embedded since."""
    sizes = embeddings.sizes(store, project_id, space)
    names, new = sorted(sizes), [name for name in sorted(sizes) if name not in known.points.read]
    if sum(sizes[name] for name in new) > most:
        others = _of_others(store, project_id, space, known)
        return others._replace(behind=not others.points.read.issuperset(names))
    known = known._replace(behind=False)
    if not new:
        return known
    grown = known.of(_with(store, known.points, new)) if known.points.made_of >= FEW else known
    if _outgrown(grown.points):
        return _made_anew(store, project_id, space, grown, names)
    return _written(store, project_id, space, grown)


def _outgrown(points: Points) -> bool:
    """Whether there is so much more than the axes were made of."""
    made_of = points.made_of
    return made_of < FEW or (made_of < basis.EXAMPLES and len(points.digests) >= 2 * made_of)


def _made_anew(store: Store, project_id: UUID, space: str, known: KnownPoints, names: Sequence[str]) -> KnownPoints:
    """By axes that another process has made, or else by new ones: all processes shall see alike."""
    others = _of_others(store, project_id, space, known)
    if others.points.made_of > known.points.made_of:
        grown = others.of(_with(store, others.points, [name for name in names if name not in others.points.read]))
        if not _outgrown(grown.points):
            return _written(store, project_id, space, grown)
    found = _basis(store, names)
    empty = Points(known.points.ids, known.points.contents, mean=found.basis.mean, axes=found.basis.axes)
    points = _with(store, empty._replace(made_of=found.made_of), names)
    return _written(store, project_id, space, KnownPoints(points, points.rows, others.etag))


class _Made(NamedTuple):
    basis: Basis
    made_of: int


def _basis(store: Store, names: Sequence[str]) -> _Made:
    """Of all embeddings, or as many as it takes; in the order of their keys, so that all who make it make the same."""
    vectors: dict[str, Halves] = {}
    for name in names:
        vectors |= embeddings.read(store, name)
        if len(vectors) >= basis.EXAMPLES:
            break
    some = np.stack([vectors[key] for key in sorted(vectors)[: basis.EXAMPLES]])
    # What they were read of is several times as much.
    del vectors
    return _Made(Basis.of(some), len(some))


def _with(store: Store, points: Points, names: Sequence[str]) -> Points:
    """With the embeddings of these blobs along its axes; of several blobs one after the other, as they are large."""
    axes = Basis(points.mean, points.axes)

    def of(name: str) -> tuple[Digests, Halves]:
        table = embeddings.read_table(store, name)
        return _digests(table.keys), axes.points(table.vectors)

    for name in names:
        points = points.with_places(*of(name))
    return points._replace(read=points.read | set(names))


def _written(store: Store, project_id: UUID, space: str, known: KnownPoints) -> KnownPoints:
    """Of two who write at once the second leaves it at what is there."""
    points = known.points
    if points.made_of < FEW or (known.etag and len(points.digests) < known.written + WRITTEN and known.written):
        return known
    try:
        etag = stored_points.put(store, project_id, space, points, known.etag)
    except blobs.BlobChanged:
        etag = known.etag
    return known._replace(etag=etag, written=len(points.digests))


def _many_new(known: KnownPoints, ids: Ids) -> bool:
    """Whether there are more new images than are looked up while somebody waits."""
    return int((find(known.points.ids, ids) < 0).sum()) > LOOKED_UP


def _meanwhile(known: KnownPoints, ids: Ids) -> KnownPoints:
    """What is known, with images of which nothing is known."""
    new = ids[find(known.points.ids, ids) < 0]
    points = known.points.of_images(find(ids, known.points.ids) >= 0, new, np.full(len(new), b"", DIGEST))
    return known.of(points)._replace(behind=True)


def _stored(store: Store, project_id: UUID, space: str, known: KnownPoints) -> KnownPoints:
    """What is in storage, if that is not what is known."""
    kept = stored_points.get(store, project_id, space, known.etag)
    if kept is None or not kept.points.made_of:
        return known
    return KnownPoints(kept.points, kept.points.rows, kept.etag, len(kept.points.digests))


def _of_others(store: Store, project_id: UUID, space: str, known: KnownPoints) -> KnownPoints:
    """What others have written since, with the images that are known here; or what is known."""
    kept = stored_points.get(store, project_id, space, known.etag)
    if kept is None or not kept.points.made_of:
        return known._replace(etag=kept.etag if kept else known.etag)
    points = kept.points._replace(ids=known.points.ids, contents=known.points.contents)
    return KnownPoints(points, points.rows, kept.etag, len(points.digests))


def _digests(keys: Sequence[str]) -> Digests:
    return np.array(keys, DIGEST) if keys else np.empty(0, DIGEST)
