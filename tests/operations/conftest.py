"""Projects made by the operations themselves, without HTTP."""

from functools import partial
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from shared import launcher
from shared.models.messages.tasks import Announce, PrepareTraining, WatchTraining
from shared.models.training.datasets import DatasetHeader
from shared.models.training.evaluations import EvaluatedImage, Evaluation
from shared.models.training.iterations import ExecutionStatus, IterationRecord, Launched
from shared.models.training.model_spec import ModelTag
from shared.models.workspace.domains import GENERAL
from shared.operations.training import train
from shared.operations.transfer import project_export
from shared.storage.account import blobs, queues
from shared.storage.training import datasets
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import ledger
from shared.storage.workspace import tags as stored_tags
from tests.operations.making import create_images, record_of, tag_of
from tests.operations.projects import create_project, project_id
from tests.operations.transfers import Copy, marked, records
from tests.prediction.graphs import make_graph, make_spec
from tests.storage.making import delete_image

__all__ = ["create_project", "project_id"]


class Launches:
    """The jobs that were asked for; none is started, and tasks are kept to be done by the test."""

    def __init__(self) -> None:
        self.launched: list[UUID] = []
        self.statuses: dict[str, ExecutionStatus] = {}
        self.attempts: list[int] = []
        self.asked: list[str] = []
        self.stopped: list[str] = []
        self.tasks: list[PrepareTraining | Announce] = []
        self.watches: list[WatchTraining] = []

    def launch(self, settings, job) -> Launched:
        self.launched.append(job.iteration_id)
        self.attempts.append(job.attempt)
        return Launched(f"job-{len(self.launched)}", "the logs")

    def status(self, settings, execution) -> ExecutionStatus:
        self.asked.append(execution)
        return self.statuses.get(execution, ExecutionStatus.RUNNING)

    def stop(self, settings, execution) -> None:
        self.stopped.append(execution)

    def send(self, store, task, delay=0.0) -> None:
        (self.watches if isinstance(task, WatchTraining) else self.tasks).append(task)

    def of(self, kind) -> list[PrepareTraining | Announce]:
        return [task for task in self.tasks if isinstance(task, kind)]


@pytest.fixture
def exported(store, settings, project_id):
    """The token of a project of five images in two tags, of which one is untagged."""
    apple, leaf = tag_of(store, project_id), tag_of(store, project_id, "leaf")
    ids = create_images(store, settings, project_id, range(5))
    for number, image_id in enumerate(ids[:4]):
        stored_images.update(store, project_id, image_id, partial(marked, [(apple, leaf)[number % 2].id]))
    return project_export.export_project(store, project_id).token


@pytest.fixture
def copy(web, exported) -> Copy:
    return Copy(web, exported)


@pytest.fixture
def trained(store, project_id, exported):
    """A completed iteration of the exported project, which alone holds one of its images."""
    found, names = records(store, project_id), stored_tags.names(store, project_id)
    record = record_of(project_id)
    iteration = replace(record.iteration, domain_id=GENERAL)
    run = replace(record.run, revision=ledger.revision(store, project_id), selected_tags=list(names))
    stored_iterations.insert(store, IterationRecord(iteration, run))
    header = DatasetHeader(project_id, iteration.id, GENERAL, None, list(names.values()))
    datasets.write(store, header, [image for image in found if image.tags])
    tags = [ModelTag(tag.id, tag.name) for tag in names.values()]
    spec = replace(make_spec(project_id, iteration.id, []), tags=tags)
    judged = [EvaluatedImage(i.id, i.created, i.width, i.height, list(i.tag_ids), [0.3, 0.7]) for i in found if i.tags]
    for name, data in (
        ("model.onnx", make_graph(2)),
        ("model.json", msgspec.json.encode(spec)),
        ("performance.json", msgspec.json.encode(Evaluation(tags, None, judged))),
    ):
        blobs.model_write(store, project_id, iteration.id, name, data)
    delete_image(store, project_id, next(image.id for image in found if image.tags))
    return iteration


@pytest.fixture
def launches(monkeypatch):
    launches = Launches()
    for name in ("launch", "status", "stop"):
        monkeypatch.setattr(launcher, name, getattr(launches, name))
    monkeypatch.setattr(queues, "send", launches.send)
    return launches


@pytest.fixture
def large(monkeypatch):
    monkeypatch.setattr(train, "FROZEN_AT_ONCE", 3)
