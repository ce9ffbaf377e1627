"""How well an iteration does, computed at any threshold from its stored per-image results."""

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct

from shared import errors
from shared.metrics import classification, detection
from shared.models.domains import DOMAINS, DomainType
from shared.models.images import ImageRegion, ImageTag, OrderBy
from shared.models.iterations import Iteration, IterationStatus
from shared.models.performance import ImagePerformance, IterationPerformance
from shared.models.predictions import BoundingBox, Prediction
from shared.models.training import EvaluatedBox, EvaluatedImage, Evaluation, ModelTag
from shared.operations.training import iterations
from shared.storage.account import blobs
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store

REMEMBERED = 64
REMEMBERED_SECONDS = 3_600.0
remembered = Memory(REMEMBERED, REMEMBERED_SECONDS)


def get_iteration_performance(
    store: Store, project_id: UUID, iteration_id: UUID, *, threshold: float, overlap_threshold: float
) -> IterationPerformance:
    """`overlap_threshold` is how much a detector's box must overlap a true one to be right."""
    kind, evaluation = _evaluation(store, project_id, iteration_id)
    if kind == DomainType.OBJECT_DETECTION:
        return detection.iteration_performance(evaluation, threshold, overlap_threshold)
    return classification.iteration_performance(evaluation, threshold)


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
    kind, evaluation = _evaluation(store, project_id, iteration_id)
    images = sorted(_showing(evaluation, tag_ids), key=lambda image: image.created, reverse=order == OrderBy.NEWEST)
    return [_view(store, project_id, image, evaluation.tags, kind) for image in images[skip : skip + take]]


def get_image_performance_count(store: Store, project_id: UUID, iteration_id: UUID, *, tag_ids: list[UUID]) -> int:
    _completed(store, project_id, iteration_id)
    known = remembered.get((store, iteration_id))
    if not isinstance(known, _Evaluated):
        data = blobs.model_read(store, project_id, iteration_id, "performance.json")
        known = msgspec.json.decode(data, type=_Listed).counted()
        remembered.put((store, iteration_id), known)
    _require_trained(known.tag_ids, tag_ids)
    return sum(number for held, number in known.sets.items() if not tag_ids or held.intersection(tag_ids))


class _Evaluated(Struct, frozen=True):
    """How many images of each exact set of tags an iteration was evaluated on. Never changes once it is completed."""

    tag_ids: frozenset[UUID]
    sets: Mapping[frozenset[UUID], int]


class _Image(Struct):
    tags: list[UUID]


class _Listed(Struct):
    """What counting takes of performance.json, which is large: all but the tags is passed over."""

    tags: list[ModelTag]
    images: list[_Image]

    def counted(self) -> _Evaluated:
        sets = Counter(frozenset(image.tags) for image in self.images)
        return _Evaluated(frozenset(tag.id for tag in self.tags), sets)


def _evaluation(store: Store, project_id: UUID, iteration_id: UUID) -> tuple[DomainType, Evaluation]:
    iteration = _completed(store, project_id, iteration_id)
    data = blobs.model_read(store, project_id, iteration_id, "performance.json")
    return DOMAINS[iteration.domain_id].type, msgspec.json.decode(data, type=Evaluation)


def _completed(store: Store, project_id: UUID, iteration_id: UUID) -> Iteration:
    """Raises ProjectNotFound, IterationNotFound, PerformanceNotFound."""
    iteration = iterations.get_iteration(store, project_id, iteration_id)
    if iteration.status != IterationStatus.COMPLETED:
        raise errors.PerformanceNotFound(f"'{iteration.name}' is {iteration.status}; it has no performance.")
    return iteration


def _showing(evaluation: Evaluation, tag_ids: list[UUID]) -> list[EvaluatedImage]:
    """The images that carry any of the tags, or all where none is given. Raises TagNotFound."""
    _require_trained({tag.id for tag in evaluation.tags}, tag_ids)
    wanted = set(tag_ids)
    return [image for image in evaluation.images if not wanted or wanted & set(image.tags)]


def _require_trained(known: Set[UUID], wanted: Iterable[UUID]) -> None:
    unknown = set(wanted) - known
    if unknown:
        raise errors.TagNotFound(f"The iteration was not trained on tag {min(unknown)}; get_tags lists the project's.")


def _view(
    store: Store, project_id: UUID, image: EvaluatedImage, tags: list[ModelTag], kind: DomainType
) -> ImagePerformance:
    """Tags and regions under the names that the tags had when the iteration was trained."""
    names = {tag.id: tag.name for tag in tags}
    detected = kind == DomainType.OBJECT_DETECTION
    predictions = _detected(image, tags) if detected else _classified(image, tags)
    return ImagePerformance(
        sorted(predictions, key=lambda prediction: prediction.probability, reverse=True),
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
    answers = zip(tags, image.probabilities, strict=True)
    return [Prediction(probability, tag.id, tag.name, tag.type) for tag, probability in answers]


def _detected(image: EvaluatedImage, tags: list[ModelTag]) -> list[Prediction]:
    def prediction(box: EvaluatedBox) -> Prediction:
        tag, place = tags[box.tag], BoundingBox(box.left, box.top, box.width, box.height)
        return Prediction(box.probability, tag.id, tag.name, tag.type, place)

    return [prediction(box) for box in image.boxes]


def _regions(image: EvaluatedImage, names: Mapping[UUID, str]) -> list[ImageRegion]:
    return [
        ImageRegion(r.region_id, names[r.tag_id], r.created, r.tag_id, r.left, r.top, r.width, r.height)
        for r in image.regions
        if r.tag_id in names
    ]
