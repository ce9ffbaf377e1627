"""One training job: from the dataset to the end of the iteration. Can be killed and run again at any moment."""

import logging
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec.structs import replace

from shared.errors import ImageNotFound
from shared.learning.embeddings import Picture
from shared.models.messages.jobs import TrainJob
from shared.models.training.datasets import Dataset
from shared.models.training.evaluations import Evaluation
from shared.models.training.iterations import (
    REASON_LENGTH,
    Iteration,
    IterationRecord,
    IterationStatus,
    TrainingType,
)
from shared.models.training.model_spec import ModelSpec, ModelTag
from shared.models.wire import now
from shared.models.workspace.domains import DOMAINS
from shared.operations.training.ending import end_training
from shared.packages.platforms import refusing
from shared.settings import JobSettings
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.training import datasets, evaluations, iterations
from training_job import checkpoint
from training_job.heartbeat import Heartbeat
from training_job.result import Claim, Result

# Seconds to store the model.
STORING = 30.0

log = logging.getLogger(__name__)


class TrainingFailed(Exception):
    """Trying again would not help; the message becomes the iteration's trainingErrorDetails."""


def run(store: Store, settings: JobSettings, job: TrainJob) -> None:
    """Train an iteration, unless that has been done. Raises what makes it fail."""
    project_id, iteration_id = job.project_id, job.iteration_id
    record = iterations.get(store, project_id, iteration_id)
    if record.iteration.status != IterationStatus.TRAINING:
        log.info("Iteration %s is %s already", iteration_id, record.iteration.status)
        return
    with Heartbeat(store, project_id, iteration_id, job.attempt) as heartbeat:
        dataset = datasets.read(store, project_id, iteration_id)
        if dataset is None:
            raise TrainingFailed("The iteration has no dataset; train again.")
        result = _train(store, settings, dataset, record.iteration, heartbeat)
        heartbeat.report(0.95, "Storing the model")
        spec = _described(dataset, result)
        _store(store, dataset, spec, result)
    finish(store, project_id, iteration_id, None, result.claim, refusing(result.graph, spec))


def finish(
    store: Store,
    project_id: UUID,
    iteration_id: UUID,
    failure: str | None,
    claim: Claim | None = None,
    refused: Sequence[str] = (),
) -> None:
    """Complete or fail an iteration that is still in training, announce it, and let the next training begin. Its model
    can't be exported to the platforms that are `refused`.
    """

    def change(record: IterationRecord) -> IterationRecord:
        if record.iteration.status != IterationStatus.TRAINING:
            return record
        told = {"right_at_least": claim.at_least, "right_at_most": claim.at_most} if claim else {}
        platforms = {"not_exportable_to": list(refused)} if refused else {}
        return replace(record, iteration=replace(_ended(record, failure, now()), **told, **platforms))

    end_training(store, iterations.update(store, project_id, iteration_id, change))
    checkpoint.delete(store, project_id, iteration_id)


def _ended(record: IterationRecord, failure: str | None, time: datetime) -> Iteration:
    minutes = (time - record.iteration.created).total_seconds() / 60
    return replace(
        record.iteration,
        status=IterationStatus.FAILED if failure else IterationStatus.COMPLETED,
        last_modified=time,
        training_time_in_minutes=max(1, math.ceil(minutes)),
        training_error_details=failure and failure[:REASON_LENGTH],
        exportable_to=[],
        **({} if failure else {"trained_at": time}),
    )


def _train(store: Store, settings: JobSettings, dataset: Dataset, iteration: Iteration, heartbeat: Heartbeat) -> Result:
    of_kind = _train_classifier if dataset.header.classification_type else _train_detector
    return of_kind(store, settings, dataset, iteration, heartbeat)


def _train_detector(
    store: Store, settings: JobSettings, dataset: Dataset, iteration: Iteration, heartbeat: Heartbeat
) -> Result:
    # Torch comes with it, which takes seconds and a lot of memory that a classifier spares.
    from training_job.detection.detector_recipe import RECIPE, TUNING
    from training_job.detection.detector_training import pretrained, train_detector
    from training_job.detection.light.train import Advanced

    shrunken, folder = settings.job_shrunken, Path(settings.backbones_folder)
    kept, tuning_kept = checkpoint.of_iteration(store, iteration.project_id, iteration.id)
    recipe, tuning = (RECIPE.quick(), TUNING.quick()) if shrunken else (RECIPE, TUNING)
    advanced = None
    if iteration.training_type == TrainingType.ADVANCED:
        other = pretrained(settings, dataset, recipe)
        advanced = Advanced(tuning, tuning_kept, partial(_left, iteration), other)
    return train_detector(dataset, _pictures(store, dataset), recipe, folder, kept, heartbeat.report, advanced)


def _left(iteration: Iteration) -> float:
    """Seconds of the budget, which began with the train call: a job that died and was started again has no other."""
    budget = timedelta(hours=iteration.budget_hours)
    return (iteration.created + budget - now()).total_seconds() - STORING


def _train_classifier(
    store: Store, settings: JobSettings, dataset: Dataset, iteration: Iteration, heartbeat: Heartbeat
) -> Result:
    # SciPy comes with it, which takes half a second that a detector spares.
    from training_job.classification.advanced import Effort
    from training_job.classification.base import BaseUnusable
    from training_job.classification.classifier_training import train_classifier
    from training_job.classification.tuning_recipe import TUNING

    folder, base = Path(settings.backbones_folder), iteration.custom_base_model_info
    effort = None
    if iteration.training_type == TrainingType.ADVANCED:
        _, kept = checkpoint.of_iteration(store, iteration.project_id, iteration.id)
        effort = Effort(partial(_left, iteration), TUNING.quick() if settings.job_shrunken else TUNING, kept)
    pictures, report, larger = _pictures(store, dataset), heartbeat.report, settings.large_classifier
    try:
        return train_classifier(store, dataset, pictures, folder, base, report, effort, larger)
    except BaseUnusable as error:
        raise TrainingFailed(str(error)) from error


def _pictures(store: Store, dataset: Dataset) -> list[Picture]:
    def read(image_id: UUID) -> bytes:
        try:
            return blobs.picture(store, dataset.header.project_id, image_id, "resized")
        except ImageNotFound:
            raise TrainingFailed(f"Image {image_id} was deleted for good during the training; train again.") from None

    return [Picture(image.sha256, partial(read, image.id)) for image in dataset.images]


def _described(dataset: Dataset, result: Result) -> ModelSpec:
    header = dataset.header
    return ModelSpec(
        header.project_id,
        header.iteration_id,
        header.domain_id,
        DOMAINS[header.domain_id].type,
        header.classification_type,
        [ModelTag(tag.id, tag.name, tag.type) for tag in header.tags],
        result.preprocessing,
        now(),
        result.architecture,
    )


def _store(store: Store, dataset: Dataset, spec: ModelSpec, result: Result) -> None:
    """The description last: where it is, the rest is."""
    project_id, iteration_id = spec.project_id, spec.iteration_id
    evaluation = Evaluation(spec.tags, dataset.header.classification_type, result.evaluated)
    blobs.model_write(store, project_id, iteration_id, "model.onnx", result.graph)
    evaluations.write(store, project_id, iteration_id, evaluation)
    blobs.model_write(store, project_id, iteration_id, "model.json", msgspec.json.encode(spec))
