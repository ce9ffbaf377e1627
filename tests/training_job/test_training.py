"""The training job on real storage: what it leaves behind, and that it can be killed and run again."""

import signal
import subprocess
import sys
import time
from base64 import b64decode
from pathlib import Path
from uuid import uuid4

import msgspec
import numpy as np
import onnx
import pytest
from msgspec import UNSET

from shared.learning.classifier_recipe import quick
from shared.models.messages.events import EventType
from shared.models.messages.jobs import BackbonesJob, TrainJob
from shared.models.messages.tasks import Announce, AnyTask
from shared.models.training.evaluations import Evaluation
from shared.models.training.iterations import IterationRecord, IterationStatus
from shared.models.training.model_spec import ModelSpec
from shared.models.workspace.domains import DOMAINS, DomainType
from shared.models.workspace.projects import ClassificationType
from shared.models.workspace.tags import TagType
from shared.prediction.model import Model
from shared.settings import ROOT, Settings
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.training import backbones as stored_backbones
from shared.storage.training import datasets, iterations
from tests.learning.scenes import drawn
from tests.training_job.jobs import SHAPES, TAGS, environment, in_environment, iteration_of, prepared, train
from training_job import heartbeat, training
from training_job.__main__ import main
from training_job.graphs.classifier import head_of
from training_job.heartbeat import Heartbeat
from training_job.result import Claim


@pytest.fixture(autouse=True)
def no_other_messages(store: Store) -> None:
    """A look at a queue shows its first messages only."""
    store.queues["events"].clear_messages()


def announced(store: Store, of: TrainJob) -> list[Announce]:
    contents = [b64decode(message.content) for message in store.queues["events"].peek_messages(32)]
    tasks: list[AnyTask] = [msgspec.json.decode(content, type=AnyTask) for content in contents]
    return [task for task in tasks if isinstance(task, Announce) and task.iteration.id == of.iteration_id]


def test_a_job_leaves_a_model_its_description_and_its_results(store: Store) -> None:
    of = prepared(store)
    train(store, of)
    iteration = iteration_of(store, of)
    assert (iteration.status, iteration.training_error_details) == (IterationStatus.COMPLETED, None)
    assert iteration.training_time_in_minutes == 1
    assert iteration.trained_at == iteration.last_modified > iteration.created

    ids = of.project_id, of.iteration_id
    graph, description = (blobs.model_read(store, *ids, name) for name in ("model.onnx", "model.json"))
    tags = msgspec.json.decode(description, type=ModelSpec).tags
    assert [(tag.name, tag.type) for tag in tags] == [("disc", TagType.REGULAR), ("none", TagType.NEGATIVE)]
    results = msgspec.json.decode(blobs.model_read(store, *ids, "performance.json"), type=Evaluation)
    assert [len(image.probabilities) for image in results.images] == [2] * 10
    assert {image.tags[0] for image in results.images} == {tag.id for tag in TAGS}
    model = Model.load(graph, description)
    assert [model.predict(drawn(shape, 77))[0].tag_name for shape in SHAPES] == ["disc", "none"]


def test_a_job_continues_from_an_iteration_of_another_project(store: Store) -> None:
    base = prepared(store, images=20)
    train(store, base)
    continued, alone = prepared(store, 6, base), prepared(store, 6)
    for of in (continued, alone):
        train(store, of)

    def weights(of: TrainJob) -> np.ndarray:
        graph = blobs.model_read(store, of.project_id, of.iteration_id, "model.onnx")
        return head_of(onnx.load_from_string(graph))[0].weights

    distances = [np.linalg.norm(weights(of) - weights(base)) for of in (continued, alone)]
    assert distances[0] < 0.5 * distances[1]


def test_a_base_that_was_deleted_fails_the_iteration_with_the_reason(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = prepared(store, base=prepared(store))
    in_environment(monkeypatch, of, settings)
    assert main() == 1
    assert "train again without it" in (iteration_of(store, of).training_error_details or "")


def test_an_iteration_that_ended_tells_where_it_can_be_exported_to_and_what_it_claims(store: Store) -> None:
    of, failed = (prepared(store, images=0) for _ in range(2))
    assert iteration_of(store, of).exportable_to is None
    training.finish(store, of.project_id, of.iteration_id, None, Claim(0.5, 0.9))
    training.finish(store, failed.project_id, failed.iteration_id, "It failed.")
    assert [iteration_of(store, each).exportable_to for each in (of, failed)] == [[], []]
    assert (iteration_of(store, of).right_at_least, iteration_of(store, of).right_at_most) == (0.5, 0.9)
    assert iteration_of(store, failed).right_at_least is UNSET


def test_a_job_announces_its_end_and_lets_the_next_training_begin(store: Store) -> None:
    of = prepared(store)
    train(store, of)
    assert [task.event for task in announced(store, of)] == [EventType.ITERATION_TRAINED]
    iterations.lock_training(store, of.project_id, uuid4())
    run = iterations.get(store, of.project_id, of.iteration_id).run
    assert run.heartbeat is not None


def test_a_second_run_changes_nothing(store: Store) -> None:
    of = prepared(store)
    train(store, of)
    first = iteration_of(store, of)
    train(store, of)
    assert iteration_of(store, of) == first


def test_a_missing_picture_fails_the_iteration_with_the_reason(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = prepared(store)
    dataset = datasets.read(store, of.project_id, of.iteration_id)
    assert dataset
    blobs.delete_pictures(store, of.project_id, dataset.images[3].id)
    in_environment(monkeypatch, of, settings)
    assert main() == 1
    iteration = iteration_of(store, of)
    assert iteration.status == IterationStatus.FAILED
    assert str(dataset.images[3].id) in (iteration.training_error_details or "")
    assert [task.event for task in announced(store, of)] == [EventType.ITERATION_FAILED]


def test_an_unforeseen_error_fails_the_iteration(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = prepared(store, images=0)
    in_environment(monkeypatch, of, settings)
    assert main() == 1
    assert (iteration_of(store, of).training_error_details or "").startswith("The training job failed unexpectedly")


def test_a_deleted_iteration_ends_the_job_in_peace(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = prepared(store)
    iterations.delete(store, of.project_id, of.iteration_id)
    in_environment(monkeypatch, of, settings)
    assert main() == 0


def test_without_storage_the_job_asks_to_be_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = Settings(
        storage_connection_string="DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;"
        "BlobEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a;TableEndpoint=http://127.0.0.1:9/a;"
    )
    in_environment(monkeypatch, TrainJob(uuid4(), uuid4()), nowhere)
    assert main() == 75


def test_a_killed_job_is_run_again_and_completes(store: Store, settings: Settings) -> None:
    of = prepared(store, images=40)
    command = [sys.executable, "-m", "training_job"]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, cwd=ROOT, env=environment(of, settings))

    with start() as first:
        deadline = time.monotonic() + 30
        while not iterations.get(store, of.project_id, of.iteration_id).run.heartbeat:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
    assert iteration_of(store, of).status == IterationStatus.TRAINING
    with start() as second:
        assert second.wait(60) == 0
    assert iteration_of(store, of).status == IterationStatus.COMPLETED


def test_the_backbones_are_put_where_functions_find_them(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_environment(monkeypatch, BackbonesJob(uuid4()), settings)
    assert main() == 0
    elsewhere, beside = Path("/nonexistent"), Path(settings.backbones_folder)
    for domain in (each for each in DOMAINS.values() if each.type is DomainType.CLASSIFICATION):
        recipe = quick(domain, ClassificationType.MULTICLASS)
        name = recipe.graph(recipe.backbones[0])
        assert stored_backbones.there(store, elsewhere, name)
    assert stored_backbones.read(store, elsewhere, name) == (beside / name).read_bytes()


def test_a_reason_of_any_length_is_announced(store: Store) -> None:
    of = prepared(store, images=0)
    training.finish(store, of.project_id, of.iteration_id, "It failed. " + "x" * 60_000)
    details = iteration_of(store, of).training_error_details or ""
    assert (details[:10], len(details)) == ("It failed.", 1_000)
    assert [task.event for task in announced(store, of)] == [EventType.ITERATION_FAILED]


class Stumbling(Heartbeat):
    """Its first two beats fail."""

    stumbles = 2

    def _alive(self, record: IterationRecord) -> IterationRecord:
        if self.stumbles:
            self.stumbles -= 1
            raise LookupError("not foreseen")
        return super()._alive(record)


def test_a_heartbeat_goes_on_after_an_unforeseen_error(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(heartbeat, "SECONDS", 0.01)
    of = prepared(store, images=0)
    with Stumbling(store, of.project_id, of.iteration_id, of.attempt):
        deadline = time.monotonic() + 20
        while not iterations.get(store, of.project_id, of.iteration_id).run.heartbeat:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert caplog.text.count("LookupError: not foreseen") == 2
