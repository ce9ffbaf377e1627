"""Iterations with an evaluation made by hand, put where a training would have left it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from shared.models.training.evaluations import EvaluatedBox, EvaluatedImage, Evaluation
from shared.models.training.iterations import Iteration, IterationRecord, IterationStatus, TrainingRun, TrainingType
from shared.models.training.model_spec import ModelTag
from shared.models.wire import now
from shared.models.workspace.domains import GENERAL
from shared.models.workspace.images import RegionMark, new_region_id
from shared.models.workspace.projects import ClassificationType
from shared.storage.account.store import Store
from shared.storage.training import evaluations, iterations

TIME = now()
Box = tuple[float, float, float, float]


def judged(
    at: int, tags: Sequence[UUID], probabilities: Sequence[float] = (), image_id: UUID | None = None
) -> EvaluatedImage:
    """The `at`-th newest."""
    created = TIME - timedelta(seconds=at)
    return EvaluatedImage(image_id or uuid4(), created, 640, 480, list(tags), probabilities=list(probabilities))


def judged_boxes(
    at: int, truths: Sequence[tuple[UUID, Box]], found: Sequence[tuple[int, float, Box]]
) -> EvaluatedImage:
    image = judged(at, list(dict.fromkeys(tag_id for tag_id, _ in truths)))
    regions = [RegionMark(new_region_id(image.id), tag_id, TIME, *box) for tag_id, box in truths]
    boxes = [EvaluatedBox(tag, probability, *box) for tag, probability, box in found]
    return EvaluatedImage(image.id, image.created, 640, 480, image.tags, regions=regions, boxes=boxes)


def put_judged(
    store: Store,
    project_id: UUID,
    tags: Sequence[ModelTag],
    images: Sequence[EvaluatedImage],
    *,
    kind: ClassificationType | None = ClassificationType.MULTICLASS,
    domain_id: UUID = GENERAL,
    status: IterationStatus = IterationStatus.COMPLETED,
) -> UUID:
    """The id of the iteration that said so of these images."""
    iteration = Iteration(
        uuid4(),
        f"Iteration {uuid4()}",
        status,
        now(),
        now(),
        project_id,
        domain_id=domain_id,
        classification_type=kind,
        training_type=TrainingType.REGULAR,
    )
    iterations.insert(store, IterationRecord(iteration, TrainingRun(revision=0)))
    if status is IterationStatus.COMPLETED:
        evaluations.write(store, project_id, iteration.id, Evaluation(list(tags), kind, list(images)))
    return iteration.id
