"""The services under the rights that Bicep gives their identities: a request that Azure would refuse fails the test."""

import base64
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec.structs import replace

from shared.events import Publisher
from shared.models.limits import Limits
from shared.models.messages.tasks import AnyBatchTask, AnyTask, PurgeProject
from shared.models.serving.batches import BatchRequest, BatchStatus
from shared.models.serving.camera import Frame, Step, Upload
from shared.models.serving.predictions import CameraFeedback, PredictionOrder
from shared.models.training.iterations import Iteration, TrainingParameters, TrainingType
from shared.models.wire import now
from shared.models.workspace.domains import DomainType
from shared.models.workspace.images import GivenFile, ImageFileCreateBatch, ImageFileCreateEntry
from shared.operations import audit, upkeep
from shared.operations.serving import batches, camera, prediction, publish, shares
from shared.operations.serving.quota import Quota
from shared.operations.training import train
from shared.operations.transfer import project_export
from shared.operations.workspace import projects, tags, uploads
from shared.prediction.sessions import Sessions
from shared.settings import Settings
from shared.storage.account import blobs
from shared.storage.account import store as account
from shared.storage.account.store import CONTAINERS, Store
from shared.storage.columns import snapshot
from shared.storage.serving import predictions, results
from shared.storage.serving import published as stored_names
from tests.infra.rights import Forbidden, Guard
from tests.operations.projects import create_project, project_id
from tests.pictures import picture
from tests.prediction import graphs
from tests.training_job import jobs
from training_job import training

__all__ = ["create_project", "project_id"]
OpenAs = Callable[[str], tuple[Store, Guard]]
LIMITS = Limits(images_per_tag=2)
EVERYTHING = CameraFeedback(0, 1, 0, per_day=10)


@pytest.fixture
def open_as(settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAs]:
    """Open the store as one of the identities; with the guard that knows what it needed."""
    opened: list[Store] = []

    def open_as(identity: str) -> tuple[Store, Guard]:
        guard = Guard(settings, identity)
        monkeypatch.setattr(account, "Transport", lambda: guard)
        opened.append(Store.open(settings))
        return opened[-1], guard

    for queue in store.queues.values():
        queue.clear_messages()
    yield open_as
    for each in opened:
        each.close()


@pytest.fixture
def published(store: Store, project_id: UUID) -> UUID:
    """A project that serves a model as `live`."""
    graphs.publish(store, project_id, graphs.put_model(store, project_id, "apple"))
    return project_id


def taken(store: Store, queue: str) -> Iterator[bytes]:
    """Messages, as a trigger takes them."""
    for message in store.queues[queue].receive_messages(messages_per_page=32):
        yield base64.b64decode(message.content)
        store.queues[queue].delete_message(message)


@pytest.mark.parametrize("identity", ["training", "prediction", "camera", "job"])
def test_no_identity_may_make_a_container(open_as: OpenAs, identity: str) -> None:
    opened, _ = open_as(identity)
    with pytest.raises(Forbidden):
        opened.containers["uploads"].create_container()


def test_prediction_may_predict_and_no_more(open_as: OpenAs, settings: Settings, published: UUID) -> None:
    opened, guard = open_as("prediction")
    sessions = Sessions(opened, settings)
    for keep in (False, True):
        request = prediction.Request(picture("apple", 1), uuid4(), "", keep)
        prediction.predict(opened, sessions, LIMITS, request, published, "live", DomainType.CLASSIFICATION)
    sessions.close()
    audit.note_rotation(opened, "prediction", ["a", "b"])
    assert guard.unused() == []
    with pytest.raises(Forbidden):
        graphs.publish(opened, published, uuid4())
    with pytest.raises(Forbidden):
        blobs.model_write(opened, published, uuid4(), "model.onnx", b"")
    with pytest.raises(Forbidden):
        projects.get_project(opened, published)


def test_the_camera_may_take_pictures_to_their_results_and_no_more(
    open_as: OpenAs, store: Store, settings: Settings, published: UUID
) -> None:
    path, publisher = f"{published}/live/1.jpg", Publisher.open(settings)
    blobs.write(store, "uploads", path, picture("apple", 1))
    blobs.write(store, "deadletters", f"{published}.json", b"no JSON")
    stored_names.update(store, published, "live", lambda name: replace(name, camera_feedback=EVERYTHING))
    opened, guard = open_as("camera")
    sessions = Sessions(opened, settings)
    assert camera.preprocess(opened, publisher, LIMITS, Upload(path, "any")) == Step.QUEUED
    for message in taken(opened, "frames"):
        camera.predict(opened, publisher, sessions, msgspec.json.decode(message, type=Frame))
    camera.reject_dead_letters(opened, publisher)
    blobs.write(store, "archives", path, picture("apple", 1))
    batches.start_batch(store, LIMITS, settings.archives, published, BatchRequest("live", prefix=path), by="")
    context = shares.Predicting(opened, publisher, sessions, Quota(opened, 1_000_000), LIMITS)
    for _ in ("listed", "predicted"):
        for message in taken(opened, "batches"):
            shares.step(context, msgspec.json.decode(message, type=AnyBatchTask))
    (batch,) = batches.get_batches(store, published)
    assert (batch.status, batch.failed) == (BatchStatus.COMPLETED, 0)
    batches.expire(opened)
    kept = predictions.query(store, published, PredictionOrder.NEWEST, since=None, until=None, keep=bool, take=2)
    assert len(kept.items) == 1
    results.expire(opened, now() + timedelta(days=1))
    sessions.close()
    assert {right.scope for right in guard.unused()} == {"queue frames-poison", "queue batches-poison"}
    with pytest.raises(Forbidden):
        blobs.write(opened, "uploads", path, b"")
    with pytest.raises(Forbidden):
        projects.get_project(opened, published)


def test_the_job_may_train_and_no_more(open_as: OpenAs, store: Store) -> None:
    of = jobs.prepared(store)
    opened, guard = open_as("job")
    jobs.train(opened, of)
    assert guard.unused() == []
    with pytest.raises(Forbidden):
        graphs.publish(opened, of.project_id, of.iteration_id)
    with pytest.raises(Forbidden):
        blobs.delete_pictures(opened, of.project_id, uuid4())


def test_training_may_take_a_project_from_its_start_to_its_end(
    open_as: OpenAs, store: Store, settings: Settings, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "SHORTEST", 1)
    opened, guard = open_as("training")
    publisher, sessions = Publisher.open(settings), Sessions(opened, settings)
    # There is no job to start here: that is left to upkeep_watch_trainings.
    iteration_id = begun(opened, replace(settings, launcher="container-apps", limits=LIMITS), project_id).id
    ended(store, project_id, iteration_id)
    publish.publish_iteration(
        opened, project_id, iteration_id, publish_name="live", prediction_id="any", overwrite=False
    )
    request = prediction.Request(picture("apple", 1), uuid4(), "", True)
    prediction.quick_test(opened, sessions, LIMITS, request, project_id, iteration_id)
    none = BatchRequest("live", prefix="none/")
    batches.start_batch(opened, LIMITS, settings.archives, project_id, none, by="")
    publish.unpublish_iteration(opened, project_id, iteration_id)
    audit.note_rotation(opened, "training", ["a", "b"])
    project_export.export_project(opened, project_id)
    blobs.write(store, "frames", f"{project_id}.jpg", b"a frame")
    results.expire_frames(opened, now() + timedelta(days=1))
    projects.delete_project(opened, project_id)
    done = [
        msgspec.json.decode(message, type=AnyTask)
        for queue in ("events", "work", "upkeep")
        for message in taken(opened, queue)
    ]
    assert PurgeProject in {type(task) for task in done}
    for task in done:
        upkeep.do(opened, settings, publisher, task)
    sessions.close()
    assert {right.scope for right in guard.unused()} == {
        f"queue {name}-poison" for name in ("events", "work", "upkeep")
    }


@pytest.mark.parametrize("container", ["uploads", "results", "deadletters"])
def test_training_does_not_see_what_is_the_cameras(open_as: OpenAs, container: str) -> None:
    opened, _ = open_as("training")
    with pytest.raises(Forbidden):
        blobs.read(opened, next(name for name in CONTAINERS if name == container), "any")


def begun(store: Store, settings: Settings, project_id: UUID) -> Iteration:
    made = [
        tags.create_tag(store, settings.limits, project_id, name=name, description=None, kind=None)
        for name in ("apple", "leaf")
    ]
    for tag in made:
        images = [GivenFile(ImageFileCreateEntry(picture(tag.name, seed), tag_ids=[tag.id])) for seed in range(2)]
        uploads.create_images_from_files(store, settings, project_id, ImageFileCreateBatch(images=images))
    return train.train_project(
        store,
        settings,
        project_id,
        training_type=TrainingType.REGULAR,
        reserved_budget_in_hours=0,
        force_train=False,
        notification_email_address=None,
        parameters=TrainingParameters(),
    )


def ended(store: Store, project_id: UUID, iteration_id: UUID) -> None:
    """What the job does."""
    spec = graphs.make_spec(project_id, iteration_id, ["apple", "leaf"])
    blobs.model_write(store, project_id, iteration_id, "model.json", msgspec.json.encode(spec))
    blobs.model_write(store, project_id, iteration_id, "model.onnx", graphs.make_graph(2))
    training.finish(store, project_id, iteration_id, None)
