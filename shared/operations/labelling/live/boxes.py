"""Guesses for the tags of boxes that people draw, by how boxes look that they drew before."""

from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import NamedTuple, cast
from uuid import UUID

import numpy as np
from PIL import Image

from shared import errors
from shared.arrays import Halves
from shared.imaging.decode import decode
from shared.learning.classifier_recipe import SMALL, Crop
from shared.learning.embedder import Embedder
from shared.learning.live import live_head
from shared.learning.live.basis import Basis
from shared.learning.live.live_head import LiveHead
from shared.models.labelling.live import LiveBoxes, LiveBoxGuess, LiveState
from shared.models.messages.tasks import EmbedBoxes
from shared.models.serving.predictions import BoundingBox
from shared.models.workspace.domains import DOMAINS, DomainType
from shared.models.workspace.images import ImageRecord
from shared.models.workspace.projects import ClassificationType
from shared.operations.labelling import embedding
from shared.operations.labelling.embedding import NoBackbone, View
from shared.operations.workspace import projects
from shared.settings import Settings
from shared.storage.account import blobs, queues
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.training import embeddings
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import tags as stored_tags

VIEW = View(SMALL, SMALL.backbones[0], Crop.WHOLE)
SPACE = f"{VIEW.space}-boxes"
# A box is looked at with so much of its sides around it.
MARGIN = 0.1
# So many boxes are guessed in one call, and so many of the newest are learned from; of those that nobody has looked at
# yet so many while somebody waits, and so many in one step.
ASKED, TAUGHT, AT_ONCE, STEP = 25, 300, 12, 64
# From so many boxes on, of which so many are right that were left out, a guess is worth showing.
LEAST, RIGHT = 5, 0.8
AGAIN = 60.0
# What weights cost, where a box is looked at by one layer instead of three.
RIDGE = live_head.RIDGE / 3

remembered = Memory(64 * 2**20, 3_600, lambda kept: sum(each.nbytes for each in cast(dict[str, Halves], kept).values()))
asked = Memory(10_000, AGAIN)


class Box(NamedTuple):
    """A box of an image that has this content; `tag_id` is its own."""

    image_id: UUID
    sha256: str
    tag_id: UUID
    place: BoundingBox

    @property
    def key(self) -> str:
        """Keys of one picture begin with its digest."""
        sides = (self.place.left, self.place.top, self.place.width, self.place.height)
        return ":".join([self.sha256, *(f"{side:.3f}" for side in sides)])


def query_live_boxes(
    store: Store, settings: Settings, project_id: UUID, image_id: UUID, places: Sequence[BoundingBox]
) -> LiveBoxes:
    """A guess for each of the boxes, or none where it would not be worth showing.

    Raises ProjectNotFound, OperationNotSupported, ImageNotFound, BadRequest.
    """
    _check(places)
    require_detection(store, project_id)
    record = stored_images.get(store, project_id, image_id)
    nothing = [LiveBoxGuess(None, 0.0)] * len(places)
    try:
        embedder = embedding.embedder_of(store, settings, VIEW)
    except NoBackbone:
        embedding.bring(store, settings, project_id)
        return LiveBoxes(LiveState.UNAVAILABLE, nothing)
    own = {Box(image_id, record.sha256, image_id, place).key for place in places}
    taught = [box for box in newest(store, project_id) if box.key not in own]
    vectors = vectors_of(store, project_id, taught, embedder)
    known = [box for box in taught if box.key in vectors]
    head = Guessing.of(known, vectors)
    if head is None or not places:
        return LiveBoxes(LiveState.LACKING, nothing)
    picture = picture_of(store, project_id, image_id)
    seen = np.stack([look(embedder, picture, place) for place in places])
    return LiveBoxes(LiveState.READY, head.guesses(seen))


def embed_boxes(store: Store, settings: Settings, task: EmbedBoxes) -> bool:
    """One step; repeat until it says True."""
    try:
        require_detection(store, task.project_id)
        embedder = embedding.embedder_of(store, settings, VIEW)
    except (errors.ProjectNotFound, errors.OperationNotSupported, NoBackbone):
        return True
    taught = newest(store, task.project_id)
    before = embeddings.get(store, task.project_id, SPACE, {box.key for box in taught})
    lacking = [box for box in taught if box.key not in before]
    made = _looked_at(store, task.project_id, lacking[:STEP], embedder)
    return len(lacking) <= STEP or not made


class Guessing(NamedTuple):
    """Tells boxes of each tag apart, along axes of their own."""

    tag_ids: list[UUID]
    basis: Basis
    head: LiveHead

    @classmethod
    def of(cls, boxes: Sequence[Box], vectors: dict[str, Halves]) -> "Guessing | None":
        """None where there is nothing to tell apart, or it can't be told apart well."""
        tag_ids = sorted({box.tag_id for box in boxes})
        if len(tag_ids) < 2 or len(boxes) < LEAST:
            return None
        every = np.stack([vectors[box.key] for box in boxes])
        right = np.array([tag_ids.index(box.tag_id) for box in boxes])
        basis, truths = Basis.of(every), np.eye(len(tag_ids), dtype=np.float32)[right]
        head = LiveHead.fit(basis.points(every).astype(np.float32), truths, ClassificationType.MULTICLASS, RIDGE)
        worth = (head.left_out.argmax(1) == right).mean() >= RIGHT
        return cls(tag_ids, basis, head) if worth else None

    def guesses(self, seen: Halves) -> list[LiveBoxGuess]:
        (probabilities,) = self.head.probabilities(self.basis.points(seen))
        return [LiveBoxGuess(self.tag_ids[int(row.argmax())], round(float(row.max()), 4)) for row in probabilities]


def newest(store: Store, project_id: UUID) -> list[Box]:
    """The newest boxes whose tags are there."""
    tags = stored_tags.names(store, project_id)

    def boxes(record: ImageRecord) -> list[Box]:
        return [
            Box(record.id, record.sha256, mark.tag_id, BoundingBox(mark.left, mark.top, mark.width, mark.height))
            for mark in record.regions
            if mark.tag_id in tags
        ]

    return list(islice((box for record in stored_images.each(store, project_id) for box in boxes(record)), TAUGHT))


def vectors_of(store: Store, project_id: UUID, boxes: Sequence[Box], embedder: Embedder) -> dict[str, Halves]:
    """Those that are kept, and a few that are made now; the rest is asked for."""
    key = store, project_id
    known = cast(dict[str, Halves], remembered.get(key) or {})
    lacking = {box.key for box in boxes} - known.keys()
    if lacking:
        known = {**known, **embeddings.get(store, project_id, SPACE, lacking)}
        new = [box for box in boxes if box.key not in known]
        known |= _looked_at(store, project_id, new[:AT_ONCE], embedder)
        if len(new) > AT_ONCE and asked.get(key) is None:
            asked.put(key, True)
            queues.send(store, EmbedBoxes(project_id))
        remembered.put(key, {box.key: known[box.key] for box in boxes if box.key in known})
    return known


def _looked_at(store: Store, project_id: UUID, boxes: Sequence[Box], embedder: Embedder) -> dict[str, Halves]:
    made: dict[str, Halves] = {}
    for image_id in dict.fromkeys(box.image_id for box in boxes):
        try:
            picture = picture_of(store, project_id, image_id)
        except (errors.ImageNotFound, errors.BadImageFormat):
            continue
        made |= {box.key: look(embedder, picture, box.place) for box in boxes if box.image_id == image_id}
    embeddings.put(store, project_id, SPACE, made)
    return made


def picture_of(store: Store, project_id: UUID, image_id: UUID) -> Image.Image:
    return decode(blobs.picture(store, project_id, image_id, "resized"))


def look(embedder: Embedder, picture: Image.Image, place: BoundingBox) -> Halves:
    width, height = picture.size
    left, top = (place.left - MARGIN * place.width) * width, (place.top - MARGIN * place.height) * height
    right = (place.left + (1 + MARGIN) * place.width) * width
    bottom = (place.top + (1 + MARGIN) * place.height) * height
    # At least a pixel, within the picture.
    corner = min(max(0, round(left)), width - 1), min(max(0, round(top)), height - 1)
    end = max(corner[0] + 1, min(width, round(right))), max(corner[1] + 1, min(height, round(bottom)))
    return embedding.ONE.submit(partial(embedder.of_picture, picture.crop((*corner, *end)))).result()


def require_detection(store: Store, project_id: UUID) -> None:
    project = projects.get_project(store, project_id)
    if DOMAINS[project.settings.domain_id].type != DomainType.OBJECT_DETECTION:
        raise errors.OperationNotSupported("Boxes are of object detection projects only; ask for the image by 'live'.")


def _check(places: Sequence[BoundingBox]) -> None:
    if len(places) > ASKED:
        raise errors.BadRequest(f"'boxes' has {len(places)} boxes; send at most {ASKED}.")
    for place in places:
        if min(place.width, place.height) <= 0 or not (0 <= place.left < 1 and 0 <= place.top < 1):
            raise errors.BadRequest("A box of 'boxes' does not lie on the picture; its sides are fractions of it.")
