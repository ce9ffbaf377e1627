"""A completed iteration, put where a training would have left it."""

from collections.abc import Sequence

import msgspec

from shared.models.training.evaluations import EvaluatedImage, Evaluation
from shared.models.training.iterations import Iteration, IterationRecord, IterationStatus, TrainingRun, TrainingType
from shared.models.training.model_spec import ModelSpec
from shared.models.wire import now
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.training import iterations


def put_trained(
    store: Store, spec: ModelSpec, graph: bytes, judged: Sequence[EvaluatedImage] = (), name: str = "Iteration 1"
) -> Iteration:
    iteration = Iteration(
        spec.iteration_id,
        name,
        IterationStatus.COMPLETED,
        now(),
        now(),
        spec.project_id,
        domain_id=spec.domain_id,
        classification_type=spec.classification_type,
        training_type=TrainingType.REGULAR,
        trained_at=now(),
    )
    iterations.insert(store, IterationRecord(iteration, TrainingRun(revision=0)))
    evaluation = Evaluation(spec.tags, spec.classification_type, list(judged))
    for file, data in (
        ("model.onnx", graph),
        ("performance.json", msgspec.json.encode(evaluation)),
        ("model.json", msgspec.json.encode(spec)),
    ):
        blobs.model_write(store, spec.project_id, iteration.id, file, data)
    return iteration
