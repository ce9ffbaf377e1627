"""Boxes that are suggested before anything was trained: what stands out of an image, and looks like boxes on others."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple, TypeVar, cast
from uuid import UUID

import numpy as np

from shared import errors
from shared.arrays import Halves
from shared.imaging.boxes import Reals, iou, ltwh_to_xyxy
from shared.imaging.boxes import suppress as apart
from shared.imaging.proposals import propose
from shared.learning.embedder import Embedder
from shared.learning.live.basis import Basis
from shared.learning.live.live_head import LiveHead
from shared.models.labelling.live import LiveBox, LiveBoxes, LiveState
from shared.models.serving.predictions import BoundingBox
from shared.models.workspace.projects import ClassificationType
from shared.operations.labelling import embedding
from shared.operations.labelling.embedding import NoBackbone
from shared.operations.labelling.live import boxes
from shared.operations.labelling.live.boxes import Box
from shared.settings import Settings
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.workspace import images as stored_images

# What stands out at so many places is looked at on so many of the images that were labelled last. While somebody waits
# it is found on so many of them (40 ms each), and looked at on so many (a third of a second each); then it is known.
PLACES, IMAGES, AT_ONCE, LOOKED_AT = 15, 20, 8, 3
# From so many boxes on, of which so many lie where something stands out: of other things these places are of no use.
LEAST, HIT = 5, 0.8
# A place is a box's from such an overlap on, and background up to such a one; beyond the last it is where another is.
SAME, GROUND, APART = 0.5, 0.4, 0.3
# What is less sure is not told.
LIKELY = 0.2

Known = TypeVar("Known", Reals, Halves)

# Whoever labels one image after the other has seen those before: nothing of it is kept in storage. Of an image, where
# something stands out, left, top, width, height, (N, 4); and how that looks, (N, width).
places = Memory(10_000, 3_600)
looks = Memory(64 * 2**20, 3_600, lambda kept: cast(Halves, kept).nbytes)


class Spotted(NamedTuple):
    """Images that are learned from: their boxes, where something stands out of them, and how that looks."""

    boxes: Mapping[UUID, Sequence[Box]]
    places: Mapping[UUID, Reals]
    looks: Mapping[UUID, Halves]


def spot_live_boxes(store: Store, settings: Settings, project_id: UUID, image_id: UUID) -> LiveBoxes:
    """None where what people draw boxes around does not stand out.

    Raises ProjectNotFound, OperationNotSupported, ImageNotFound.
    """
    boxes.require_detection(store, project_id)
    record = stored_images.get(store, project_id, image_id)
    try:
        embedder = embedding.embedder_of(store, settings, boxes.VIEW)
    except NoBackbone:
        embedding.bring(store, settings, project_id)
        return LiveBoxes(LiveState.UNAVAILABLE, [])
    taught = _newest(boxes.newest(store, project_id), but=image_id)
    if sum(map(len, taught.values())) < LEAST:
        return LiveBoxes(LiveState.LACKING, [])
    find = partial(_find, store, project_id)
    where = _known(places, store, taught, find, AT_ONCE)
    if hits(taught, where) < HIT:
        return LiveBoxes(LiveState.LACKING, [])
    how = _known(looks, store, where, partial(_look, store, project_id, embedder, where), LOOKED_AT)
    drawn = [box for each in how for box in taught[each]]
    vectors = boxes.vectors_of(store, project_id, drawn, embedder)
    learned = [box for box in drawn if box.key in vectors]
    spotter = Spotter.of(learned, vectors, Spotted(taught, where, how)) if len(learned) >= LEAST else None
    if spotter is None:
        return LiveBoxes(LiveState.LACKING, [])
    here = _known(places, store, [image_id], find, 1)
    seen = _known(looks, store, here, partial(_look, store, project_id, embedder, here), 1)
    found = spotter.found(here[image_id], seen[image_id]) if seen else []
    own = [BoundingBox(mark.left, mark.top, mark.width, mark.height) for mark in record.regions]
    return LiveBoxes(
        LiveState.READY, [], [each for each in found if _overlaps([each.bounding_box], own).max() <= APART]
    )


def _find(store: Store, project_id: UUID, image_id: UUID) -> Reals:
    """Where something stands out, or else the whole picture."""
    found = propose(boxes.picture_of(store, project_id, image_id), PLACES)
    return _sides([BoundingBox(*each.box_ltwh) for each in found] or [BoundingBox(0, 0, 1, 1)])


def _look(store: Store, project_id: UUID, embedder: Embedder, where: Mapping[UUID, Reals], image_id: UUID) -> Halves:
    picture = boxes.picture_of(store, project_id, image_id)
    return np.stack([boxes.look(embedder, picture, BoundingBox(*each)) for each in where[image_id].tolist()])


def _newest(drawn: Iterable[Box], but: UUID) -> dict[UUID, list[Box]]:
    """By the images that have them."""
    found = defaultdict[UUID, list[Box]](list)
    for box in drawn:
        if box.image_id != but and (box.image_id in found or len(found) < IMAGES):
            found[box.image_id].append(box)
    return dict(found)


def _known(
    memory: Memory, store: Store, image_ids: Iterable[UUID], make: Callable[[UUID], Known], most: int
) -> dict[UUID, Known]:
    """Of the images that this process knows, and of a few more whose pictures can be read."""
    known = {each: cast(Known | None, memory.get((store, each))) for each in image_ids}
    for new in [each for each, kept in known.items() if kept is None][:most]:
        with suppress(errors.ImageNotFound, errors.BadImageFormat):
            known[new] = make(new)
            memory.put((store, new), known[new])
    return {each: kept for each, kept in known.items() if kept is not None}


def hits(taught: Mapping[UUID, Sequence[Box]], where: Mapping[UUID, Reals]) -> float:
    """How many of the boxes lie where something stands out."""
    best = [_overlaps([box.place for box in taught[each]], places) for each, places in where.items()]
    return float((np.concatenate(best) >= SAME).mean()) if best else 0.0


class Spotter(NamedTuple):
    """Tells boxes of each tag from background, along axes of its own; the head's last column is background."""

    tag_ids: Sequence[UUID]
    basis: Basis
    head: LiveHead

    @classmethod
    def of(cls, drawn: Sequence[Box], vectors: Mapping[str, Halves], spotted: Spotted) -> "Spotter | None":
        """What tells each tag's boxes from the places beside them; None where it can't tell tags apart well."""
        tag_ids = sorted({box.tag_id for box in drawn})
        own = {each: [box.place for box in spotted.boxes[each]] for each in spotted.looks}
        ground = [look[_overlaps(spotted.places[each], own[each]) < GROUND] for each, look in spotted.looks.items()]
        every = np.concatenate([np.stack([vectors[box.key] for box in drawn]), *ground])
        kinds = np.full(len(every), len(tag_ids))
        kinds[: len(drawn)] = [tag_ids.index(box.tag_id) for box in drawn]
        basis, truths = Basis.of(every), np.eye(len(tag_ids) + 1, dtype=np.float32)[kinds]
        head = LiveHead.fit(basis.points(every).astype(np.float32), truths, ClassificationType.MULTICLASS)
        told_apart = head.left_out[: len(drawn), :-1].argmax(1) == kinds[: len(drawn)]
        return cls(tag_ids, basis, head) if told_apart.mean() >= boxes.RIGHT else None

    def found(self, where: Reals, how: Halves) -> list[LiveBox]:
        """The surest first, none of which is about where a surer one is."""
        said = np.concatenate(list(self.head.probabilities(self.basis.points(how))))[:, :-1]
        sure, tags = said.max(1), said.argmax(1)
        best = apart(ltwh_to_xyxy(where), sure, APART, len(sure)).tolist()
        return [
            LiveBox(self.tag_ids[int(tags[at])], round(float(sure[at]), 4), BoundingBox(*where[at].tolist()))
            for at in best
            if sure[at] >= LIKELY
        ]


def _overlaps(some: Reals | Sequence[BoundingBox], others: Reals | Sequence[BoundingBox]) -> Reals:
    """The largest of each of some with any of the others, (N,)."""
    both = [ltwh_to_xyxy(each if isinstance(each, np.ndarray) else _sides(each)) for each in (some, others)]
    found: Reals = iou(*both).max(1, initial=0)
    return found


def _sides(places: Sequence[BoundingBox]) -> Reals:
    return np.array([(each.left, each.top, each.width, each.height) for each in places], np.float64).reshape(-1, 4)
