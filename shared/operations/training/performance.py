"""How well an iteration does, computed at any threshold from its stored per-image results."""

from collections.abc import Mapping
from operator import attrgetter, itemgetter
from uuid import UUID

from msgspec import UNSET

from shared import errors
from shared.metrics import classification, detection
from shared.metrics.counts import Curve, performance
from shared.models.serving.predictions import BoundingBox, Prediction
from shared.models.training.evaluations import EvaluatedBox, EvaluatedImage
from shared.models.training.iterations import Iteration, IterationStatus
from shared.models.training.model_spec import ModelTag
from shared.models.training.performance import ImagePerformance, IterationPerformance
from shared.models.workspace.domains import DOMAINS, DomainType
from shared.models.workspace.images import ImageRegion, ImageTag, OrderBy
from shared.operations.training import iterations
from shared.storage.account import blobs
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.training import evaluations
from shared.storage.training.evaluations import EvaluationIndex

# The curves of 500 tags take some 12 MB.
REMEMBERED = 8
REMEMBERED_SECONDS = 3_600.0
remembered = Memory(REMEMBERED, REMEMBERED_SECONDS)


def get_iteration_performance(
    store: Store, project_id: UUID, iteration_id: UUID, *, threshold: float, overlap_threshold: float
) -> IterationPerformance:
    """`overlap_threshold` is how much a detector's box must overlap a true one to be right."""
    iteration = _completed(store, project_id, iteration_id)
    index = evaluations.index(store, project_id, iteration_id)
    overlap = overlap_threshold if _detects(iteration) else None

    def judge() -> list[Curve]:
        images = evaluations.each(store, project_id, iteration_id)
        if overlap is None:
            return classification.curves(images, index.tags, index.classification_type)
        return detection.curves(images, index.tags, overlap)

    curves = remembered.once((store, project_id, iteration_id, index.etag, overlap), judge)
    return performance(index.tags, curves, threshold)


def get_image_performances(
    store: Store,
    project_id: UUID,
    iteration_id: UUID,
    *,
    tag_ids: list[UUID],
    order: OrderBy,
    take: int,
    skip: int,
) -> list[ImagePerformance]:
    """The evaluated images with what the model, which never saw them, said of each."""
    iteration = _completed(store, project_id, iteration_id)
    index = _index(store, project_id, iteration_id, tag_ids)
    images = evaluations.page(store, project_id, iteration_id, tag_ids=tag_ids, order=order, take=take, skip=skip)
    return [_view(store, project_id, image, index.tags, _detects(iteration)) for image in images]


def get_image_performance_count(store: Store, project_id: UUID, iteration_id: UUID, *, tag_ids: list[UUID]) -> int:
    _completed(store, project_id, iteration_id)
    return int(_index(store, project_id, iteration_id, tag_ids).having(tag_ids).sum())


def _completed(store: Store, project_id: UUID, iteration_id: UUID) -> Iteration:
    """Raises ProjectNotFound, IterationNotFound, PerformanceNotFound."""
    iteration = iterations.get_iteration(store, project_id, iteration_id)
    if iteration.status != IterationStatus.COMPLETED:
        raise errors.PerformanceNotFound(f"'{iteration.name}' is {iteration.status}; it has no performance.")
    return iteration


def _detects(iteration: Iteration) -> bool:
    return DOMAINS[iteration.domain_id].type == DomainType.OBJECT_DETECTION


def _index(store: Store, project_id: UUID, iteration_id: UUID, tag_ids: list[UUID]) -> EvaluationIndex:
    """Raises TagNotFound."""
    index = evaluations.index(store, project_id, iteration_id)
    unknown = set(tag_ids) - {tag.id for tag in index.tags}
    if unknown:
        raise errors.TagNotFound(f"The iteration was not trained on tag {min(unknown)}; get_tags lists the project's.")
    return index


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
