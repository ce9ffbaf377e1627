"""How well an iteration does, computed at any threshold from its stored per-image results."""

from collections.abc import Mapping
from operator import attrgetter, itemgetter
from uuid import UUID

import numpy as np
from msgspec import UNSET

from shared.metrics.counts import performance, performance_curves
from shared.models.serving.predictions import BoundingBox, Prediction
from shared.models.training.evaluations import EvaluatedBox, EvaluatedImage
from shared.models.training.model_spec import ModelTag
from shared.models.training.performance import (
    Confusions,
    ImagePerformance,
    IterationPerformance,
    JudgedTag,
    PerformanceCurves,
)
from shared.models.workspace.images import ImageRegion, ImageTag, OrderBy
from shared.operations.training.cells import EVERYWHERE, Cell, require_judged
from shared.operations.training.evaluated import EvaluatedIteration
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.columns.ids import Positions, positions
from shared.storage.training import evaluations


def get_iteration_performance(
    store: Store, project_id: UUID, iteration_id: UUID, *, threshold: float, overlap_threshold: float
) -> IterationPerformance:
    """`overlap_threshold` is how much a detector's box must overlap a true one to be right."""
    judged = EvaluatedIteration.read(store, project_id, iteration_id, overlap_threshold)
    return performance(judged.kept.tags, judged.curves(), threshold)


def get_performance_curves(
    store: Store, project_id: UUID, iteration_id: UUID, *, overlap_threshold: float
) -> PerformanceCurves:
    judged = EvaluatedIteration.read(store, project_id, iteration_id, overlap_threshold)
    return performance_curves(judged.kept.tags, judged.curves())


def get_confusions(
    store: Store, project_id: UUID, iteration_id: UUID, *, threshold: float, overlap_threshold: float
) -> Confusions:
    judged = EvaluatedIteration.read(store, project_id, iteration_id, overlap_threshold)
    tags = judged.kept.tags
    cells = judged.outcomes().at(threshold).cells(len(tags))
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
    judged = EvaluatedIteration.read(store, project_id, iteration_id, cell.overlap_threshold)
    found = _found(judged, tag_ids, cell, order)[skip : skip + take]
    images = evaluations.at(store, project_id, iteration_id, found.tolist())
    tags, detected = judged.kept.tags, judged.overlap is not None
    names = {tag.id: tag.name for tag in tags}
    return [_shown(store, project_id, image, tags, names, detected=detected) for image in images]


def get_image_performance_count(
    store: Store, project_id: UUID, iteration_id: UUID, *, tag_ids: list[UUID], cell: Cell = EVERYWHERE
) -> int:
    judged = EvaluatedIteration.read(store, project_id, iteration_id, cell.overlap_threshold)
    return len(_found(judged, tag_ids, cell, None))


def _found(judged: EvaluatedIteration, tag_ids: list[UUID], cell: Cell, order: OrderBy | None) -> Positions:
    """The positions of the images that carry any of the tags and are in the cell. Raises TagNotFound, InvalidIds."""
    require_judged(judged.kept.tags, tag_ids)
    having = judged.kept.having(tag_ids)
    if cell.holds_all:
        return positions(having, oldest=order is OrderBy.OLDEST, skip=0)
    surest = cell.images(judged.kept.tags, judged.outcomes())
    surest = surest[having[surest]]
    if order is None:
        return surest
    having = np.zeros(judged.kept.size, bool)
    having[surest] = True
    return positions(having, oldest=order is OrderBy.OLDEST, skip=0)


def _shown(
    store: Store,
    project_id: UUID,
    image: EvaluatedImage,
    tags: list[ModelTag],
    names: Mapping[UUID, str],
    *,
    detected: bool,
) -> ImagePerformance:
    """Tags and regions under the names that the tags had when the iteration was trained."""
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
