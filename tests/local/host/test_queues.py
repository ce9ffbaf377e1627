"""Queue triggers: done once, tried again, and in the end in the poison queue."""

import base64
import contextlib
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import azure.functions as func
import pytest
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage, TextBase64EncodePolicy

from local.host import __main__ as host
from local.host import queues
from local.host.functions import Binding, HostedFunction
from local.host.options import QueueOptions
from local.host.queues import QueueListener
from local.service import Service
from tests.waiting import Traces, wait_for


def client(connection_string: str, name: str, *, encoded: bool = True) -> QueueClient:
    policy = TextBase64EncodePolicy() if encoded else None
    queue = QueueClient.from_connection_string(connection_string, name, message_encode_policy=policy)
    with contextlib.suppress(ResourceExistsError):
        queue.create_queue()
    return queue


def length(queue: QueueClient) -> int:
    return int(queue.get_queue_properties().approximate_message_count or 0)


@pytest.fixture
def work(service: Service) -> QueueClient:
    return client(service.connection_string, "work")


def test_message_is_handled_once_and_deleted(work: QueueClient, traces: Traces) -> None:
    name = str(uuid.uuid4())
    work.send_message(name)
    wait_for(lambda: traces.of(f"work-{name}") == ["1"])
    wait_for(lambda: length(work) == 0)


def test_failed_message_is_tried_again(work: QueueClient, traces: Traces) -> None:
    name = f"flaky-{uuid.uuid4()}"
    work.send_message(name)
    wait_for(lambda: traces.of(f"work-{name}") == ["1", "2"])
    wait_for(lambda: length(work) == 0)


def test_message_that_always_fails_ends_in_the_poison_queue(
    service: Service, work: QueueClient, traces: Traces
) -> None:
    name = f"bad-{uuid.uuid4()}"
    work.send_message(name)
    wait_for(lambda: traces.of(f"work-{name}") == ["1", "2", "3"])
    wait_for(lambda: length(work) == 0)
    poison = client(service.connection_string, "work-poison", encoded=False)
    assert base64.b64encode(name.encode()).decode() in [message.content for message in poison.peek_messages(32)]


def test_message_that_is_not_base64_goes_to_the_poison_queue_unread(service: Service, work: QueueClient) -> None:
    client(service.connection_string, "work", encoded=False).send_message("no base64!")
    poison = client(service.connection_string, "work-poison", encoded=False)
    wait_for(lambda: "no base64!" in [message.content for message in poison.peek_messages(32)])
    wait_for(lambda: length(work) == 0)


def test_many_messages_are_all_handled(work: QueueClient, traces: Traces) -> None:
    name = str(uuid.uuid4())
    for number in range(60):
        work.send_message(f"{name}/{number}")
    wait_for(lambda: len(traces.of(f"work-{name}")) == 60)
    assert set(traces.of(f"work-{name}")) == {"1"}


class Counted:
    """A handler that runs for so long, counts its runs, and fails where it shall."""

    def __init__(self, seconds: float, *, fails: bool = False) -> None:
        self.seconds, self.fails = seconds, fails
        self.begun = 0
        self.ended = threading.Event()

    def __call__(self, message: func.QueueMessage) -> None:
        self.begun += 1
        time.sleep(self.seconds)
        self.ended.set()
        if self.fails:
            raise ValueError("failed")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def listener(azurite: str, queue: QueueClient, handler: Counted, pool: ThreadPoolExecutor) -> QueueListener:
    trigger = Binding(type="queueTrigger", name="message", direction="IN", queue_name=queue.queue_name)
    function = HostedFunction("counted", trigger, handler)
    return QueueListener(function, azurite, QueueOptions(max_dequeue_count=2), pool, lambda: None)


def test_hold_on_a_message_is_renewed_while_its_handler_runs(
    azurite: str, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "LEASE_SECONDS", 2)
    queue = client(azurite, f"held-{uuid.uuid4()}")
    handler = Counted(seconds=5)
    queue.send_message("x")
    first, second = listener(azurite, queue, handler, pool), listener(azurite, queue, handler, pool)
    first.start()
    second.start()
    assert handler.ended.wait(15)
    wait_for(lambda: length(queue) == 0)
    first.stop()
    second.stop()
    assert handler.begun == 1


def test_a_poll_of_an_empty_queue_waits_for_a_message(azurite: str, pool: ThreadPoolExecutor) -> None:
    """Also for one that was sent to be seen later, and for one that another host took and did not settle."""
    queue = client(azurite, f"waiting-{uuid.uuid4()}")
    handler = Counted(seconds=0)
    started = listener(azurite, queue, handler, pool)
    polls: list[float] = []
    poll = started._poll

    def counted(count: int) -> list[QueueMessage]:
        polls.append(time.monotonic())
        return poll(count)

    started._poll = counted  # type: ignore[method-assign]
    started.start()
    # One that asks for the state, and one that is held.
    wait_for(lambda: len(polls) == 2)
    time.sleep(2)
    assert len(polls) == 2
    for sent in ({}, {"visibility_timeout": 1}):
        begun = time.monotonic()
        queue.send_message("x", **sent)
        assert handler.ended.wait(10)
        assert time.monotonic() - begun < sum(sent.values()) + 1
        handler.ended.clear()
    started.stop()


def test_a_message_that_comes_after_the_end_is_left_for_the_next_host(azurite: str, pool: ThreadPoolExecutor) -> None:
    queue = client(azurite, f"ended-{uuid.uuid4()}")
    handlers = Counted(seconds=0), Counted(seconds=0)
    first, second = (listener(azurite, queue, handler, pool) for handler in handlers)
    first.start()
    # Until its poll is held.
    time.sleep(1)
    first.stop()
    queue.send_message("x")
    second.start()
    assert handlers[1].ended.wait(10)
    second.stop()
    assert [handler.begun for handler in handlers] == [0, 1]


def test_queue_may_come_into_being_later(azurite: str, pool: ThreadPoolExecutor) -> None:
    name = f"late-{uuid.uuid4()}"
    queue = QueueClient.from_connection_string(azurite, name, message_encode_policy=TextBase64EncodePolicy())
    with pytest.raises(ResourceNotFoundError):
        queue.get_queue_properties()
    handler = Counted(seconds=0)
    started = listener(azurite, queue, handler, pool)
    started.start()
    queue.create_queue()
    queue.send_message("x")
    assert handler.ended.wait(10)
    started.stop()


def test_message_that_fails_in_a_poison_queue_stays_there_and_is_not_run_for_ever(
    azurite: str, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "ASIDE_SECONDS", 1)
    queue = client(azurite, f"held-{uuid.uuid4()}-poison")
    beyond = QueueClient.from_connection_string(azurite, f"{queue.queue_name}-poison")
    handler = Counted(seconds=0, fails=True)
    queue.send_message("x")
    started = listener(azurite, queue, handler, pool)
    started.start()
    wait_for(lambda: handler.begun == 2)
    time.sleep(3)
    started.stop()
    assert (handler.begun, length(queue)) == (2, 1)
    with pytest.raises(ResourceNotFoundError):
        beyond.get_queue_properties()


def test_trigger_whose_connection_is_not_set_is_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("STORAGE_CONNECTION_STRING", raising=False)
    assert host.main(["--app=function_app:app"]) == 1
    assert "camera_batch: its trigger connects by the app setting STORAGE_CONNECTION_STRING" in capfd.readouterr().err


def test_trigger_that_connects_by_another_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    app = func.FunctionApp()

    @app.queue_trigger(arg_name="message", queue_name="work", connection="OTHER")
    def other(message: func.QueueMessage) -> None: ...

    monkeypatch.setattr(host, "_load", lambda _: app)
    assert host.main([]) == 1
    assert "other: its trigger connects by the app setting OTHER, and the local host knows" in capfd.readouterr().err
