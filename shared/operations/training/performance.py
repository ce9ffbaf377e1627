"""How well an iteration does, computed at any threshold from its stored per-image results."""

from collections.abc import Iterator, Mapping
from operator import attrgetter, itemgetter
from typing import NamedTuple, cast
from uuid import UUID

import numpy as np
from msgspec import UNSET

from shared import errors
from shared.metrics import classification, confusion, detection
from shared.metrics.confusion import Outcomes
from shared.metrics.counts import Curve, performance, performance_curves
from shared.models.serving.predictions import BoundingBox, Prediction
from shared.models.training.evaluations import EvaluatedBox, EvaluatedImage
from shared.models.training.iterations import IterationStatus
from shared.models.training.model_spec import ModelTag
from shared.models.training.performance import (
    Confusions,
    ImagePerformance,
    IterationPerformance,
    JudgedTag,
    PerformanceCurves,
)
from shared.models.workspace.domains import DOMAINS, DomainType
from shared.models.workspace.images import ImageRegion, ImageTag, OrderBy
from shared.operations.training import iterations
from shared.operations.training.cells import EVERYWHERE, Cell, require_judged
from shared.storage.account import blobs
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.columns.ids import Positions
from shared.storage.columns.terms import positions
from shared.storage.training import evaluations
from shared.storage.training.evaluations import EvaluationIndex

# The curves of 500 tags take some 12 MB.
REMEMBERED = 8
REMEMBERED_SECONDS = 3_600.0
# The outcomes of 2,000 images and 81 tags take some 6 MB.
OUTCOMES_BYTES = 64 * 2**20
remembered = Memory(REMEMBERED, REMEMBERED_SECONDS)
outcomes = Memory(OUTCOMES_BYTES, REMEMBERED_SECONDS, lambda kept: cast(Outcomes, kept).length)


def get_iteration_performance(
    store: Store, project_id: UUID, iteration_id: UUID, *, threshold: float, overlap_threshold: float
) -> IterationPerformance:
    """`overlap_threshold` is how much a detector's box must overlap a true one to be right."""
    judged = _judged(store, project_id, iteration_id, overlap_threshold)
    return performance(judged.kept.tags, _curves(judged), threshold)


def get_performance_curves(
    store: Store, project_id: UUID, iteration_id: UUID, *, overlap_threshold: float
) -> PerformanceCurves:
    judged = _judged(store, project_id, iteration_id, overlap_threshold)
    return performance_curves(judged.kept.tags, _curves(judged))


def get_confusions(
    store: Store, project_id: UUID, iteration_id: UUID, *, threshold: float, overlap_threshold: float
) -> Confusions:
    judged = _judged(store, project_id, iteration_id, overlap_threshold)
    tags = judged.kept.tags
    cells = _outcomes(judged).at(threshold).cells(len(tags))
    return Confusions([JudgedTag(tag.id, tag.name) for tag in tags], cells.tolist())


def get_image_performances(
    store: Store,
    project_id: UUID,
    iteration_id: UUID,
    *,
    tag_ids: list[UUID],
    cell: Cell = EVERYWHERE,
    order: OrderBy | None,
    take: int,
    skip: int,
) -> list[ImagePerformance]:
    """The evaluated images with what the model, which never saw them, said of each.

    Those of a cell come the surest first, unless an order is asked for.
    """
    judged = _judged(store, project_id, iteration_id, cell.overlap_threshold)
    found = _found(judged, tag_ids, cell, order)[skip : skip + take]
    images = evaluations.at(store, project_id, iteration_id, found.tolist())
    return [_view(store, project_id, image, judged.kept.tags, judged.overlap is not None) for image in images]


def get_image_performance_count(
    store: Store, project_id: UUID, iteration_id: UUID, *, tag_ids: list[UUID], cell: Cell = EVERYWHERE
) -> int:
    judged = _judged(store, project_id, iteration_id, cell.overlap_threshold)
    return len(_found(judged, tag_ids, cell, None))


class _Judged(NamedTuple):
    """What an iteration was judged by; `overlap` is None for a classifier."""

    store: Store
    project_id: UUID
    iteration_id: UUID
    kept: EvaluationIndex
    overlap: float | None

    @property
    def version(self) -> tuple[object, ...]:
        return self.store, self.project_id, self.iteration_id, self.kept.etag, self.overlap

    def images(self) -> Iterator[EvaluatedImage]:
        return evaluations.each(self.store, self.project_id, self.iteration_id)


def _judged(store: Store, project_id: UUID, iteration_id: UUID, overlap: float) -> _Judged:
    """Raises ProjectNotFound, IterationNotFound, PerformanceNotFound."""
    iteration = iterations.get_iteration(store, project_id, iteration_id)
    if iteration.status != IterationStatus.COMPLETED:
        raise errors.PerformanceNotFound(f"'{iteration.name}' is {iteration.status}; it has no performance.")
    detects = DOMAINS[iteration.domain_id].type == DomainType.OBJECT_DETECTION
    kept = evaluations.index(store, project_id, iteration_id)
    return _Judged(store, project_id, iteration_id, kept, overlap if detects else None)


def _curves(judged: _Judged) -> list[Curve]:
    def make() -> list[Curve]:
        tags, kind = judged.kept.tags, judged.kept.classification_type
        if judged.overlap is None:
            return classification.curves(judged.images(), tags, kind)
        return detection.curves(judged.images(), tags, judged.overlap)

    return remembered.once(judged.version, make)


def _outcomes(judged: _Judged) -> Outcomes:
    def make() -> Outcomes:
        tags, kind = judged.kept.tags, judged.kept.classification_type
        if judged.overlap is None:
            return confusion.of_classifier(judged.images(), tags, kind)
        return confusion.of_detector(judged.images(), tags, judged.overlap)

    return outcomes.once(judged.version, make)


def _found(judged: _Judged, tag_ids: list[UUID], cell: Cell, order: OrderBy | None) -> Positions:
    """The positions of the images that carry any of the tags and are in the cell. Raises TagNotFound, InvalidIds."""
    require_judged(judged.kept.tags, tag_ids)
    having = judged.kept.having(tag_ids)
    if cell.holds_all:
        return positions(having, oldest=order is OrderBy.OLDEST, skip=0)
    surest = cell.images(judged.kept.tags, _outcomes(judged))
    surest = surest[having[surest]]
    if order is None:
        return surest
    having = np.zeros(judged.kept.size, bool)
    having[surest] = True
    return positions(having, oldest=order is OrderBy.OLDEST, skip=0)


def _view(
    store: Store, project_id: UUID, image: EvaluatedImage, tags: list[ModelTag], detected: bool
) -> ImagePerformance:
    """Tags and regions under the names that the tags had when the iteration was trained."""
    names = {tag.id: tag.name for tag in tags}
    return ImagePerformance(
        _detected(image, tags) if detected else _classified(image, tags),
        image.id,
        image.created,
        image.width,
        image.height,
        blobs.picture_uri(store, project_id, image.id, "resized"),
        blobs.picture_uri(store, project_id, image.id, "thumbnail"),
        [ImageTag(tag_id, names[tag_id], image.created) for tag_id in image.tags if tag_id in names],
        _regions(image, names) if detected else UNSET,
    )


def _classified(image: EvaluatedImage, tags: list[ModelTag]) -> list[Prediction]:
    """The most probable first."""
    answers = sorted(zip(image.probabilities, tags, strict=True), key=itemgetter(0), reverse=True)
    return [Prediction(probability, tag.id, tag.name, tag.type) for probability, tag in answers]


def _detected(image: EvaluatedImage, tags: list[ModelTag]) -> list[Prediction]:
    """The most probable first."""

    def prediction(box: EvaluatedBox) -> Prediction:
        tag, place = tags[box.tag], BoundingBox(box.left, box.top, box.width, box.height)
        return Prediction(box.probability, tag.id, tag.name, tag.type, place)

    return [prediction(box) for box in sorted(image.boxes, key=attrgetter("probability"), reverse=True)]


def _regions(image: EvaluatedImage, names: Mapping[UUID, str]) -> list[ImageRegion]:
    return [
        ImageRegion(r.region_id, names[r.tag_id], r.created, r.tag_id, r.left, r.top, r.width, r.height)
        for r in image.regions
        if r.tag_id in names
    ]
