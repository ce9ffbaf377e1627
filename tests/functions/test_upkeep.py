"""The queues of tasks: what others wait for is told at once, and no task is given up."""

import json
from collections.abc import Callable, Iterator
from threading import Event
from uuid import uuid4

import azure.functions as func
import msgspec
import pytest
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import Project
from msgspec.structs import replace

from function_app import build
from functions import upkeep
from functions.edge import retrying
from functions.edge.runtime import Runtime
from local.host.functions import HostedFunction, index
from local.service import Service
from shared.errors import ServiceUnavailable
from shared.models.messages.events import EventType
from shared.models.messages.tasks import Announce, PurgeProject, Task
from shared.settings import ROOT, Settings
from shared.storage.account import queues
from shared.storage.account.store import Store
from tests.operations.making import record_of
from tests.servers import Answer, Request, serving
from tests.web import Web

# More than the host takes of a queue at once.
IMPORTS = 12


class SlowHost:
    """A host of exports that answers for everything but their beginning when it is let go."""

    def __init__(self, info: bytes) -> None:
        self.info, self.asked, self.let_go = info, 0, Event()

    def answer(self, request: Request) -> Answer:
        if request.path.endswith("info.json"):
            return Answer(body=self.info)
        self.asked += 1
        self.let_go.wait(25)
        return Answer(404)


def announcement() -> Announce:
    return Announce(EventType.ITERATION_TRAINED, str(uuid4()), record_of(uuid4()).iteration)


def is_told(service: Service, task: Announce) -> bool:
    told = service.data / "events.jsonl"
    return told.exists() and task.id in {json.loads(line)["id"] for line in told.read_text().splitlines()}


def test_an_announcement_is_not_held_up_by_imports_that_wait(
    service: Service,
    storage: Store,
    training: CustomVisionTrainingClient,
    project: Project,
    web: Web,
    eventually: Callable[..., None],
) -> None:
    slow = SlowHost(web.get(training.export_project(project.id).token))
    with serving(slow.answer) as port:
        imports = [
            training.import_project(f"http://127.0.0.1:{port}/exports/{number}/info.json") for number in range(IMPORTS)
        ]
        eventually(lambda: slow.asked > 1)
        task = announcement()
        queues.send(storage, task)
        eventually(lambda: is_told(service, task), 10)
        assert {training.get_project(each.id).status for each in imports} == {"Importing"}
        for each in imports:
            training.delete_project(each.id)
        slow.let_go.set()


def test_what_lies_in_the_former_queue_is_done(
    service: Service, storage: Store, eventually: Callable[..., None]
) -> None:
    task = announcement()
    storage.queues["upkeep"].send_message(msgspec.json.encode(task).decode())
    eventually(lambda: is_told(service, task))


@pytest.fixture
def messages(store: Store) -> Iterator[Callable[[str], list[bytes]]]:
    """The messages of a queue that can be seen; all queues are empty before and after."""

    def clear() -> None:
        for queue in store.queues.values():
            queue.clear_messages()

    clear()
    yield lambda name: [message.body for message in queues.take(store, name)]
    clear()


@pytest.fixture
def function(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], HostedFunction]:
    """A function of an app whose event topic is away."""
    away = replace(settings, event_topic_endpoint="http://127.0.0.1:9/events", event_topic_key="a key")
    app = Runtime(away)
    for module in (upkeep, retrying):
        monkeypatch.setattr(module, "runtime", lambda: app)
    return lambda name: next(each for each in index(build("training")) if each.name == name)


def message(task: Task, count: int) -> func.QueueMessage:
    return func.queue.QueueMessage(id="1", body=msgspec.json.encode(task), dequeue_count=count)


def test_a_task_that_failed_on_every_attempt_waits_for_more(store, function, messages, monkeypatch):
    events, task = function("upkeep_events"), announcement()
    with pytest.raises(ServiceUnavailable):
        events.handler(message=message(task, retrying.ATTEMPTS - 1))
    assert store.queues["events"].get_queue_properties().approximate_message_count == 0
    events.handler(message=message(task, retrying.ATTEMPTS))
    assert store.queues["events"].get_queue_properties().approximate_message_count == 1
    assert messages("events") == []
    monkeypatch.setattr(retrying, "RETRY_SECONDS", 0)
    events.handler(message=message(task, retrying.ATTEMPTS))
    (again,) = messages("events")
    assert msgspec.json.decode(again, type=Announce) == task


def test_tasks_that_lie_aside_go_back_to_their_queues(store, function, messages):
    tasks = [announcement(), PurgeProject(uuid4()), PurgeProject(uuid4())]
    for queue, task in zip(upkeep.ASIDE, tasks, strict=True):
        store.queues[queue].send_message(msgspec.json.encode(task).decode())
    store.queues["work-poison"].send_message('{"task": "of another version"}')
    function("upkeep_retry_aside").handler(timer=func.timer.TimerRequest(past_due=False))
    assert [msgspec.json.decode(body, type=Announce) for body in messages("events")] == tasks[:1]
    assert {msgspec.json.decode(body, type=PurgeProject) for body in messages("work")} == set(tasks[1:])
    left = [store.queues[queue].get_queue_properties().approximate_message_count for queue in upkeep.ASIDE]
    assert left == [0, 1, 0]


def test_attempts_are_as_many_as_the_host_makes():
    host = json.loads((ROOT / "host.json").read_text())
    assert host["extensions"]["queues"]["maxDequeueCount"] == retrying.ATTEMPTS
