"""Published names with their history, over HTTP."""

import json
from uuid import UUID, uuid4

import pytest

from shared.access.keys import fingerprint
from tests.functions.ocellus.judging import put_judged
from tests.pictures import rectangles
from tests.prediction.detectors import put_detector
from tests.prediction.graphs import DETECTION_DOMAIN


@pytest.fixture
def iterations(storage, project) -> list[str]:
    return [str(put_judged(storage, UUID(project.id), [], [])) for _ in range(2)]


@pytest.fixture
def names(ask, project):
    return lambda: ask("GET", f"/ocellus/v1/projects/{project.id}/publishednames")


def test_get_published_names_tells_what_answers_since_when_by_whom_and_what_did(
    training, service, project, iterations, names
):
    first, second = iterations
    assert (names().status, names().body) == (200, [])
    training.publish_iteration(project.id, first, "Gate", "resource")
    training.publish_iteration(project.id, second, "belt", "resource")
    by = f"key {fingerprint(service.training_key)}"
    belt, gate = names().body
    assert (belt["name"], belt["iterationId"], belt["by"], belt["before"]) == ("belt", second, by, [])
    assert (gate["name"], gate["iterationId"], gate["by"], gate["before"]) == ("Gate", first, by, [])
    training.unpublish_iteration(project.id, second)
    training.publish_iteration(project.id, second, "gate", "resource", overwrite=True)
    (now,) = names().body
    assert (now["name"], now["iterationId"]) == ("gate", second)
    assert now["published"] > gate["published"]
    assert now["before"] == [{"iterationId": first, "published": gate["published"], "by": by}]
    # The way back.
    training.publish_iteration(project.id, first, "gate", "resource", overwrite=True)
    (back,) = names().body
    assert [back["iterationId"], *(each["iterationId"] for each in back["before"])] == [first, second, first]
    training.unpublish_iteration(project.id, first)
    assert names().body == []


def test_get_published_names_refuses_a_project_that_is_not_there(ask):
    reply = ask("GET", f"/ocellus/v1/projects/{uuid4()}/publishednames")
    assert (reply.status, reply.body["code"]) == (404, "NotFoundProject")
    reply = ask("GET", "/ocellus/v1/projects/none/publishednames")
    assert (reply.status, reply.body["code"]) == (400, "BadRequestInvalidIds")
    assert ask("POST", f"/ocellus/v1/projects/{uuid4()}/publishednames").status == 405


@pytest.fixture
def tiled(ask):
    def patch(project_id: object, name: str, query: str):
        return ask("PATCH", f"/ocellus/v1/projects/{project_id}/publishednames/{name}?{query}")

    return patch


def test_update_published_name_has_a_detector_look_at_tiles(training, prediction, storage, ask, tiled, eventually):
    project = training.create_project(f"tiles {uuid4()}", domain_id=str(DETECTION_DOMAIN))
    iteration, other = (put_detector(storage, UUID(project.id)) for _ in range(2))
    training.publish_iteration(project.id, iteration.id, "Shelf 1", "resource")
    small = rectangles({"red": (0.7, 0.3, 0.00625, 0.0125)})

    def found() -> list[str]:
        result = prediction.detect_image_with_no_store(project.id, "shelf 1", small)
        return [each.tag_name for each in result.predictions]

    assert found() == []
    reply = tiled(project.id, "shelf%201", "tiles=4")
    assert (reply.status, reply.body["name"], reply.body["tiles"]) == (200, "Shelf 1", 4)
    # Each instance knows within two seconds.
    eventually(lambda: "red" in found())
    # What is published next under the name looks at tiles, too.
    training.publish_iteration(project.id, other.id, "Shelf 1", "resource", overwrite=True)
    (name,) = ask("GET", f"/ocellus/v1/projects/{project.id}/publishednames").body
    assert (name["iterationId"], name["tiles"]) == (str(other.id), 4)
    for query in ("tiles=0", "tiles=5", "tiles=many", "tiles=", ""):
        assert tiled(project.id, "shelf%201", query).status == 400
    assert tiled(project.id, "shelf%202", "tiles=2").status == 404
    assert tiled(uuid4(), "shelf%201", "tiles=2").status == 404
    training.unpublish_iteration(project.id, other.id)


def test_update_published_name_refuses_a_classifier(training, project, iterations, tiled):
    training.publish_iteration(project.id, iterations[0], "gate", "resource")
    reply = tiled(project.id, "gate", "tiles=2")
    assert (reply.status, reply.body["code"]) == (400, "BadRequestOperationNotSupported")
    training.unpublish_iteration(project.id, iterations[0])


WANTED = {"lowest": 0.3, "highest": 0.75, "share": 0.02, "perDay": 50}


@pytest.fixture
def feed(ask):
    def put(project_id: object, name: str, settings: object):
        path = f"/ocellus/v1/projects/{project_id}/publishednames/{name}/camerafeedback"
        return ask("PUT", path, json.dumps(settings).encode(), Content_Type="application/json")

    return put


def test_set_camera_feedback_stays_with_the_name(training, project, iterations, names, feed):
    training.publish_iteration(project.id, iterations[0], "Gate", "resource")
    (gate,) = names().body
    assert gate["cameraFeedback"]["perDay"] == 0
    reply = feed(project.id, "gate", WANTED)
    assert (reply.status, reply.body) == (200, {**gate, "cameraFeedback": WANTED})
    training.publish_iteration(project.id, iterations[1], "gate", "resource", overwrite=True)
    assert names().body[0]["cameraFeedback"] == WANTED
    training.unpublish_iteration(project.id, iterations[1])
    # Whoever publishes under the name anew has nothing kept unasked.
    training.publish_iteration(project.id, iterations[1], "gate", "resource")
    assert names().body[0]["cameraFeedback"]["perDay"] == 0
    training.unpublish_iteration(project.id, iterations[1])


def test_set_camera_feedback_refuses_what_makes_no_sense(training, project, iterations, names, feed):
    training.publish_iteration(project.id, iterations[0], "gate", "resource")
    for wrong, told in (
        ({"lowest": 0.8}, "'lowest' 0.8 is over 'highest' 0.75"),
        ({"highest": 1.5}, "highest"),
        ({"share": -0.1}, "share"),
        ({"perDay": -1}, "perDay"),
        ({"perDay": 10_001}, "perDay"),
        ({"perDay": 1.5}, "perDay"),
        ({"lowest": "low"}, "lowest"),
        ({"lowest": None}, "lowest"),
    ):
        reply = feed(project.id, "gate", {**WANTED, **wrong})
        assert reply.status == 400
        assert told in reply.body["message"]
    for missing in WANTED:
        reply = feed(project.id, "gate", {name: value for name, value in WANTED.items() if name != missing})
        assert reply.status == 400
        assert missing in reply.body["message"]
    assert names().body[0]["cameraFeedback"]["perDay"] == 0
    assert feed(project.id, "belt", WANTED).status == 404
    assert feed(uuid4(), "gate", WANTED).status == 404
    training.unpublish_iteration(project.id, iterations[0])
