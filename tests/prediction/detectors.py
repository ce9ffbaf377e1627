"""A detector that finds what is red, green or blue, put where a training would have left it."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import msgspec
from msgspec.structs import replace

from shared.models.training.evaluations import EvaluatedImage, Evaluation
from shared.models.training.iterations import Iteration, IterationRecord, IterationStatus, TrainingRun, TrainingType
from shared.models.training.model_spec import ModelTag
from shared.models.wire import now
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.training import iterations
from tests.prediction.graphs import DETECTION_DOMAIN, make_detector, make_detector_spec

Box = tuple[float, float, float, float]


def put_detector(
    store: Store, project_id: UUID, tags: Sequence[ModelTag] = (), judged: Sequence[EvaluatedImage] = ()
) -> Iteration:
    """A completed iteration with tags for red, green and blue, which are the project's where they are given."""
    spec = make_detector_spec(project_id, uuid4())
    spec = replace(spec, tags=list(tags) or spec.tags)
    iteration = Iteration(
        spec.iteration_id,
        "Iteration 1",
        IterationStatus.COMPLETED,
        now(),
        now(),
        project_id,
        exportable=False,
        domain_id=DETECTION_DOMAIN,
        classification_type=None,
        training_type=TrainingType.REGULAR,
        trained_at=now(),
    )
    iterations.insert(store, IterationRecord(iteration, TrainingRun(revision=0)))
    evaluation = Evaluation(spec.tags, None, list(judged))
    for name, data in (
        ("model.onnx", make_detector()),
        ("performance.json", msgspec.json.encode(evaluation)),
        ("model.json", msgspec.json.encode(spec)),
    ):
        blobs.model_write(store, project_id, iteration.id, name, data)
    return iteration


def boxes_of(result) -> dict[str, Box]:
    """The box of each tag in a prediction."""
    boxes = {each.tag_name: each.bounding_box for each in result.predictions}
    return {tag: (box.left, box.top, box.width, box.height) for tag, box in boxes.items()}
