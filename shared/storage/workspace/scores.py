"""The probabilities of all that an iteration suggests, together in a blob, so that counting reads no row of each.

The row `scores:{iteration}:` names the blob; `scores:{iteration}:{image}` has what came since that was written, and is
empty where a suggestion went. All of it can be made again from the suggestions.
"""

import random
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from typing import NamedTuple, Self
from uuid import UUID, uuid4

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from shared.errors import ServiceError
from shared.models.predictions import Prediction
from shared.storage.account import blobs, rows
from shared.storage.account.memory import Memory
from shared.storage.account.rows import Row
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, RowChanged, RowExists, RowMissing, transact
from shared.storage.workspace import counts, images, suggestion_rows
from shared.storage.workspace.counts import NEVER, Revision
from shared.storage.workspace.ranges import END, Range, between

ID = 16
# Where a tag is not suggested.
NONE = -1
# After so many new suggestions a new blob is written, on the average; after so many changes of all kinds, by who reads.
DRIFT, FAR = 128, 1_024
# So many images are quicker read by themselves than found among the untagged ones.
FEW = 512
REMEMBERED = 2
REMEMBERED_SECONDS = 3_600.0

# By tag, the highest probability that it is suggested for an image with.
Highest = Mapping[UUID, float]


class _Blob(Struct, frozen=True):
    """As it is written: the bytes of ids, float32 of images x tags, and bool of images."""

    revision: Revision
    tag_ids: list[UUID]
    image_ids: bytes
    probabilities: bytes
    untagged: bytes


class Scores(NamedTuple):
    """Of each image (by the bytes of its id) the row in `probabilities`, images x tags.

    `untagged` says for each row whether that image was so at the revision. `applied` has the ETags of the rows that
    came since the blob was written, `drift` how many changes there were since.
    """

    blob: str = ""
    revision: Revision = NEVER
    tag_ids: Sequence[UUID] = ()
    places: Mapping[bytes, int] = {}
    probabilities: NDArray[np.float32] = np.empty((0, 0), np.float32)
    untagged: NDArray[np.bool_] = np.empty(0, np.bool_)
    applied: Mapping[str, str] = {}
    drift: int = 0

    @classmethod
    def decode(cls, name: str, data: bytes) -> Self:
        blob = msgspec.msgpack.decode(data, type=_Blob)
        ids = [blob.image_ids[at : at + ID] for at in range(0, len(blob.image_ids), ID)]
        probabilities = np.frombuffer(blob.probabilities, np.float32).reshape(len(ids), len(blob.tag_ids))
        places = {image_id: at for at, image_id in enumerate(ids)}
        return cls(name, blob.revision, blob.tag_ids, places, probabilities, np.frombuffer(blob.untagged, np.bool_))

    def encode(self) -> bytes:
        parts = (self.probabilities.tobytes(), self.untagged.tobytes())
        return msgspec.msgpack.encode(_Blob(self.revision, list(self.tag_ids), b"".join(self.places), *parts))

    def numbers(self, threshold: float) -> dict[UUID, int]:
        """By tag, the untagged images that it is suggested for with that probability or more."""
        reached = self._reached(threshold) & self.untagged[:, np.newaxis]
        return dict(zip(self.tag_ids, reached.sum(axis=0).tolist(), strict=True))

    def likely(self, tag_ids: Set[UUID], threshold: float) -> NDArray[np.bool_]:
        """Of each row, whether one of the tags is suggested with that probability or more."""
        columns = [at for at, tag_id in enumerate(self.tag_ids) if tag_id in tag_ids]
        return np.asarray(self._reached(threshold)[:, columns].any(axis=1), np.bool_)

    def is_untagged(self, image_id: UUID) -> bool:
        """Of an image with a suggestion, unless that has only just come."""
        at = self.places.get(image_id.bytes)
        return at is not None and bool(self.untagged[at])

    def _reached(self, threshold: float) -> NDArray[np.bool_]:
        # The least float32 that is no less.
        least = np.float32(threshold)
        return self.probabilities >= (np.nextafter(least, np.float32(2)) if float(least) < threshold else least)

    def with_changes(self, changes: Mapping[bytes, Highest | None]) -> Self:
        """Others for some images, or none; whether these are untagged remains to be seen."""
        stay = {image_id: at for image_id, at in self.places.items() if image_id not in changes}
        come = {image_id: highest for image_id, highest in changes.items() if highest is not None}
        tag_ids = list(dict.fromkeys([*self.tag_ids, *(tag_id for highest in come.values() for tag_id in highest)]))
        column = {tag_id: at for at, tag_id in enumerate(tag_ids)}
        probabilities = np.full((len(stay) + len(come), len(tag_ids)), NONE, np.float32)
        kept = np.fromiter(stay.values(), np.intp, len(stay))
        probabilities[: len(stay), : len(self.tag_ids)] = self.probabilities[kept]
        for at, highest in enumerate(come.values(), len(stay)):
            for tag_id, probability in highest.items():
                probabilities[at, column[tag_id]] = probability
        return self._replace(
            tag_ids=tag_ids,
            places={image_id: at for at, image_id in enumerate([*stay, *come])},
            probabilities=probabilities,
            untagged=np.concatenate([self.untagged[kept], np.zeros(len(come), np.bool_)]),
            drift=self.drift + len(changes),
        )

    def looked_at(self, untagged: Mapping[bytes, bool], revision: Revision) -> Self:
        """With what is known of these images, some of which may be others than its own, at that revision."""
        mine = untagged.keys() & self.places.keys()
        now, places = self.untagged.copy(), [self.places[image_id] for image_id in mine]
        now[places] = [untagged[image_id] for image_id in mine]
        return self._replace(untagged=now, revision=revision, drift=self.drift + len(mine))


remembered = Memory(REMEMBERED, REMEMBERED_SECONDS)


def change(iteration_id: UUID, image_id: UUID, predictions: Iterable[Prediction] | None) -> Change:
    """What a transaction that writes or (None) deletes a suggestion has to do besides."""
    doc = "" if predictions is None else rows.encode(_highest(predictions))
    return Change("upsert", _key(iteration_id, image_id), doc)


def read(store: Store, project_id: UUID, iteration_id: UUID, dead: frozenset[UUID] = frozenset()) -> Scores:
    """As they are now, written anew where too much has changed since.

    Images with none but `dead` tags, deleted ones that are not swept yet, are untagged.
    """
    scores, found = _read(store, project_id, iteration_id)
    if scores.drift > FAR or (scores.places and not scores.blob):
        with suppress(ServiceError):
            scores = _write(store, project_id, iteration_id, scores, found)
    remembered.put((store, project_id, iteration_id), scores)
    return scores.looked_at(_left_by(store, project_id, scores, dead), scores.revision) if dead else scores


def settle(store: Store, project_id: UUID, iteration_id: UUID, number: int) -> None:
    """After so many changes: write them anew, once in DRIFT changes on the average."""
    if random.random() < number / DRIFT:  # noqa: S311
        # The change is made; that tidying up fails is no reason to say otherwise.
        with suppress(ServiceError):
            scores = _write(store, project_id, iteration_id, *_read(store, project_id, iteration_id))
            remembered.put((store, project_id, iteration_id), scores)


def forget(store: Store, project_id: UUID, iteration_id: UUID) -> None:
    head = _key(iteration_id)
    found = rows.together(store.predictions, str(project_id), head, head)
    rows.delete_all(store.predictions, str(project_id), [row.key for row in found])
    for name in list(blobs.names(store, "predictions", _folder(project_id, iteration_id))):
        blobs.delete(store, "predictions", name)


def _read(store: Store, project_id: UUID, iteration_id: UUID) -> tuple[Scores, list[Row]]:
    """As they are now, and the rows that tell of them."""
    head = _key(iteration_id)
    found = rows.together(store.predictions, str(project_id), head, head)
    name = found[0].doc if found and found[0].key == head else ""
    scores = remembered.get((store, project_id, iteration_id))
    if not isinstance(scores, Scores) or scores.blob != name:
        scores = _load(store, name) or _made_again(store, project_id, iteration_id)
    new = {row.key: row for row in found if row.key != head and scores.applied.get(row.key) != row.etag}
    changed = {UUID(key[len(head) :]).bytes: _decode(row.doc) for key, row in new.items()}
    if new:
        applied = {**scores.applied, **{key: row.etag for key, row in new.items()}}
        scores = scores.with_changes(changed)._replace(applied=applied)
    # Read before the images are looked at: what changes meanwhile is looked at again.
    revision, turned = counts.turned(store, project_id, scores.revision)
    if turned is None:
        return scores.looked_at(_untagged(store, project_id, scores.places.keys()), revision), found
    told = {UUID(image_id).bytes: untagged for image_id, untagged in turned.items()}
    known = {image_id: untagged for image_id, untagged in told.items() if untagged is not None}
    unknown = (changed.keys() | told.keys()) & scores.places.keys() - known.keys()
    return scores.looked_at(known | _untagged(store, project_id, unknown), revision), found


def _write(store: Store, project_id: UUID, iteration_id: UUID, scores: Scores, found: Sequence[Row]) -> Scores:
    """Whoever loses the race against another leaves everything as it was."""
    key, name = _key(iteration_id), f"{_folder(project_id, iteration_id)}{uuid4()}"
    old, partition = next((row for row in found if row.key == key), None), str(project_id)
    blobs.write(store, "predictions", name, scores.encode())
    try:
        head = Change("replace", key, name, old.etag) if old else Change("insert", key, name)
        transact(store.predictions, partition, [head])
    except (RowMissing, RowExists, RowChanged):
        blobs.delete(store, "predictions", name)
        return scores
    rows.delete_unchanged(store.predictions, partition, [row for row in found if row is not old])
    if old:
        blobs.delete(store, "predictions", old.doc)
    return scores._replace(blob=name, applied={}, drift=0)


def _load(store: Store, name: str) -> Scores | None:
    """None where there is no such blob, or no longer."""
    blob = blobs.read(store, "predictions", name) if name else None
    return Scores.decode(name, blob.data) if blob else None


def _made_again(store: Store, project_id: UUID, iteration_id: UUID) -> Scores:
    found = suggestion_rows.all_of(store, project_id, iteration_id)
    return Scores().with_changes({each.suggested.id.bytes: _highest(each.suggested.predictions) for each in found})


def _untagged(store: Store, project_id: UUID, image_ids: Set[bytes]) -> dict[bytes, bool]:
    """Whether each of the images is there without a tag."""
    if len(image_ids) > FEW:
        first, last = (str(UUID(bytes=end)) for end in (min(image_ids), max(image_ids)))
        near = between(store, (Range(project_id, "untagged:"),), first, f"{last}{END}", keys_only=True)
        found = {UUID(row.key).bytes for row in near}
    else:
        records = images.get_many(store, project_id, [UUID(bytes=image_id) for image_id in image_ids])
        found = {record.id.bytes for record in records if not record.tags}
    return {image_id: image_id in found for image_id in image_ids}


def _left_by(store: Store, project_id: UUID, scores: Scores, dead: frozenset[UUID]) -> dict[bytes, bool]:
    """Those of the tagged images whose tags are all dead."""
    tagged = [UUID(bytes=image_id) for image_id, at in scores.places.items() if not scores.untagged[at]]
    few = len(tagged) <= FEW
    records = images.get_many(store, project_id, tagged) if few else images.with_any(store, project_id, dead)
    return {record.id.bytes: True for record in records if record.tag_ids <= dead}


def _highest(predictions: Iterable[Prediction]) -> Highest:
    highest = dict[UUID, float]()
    for each in predictions:
        highest[each.tag_id] = max(each.probability, highest.get(each.tag_id, NONE))
    return highest


def _decode(doc: str) -> Highest | None:
    return msgspec.json.decode(doc, type=dict[UUID, float]) if doc else None


def _key(iteration_id: UUID, image_id: UUID | str = "") -> str:
    return f"scores:{iteration_id}:{image_id}"


def _folder(project_id: UUID, iteration_id: UUID) -> str:
    """What the names of an iteration's blobs begin with."""
    return f"{project_id}/{iteration_id}/"
