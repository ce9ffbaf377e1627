"""What becomes in the camera app of steps of batches that fail on every attempt."""

from uuid import uuid4

import azure.functions as func
import msgspec
import pytest

from function_app import build
from functions import camera
from functions.edge import retrying
from functions.edge.runtime import Runtime
from local.host.functions import index
from shared.errors import ServiceUnavailable
from shared.models.limits import Limits
from shared.models.messages.tasks import ListBatch
from shared.models.serving.batches import BatchRequest, BatchStatus
from shared.operations.serving import batches, shares
from tests.operations.projects import create_project, project_id
from tests.prediction.graphs import publish, put_model

__all__ = ["create_project", "project_id"]


@pytest.fixture
def tidy(settings, monkeypatch):
    app = Runtime(settings)
    monkeypatch.setattr(camera, "runtime", lambda: app)
    (function,) = (each for each in index(build("camera")) if each.name == "camera_tidy")
    return lambda: function.handler(timer=func.timer.TimerRequest(past_due=False))


def test_a_step_that_lies_aside_ends_its_batch(store, settings, project_id, tidy):
    publish(store, project_id, put_model(store, project_id, "apple"))
    batch = batches.start_batch(store, Limits(), settings.archives, project_id, BatchRequest("live"), by="somebody")
    aside = store.queues["batches-poison"]
    aside.send_message(msgspec.json.encode(ListBatch(project_id, batch.id)).decode())
    tidy()
    ended = batches.get_batch(store, project_id, batch.id)
    assert (ended.status, "could not be listed" in (ended.message or "")) == (BatchStatus.FAILED, True)
    assert aside.get_queue_properties().approximate_message_count == 0
    store.queues["batches"].clear_messages()


def fail(fault: Exception) -> None:
    raise fault


def test_a_step_that_fails_for_good_is_put_aside_and_one_that_may_pass_is_sent_anew(store, settings, monkeypatch):
    app, task = Runtime(settings), ListBatch(uuid4(), uuid4())
    monkeypatch.setattr(retrying, "runtime", lambda: app)
    last = func.queue.QueueMessage(id="1", body=msgspec.json.encode(task), dequeue_count=retrying.ATTEMPTS)
    with pytest.raises(ValueError, match="ours"), retrying.retried(last, task, shares.AGAIN):
        fail(ValueError("a fault of ours"))
    assert store.queues["batches"].get_queue_properties().approximate_message_count == 0
    with retrying.retried(last, task, shares.AGAIN):
        fail(ServiceUnavailable("away"))
    assert store.queues["batches"].get_queue_properties().approximate_message_count == 1
    store.queues["batches"].clear_messages()
