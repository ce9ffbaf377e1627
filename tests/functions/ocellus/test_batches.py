"""Batches over HTTP, through the queue and to their results; tests/operations has what becomes of each blob."""

import json
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import Project
from azure.storage.blob import ContainerClient

from local.service import Service
from shared.storage.account.store import Store
from tests.functions.wire import Reply
from tests.pictures import picture
from tests.prediction.graphs import publish, put_model


@pytest.fixture
def batches(project: Project, storage: Store) -> str:
    """Where the batches of a project stand that serves a model as `live`."""
    publish(storage, UUID(str(project.id)), put_model(storage, UUID(str(project.id)), "apple"))
    return f"projects/{project.id}/batches"


@pytest.fixture
def prefix(service: Service) -> str:
    """Of three blobs, one of which is no picture."""
    prefix = f"{uuid4()}/"
    with ContainerClient.from_connection_string(service.connection_string, "archives") as archives:
        for name, data in (("1.jpg", picture("apple", 1)), ("2.jpg", picture("leaf", 2)), ("3.txt", b"a note")):
            archives.upload_blob(prefix + name, data)
    return prefix


def test_start_batch_predicts_each_blob(
    batches: str,
    prefix: str,
    service: Service,
    storage: Store,
    post: Callable[..., Reply],
    ask: Callable[..., Reply],
    eventually: Callable[..., None],
) -> None:
    wanted = {"publishedName": "live", "prefix": prefix, "output": "archive/2026", "id": str(uuid4())}
    begun = post(batches, wanted)
    assert (begun.status, begun.body["status"]) == (202, "Running")
    assert post(batches, wanted).body["id"] == begun.body["id"] == wanted["id"]
    path = f"/ocellus/v1/{batches}/{wanted['id']}"
    eventually(lambda: ask("GET", path).body["status"] == "Completed")
    ended = ask("GET", path).body
    assert (ended["total"], ended["done"], ended["failed"]) == (3, 3, 1)
    assert ended["failures"][0]["blob"] == f"{prefix}3.txt"
    assert ended["results"] == f"batches/archive/2026/{wanted['id']}/"
    (part,) = storage.containers["results"].list_blob_names(name_starts_with=ended["results"])
    rows = [json.loads(line) for line in storage.containers["results"].download_blob(part).readall().splitlines()]
    assert [row["blob"].removeprefix(prefix) for row in rows] == ["1.jpg", "2.jpg", "3.txt"]
    assert [len(row["predictions"]) for row in rows] == [2, 2, 0]

    def told() -> list[dict[str, object]]:
        events = map(json.loads, (service.data / "events.jsonl").read_text().splitlines())
        return [event for event in events if event["id"] == f"{wanted['id']}:ended"]

    eventually(lambda: told() != [])
    assert [(event["type"], event["data"]["done"]) for event in told()] == [("Ocellus.Batch.Ended", 3)]  # type: ignore[index]


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        ({"container": "images"}, "BadRequest", "BATCH_CONTAINERS"),
        ({"container": "../images"}, "BadRequest", "BATCH_CONTAINERS"),
        ({"prefix": "a", "manifest": "b"}, "BadRequest", "send one of them"),
        ({"manifest": "../models/list.txt"}, "BadRequest", "no name of a blob"),
        ({"output": "a/../../b"}, "BadRequest", "no name of a blob"),
        ({"output": "/a"}, "BadRequest", "slash"),
        ({"output": "a\nb"}, "BadRequest", "printable"),
        ({"publishedName": "gone"}, "NotFoundIteration", "Nothing is published"),
        ({"publishedName": None}, "BadRequest", "publishedName"),
    ],
)
def test_start_batch_refuses_what_it_may_not_read_or_does_not_know(
    batches: str, post: Callable[..., Reply], asked: dict[str, object], code: str, message: str
) -> None:
    reply = post(batches, {"publishedName": "live", **asked})
    assert reply.body["code"] == code
    assert message in reply.body["message"]


def test_start_batch_refuses_another_batch_of_the_same_id(batches: str, post: Callable[..., Reply]) -> None:
    wanted = {"publishedName": "live", "prefix": f"{uuid4()}/", "id": str(uuid4())}
    assert post(batches, wanted).status == 202
    reply = post(batches, {**wanted, "prefix": "other"})
    assert (reply.status, reply.body["code"]) == (409, "Conflict")


def test_get_batch_and_cancel_batch_tell_how_it_ended(
    batches: str, post: Callable[..., Reply], ask: Callable[..., Reply], eventually: Callable[..., None]
) -> None:
    begun = post(batches, {"publishedName": "live", "prefix": f"{uuid4()}/nothing"}).body
    eventually(lambda: ask("GET", f"/ocellus/v1/{batches}/{begun['id']}").body["status"] == "Failed")
    ended = post(f"{batches}/{begun['id']}/cancel", {}).body
    assert (ended["status"], "no blob whose name begins with" in ended["message"]) == ("Failed", True)


def test_get_batches_lists_the_newest_first(
    batches: str, post: Callable[..., Reply], ask: Callable[..., Reply]
) -> None:
    begun = [post(batches, {"publishedName": "live", "prefix": f"{uuid4()}/"}).body["id"] for _ in range(2)]
    assert [each["id"] for each in ask("GET", f"/ocellus/v1/{batches}").body] == begun[::-1]


def test_cancel_batch_ends_one_that_is_under_way(
    batches: str, prefix: str, post: Callable[..., Reply], ask: Callable[..., Reply]
) -> None:
    begun = post(batches, {"publishedName": "live", "prefix": prefix}).body
    reply = ask("POST", f"/ocellus/v1/{batches}/{begun['id']}/cancel")
    assert (reply.status, reply.body["status"] in ("Cancelled", "Completed")) == (200, True)


@pytest.mark.parametrize(("method", "end"), [("GET", ""), ("POST", "/cancel")])
def test_get_batch_refuses_what_is_not_there(batches: str, ask: Callable[..., Reply], method: str, end: str) -> None:
    reply = ask(method, f"/ocellus/v1/{batches}/{uuid4()}{end}")
    assert (reply.status, reply.body["code"]) == (404, "NotFound")
    assert "kept for 30 days" in reply.body["message"]


def test_get_batches_refuses_a_project_that_is_not_there(ask: Callable[..., Reply]) -> None:
    assert ask("GET", f"/ocellus/v1/projects/{uuid4()}/batches").body["code"] == "NotFoundProject"


def test_cancel_batch_refuses_a_project_that_is_not_there(ask: Callable[..., Reply]) -> None:
    assert ask("POST", f"/ocellus/v1/projects/{uuid4()}/batches/{uuid4()}/cancel").body["code"] == "NotFoundProject"
