"""Jobs to be done by the test, and the ways to do one."""

from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from shared.imaging.resize import copies
from shared.models.messages.jobs import AnyJob, TrainJob, to_environment
from shared.models.training.datasets import DatasetHeader
from shared.models.training.iterations import (
    CustomBaseModelInfo,
    Iteration,
    IterationRecord,
    IterationStatus,
    TrainingRun,
    TrainingType,
)
from shared.models.wire import now
from shared.models.workspace.domains import GENERAL
from shared.models.workspace.images import ImageRecord, TagMark, new_image_id
from shared.models.workspace.projects import ClassificationType, Project, ProjectSettings
from shared.models.workspace.tags import Tag, TagType
from shared.settings import JobSettings, Settings, child_environment
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.training import datasets, iterations
from shared.storage.workspace import projects
from tests.learning.scenes import drawn
from training_job import training

SHAPES = ("disc", "stripes")
TAGS = [Tag(UUID(int=1), "disc", None), Tag(UUID(int=2), "none", None, TagType.NEGATIVE)]


def prepared(store: Store, images: int = 10, base: TrainJob | None = None) -> TrainJob:
    """A project with an iteration in training whose dataset is frozen; its job."""
    time, project_id, iteration_id = now(), uuid4(), uuid4()
    kind = ClassificationType.MULTICLASS
    projects.insert(store, Project(project_id, str(project_id), None, ProjectSettings(GENERAL, kind), time, time))
    header = DatasetHeader(project_id, iteration_id, GENERAL, kind, TAGS)
    datasets.write(store, header, [stored(store, project_id, position) for position in range(images)])
    status, regular = IterationStatus.TRAINING, TrainingType.REGULAR
    iteration = Iteration(iteration_id, "Iteration 1", status, time, time, project_id, GENERAL, kind, regular)
    if base:
        info = CustomBaseModelInfo(base.project_id, base.iteration_id)
        iteration = replace(iteration, custom_base_model_info=info)
    iterations.lock_training(store, project_id, iteration_id)
    iterations.insert(store, IterationRecord(iteration, TrainingRun(1, started=time)))
    return TrainJob(project_id, iteration_id)


def asked_for(store: Store, base: TrainJob | None = None) -> TrainJob:
    """An advanced training, or one that continues."""
    of = prepared(store, 6, base)

    def change(record: IterationRecord) -> IterationRecord:
        return replace(record, iteration=replace(record.iteration, training_type=TrainingType.ADVANCED))

    iterations.update(store, of.project_id, of.iteration_id, change)
    return of


def stored(store: Store, project_id: UUID, position: int) -> ImageRecord:
    data, image_id = drawn(SHAPES[position % 2], position), new_image_id()
    blobs.put_picture(store, project_id, image_id, "resized", copies(data).resized, "image/jpeg")
    mark = TagMark(TAGS[position % 2].id, now())
    return ImageRecord(image_id, now(), 96, 72, sha256(data).hexdigest(), [mark])


def record_of(store: Store, of: TrainJob) -> IterationRecord:
    return iterations.get(store, of.project_id, of.iteration_id)


def iteration_of(store: Store, of: TrainJob) -> Iteration:
    return record_of(store, of).iteration


def train(store: Store, of: TrainJob, large_detector: str = "") -> None:
    training.run(store, JobSettings(job=of, large_detector=large_detector), of)


def environment(of: AnyJob, settings: Settings) -> dict[str, str]:
    return child_environment(STORAGE_CONNECTION_STRING=settings.storage_connection_string, **to_environment(of))


def in_environment(monkeypatch: pytest.MonkeyPatch, of: AnyJob, settings: Settings) -> None:
    for name, value in environment(of, settings).items():
        monkeypatch.setenv(name, value)
