"""CloudEvents on a topic: what arrives there, and what happens when it does not."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import msgspec
import pytest

from shared.errors import ServiceUnavailable
from shared.events import Publisher
from shared.models.messages.events import EventType
from shared.models.serving.predictions import Pointer
from shared.models.wire import now
from shared.settings import Settings
from tests.servers import Answer, Request, serving

POINTER = Pointer.to_one(UUID(int=1), UUID(int=2), "live", now())


@contextmanager
def topic(status: int, taken: list[Request]) -> Iterator[Publisher]:
    def respond(request: Request) -> Answer:
        taken.append(request)
        return Answer(status)

    with serving(respond) as port:
        settings = Settings(event_topic_endpoint=f"http://127.0.0.1:{port}/api/events", event_topic_key="secret")
        yield Publisher.open(settings)


def test_publish_sends_a_cloud_event() -> None:
    taken: list[Request] = []
    with topic(200, taken) as publisher:
        publisher.publish(EventType.ITERATION_PUBLISHED, "projects/1", POINTER, "event-1")
    [request] = taken
    assert request.headers["aeg-sas-key"] == "secret"
    assert "cloudevents" in request.headers["content-type"]
    [event] = msgspec.json.decode(request.body)
    assert (event["id"], event["type"]) == ("event-1", "Ocellus.Iteration.Published")
    assert (event["source"], event["subject"], event["specversion"]) == ("/ocellus", "projects/1", "1.0")
    assert msgspec.convert(event["data"], Pointer) == POINTER


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500, 503])
def test_publish_says_when_the_topic_does_not_take_it(status: int) -> None:
    with topic(status, []) as publisher, pytest.raises(ServiceUnavailable, match="did not take"):
        publisher.publish(EventType.CAMERA_RESULT, "uploads/a.jpg", POINTER, "event-1")


def test_publish_says_when_there_is_no_topic() -> None:
    publisher = Publisher.open(Settings(event_topic_endpoint="http://127.0.0.1:1/api/events", event_topic_key="k"))
    with pytest.raises(ServiceUnavailable):
        publisher.publish(EventType.CAMERA_RESULT, "uploads/a.jpg", POINTER, "event-1")


def test_publish_sends_nothing_where_no_topic_is_configured() -> None:
    Publisher.open(Settings()).publish(EventType.CAMERA_REJECTED, "uploads/a.jpg", POINTER, "event-1")
