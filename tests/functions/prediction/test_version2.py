"""Version 2, as the Python SDKs 0.2 to 0.4 and VoTT 2 ask for it, by raw requests."""

import json
from uuid import uuid4

import pytest

from tests.functions.flows import DETECTION
from tests.functions.wire import Reply
from tests.pictures import picture

FORM = "multipart/form-data; boundary=B"
JSON = "application/json; charset=utf-8"


def form(data: bytes) -> bytes:
    head = b'--B\r\nContent-Disposition: form-data; name="imageData"\r\n\r\n'
    return head + data + b"\r\n--B--\r\n"


@pytest.fixture
def predict(ask, service):
    def send(path: str, body: bytes = b"", kind: str = FORM, version: str = "v2.0") -> Reply:
        body = body or form(picture("leaf", 1))
        target = f"/customvision/{version}/Prediction/{path}"
        return ask("POST", target, body, Content_Type=kind, Training_Key="", Prediction_Key=service.prediction_key)

    return send


@pytest.fixture
def patch(ask, trained):
    path = f"/customvision/v2.2/Training/projects/{trained.project.id}/iterations/{trained.iteration.id}"

    def send(**changes: object) -> Reply:
        return ask("PATCH", path, json.dumps(changes).encode(), Content_Type=JSON)

    yield send
    send(isDefault=False)


@pytest.mark.parametrize("version", ["v2.0", "v2.1", "v2.2"])
def test_a_project_is_filled_as_vott_does(ask, version):
    api = f"/customvision/{version}/Training"
    query = f"name=vott%20{version}&description=&classificationType=&domainId={DETECTION}"
    project = ask("POST", f"{api}/projects?{query}").body
    path = f"{api}/projects/{project['id']}"
    assert ask("GET", path).body == project
    tag = ask("POST", f"{path}/tags?name=apple").body
    assert [each["id"] for each in ask("GET", f"{path}/tags").body] == [tag["id"]]
    form_of = {"Content_Type": FORM}
    added = ask("POST", f"{path}/images?tagIds={tag['id']}", form(picture("apple", 1)), **form_of)
    assert (added.status, added.body["isBatchSuccessful"]) == (200, True)
    image_id = added.body["images"][0]["image"]["id"]
    region = {"imageId": image_id, "tagId": tag["id"], "left": 0.1, "top": 0.1, "width": 0.5, "height": 0.5}
    drawn = ask("POST", f"{path}/images/regions", json.dumps({"regions": [region]}).encode(), Content_Type=JSON)
    assert (drawn.status, len(drawn.body["created"])) == (200, 1)
    proposed = ask("POST", f"{api}/{project['id']}/images/{image_id}/regionproposals")
    assert (proposed.status, proposed.body["imageId"]) == (200, image_id)
    assert ask("DELETE", path).status == 204


@pytest.mark.parametrize(
    ("version", "status"), [("v2.0", 200), ("v2.2", 200), ("v3.0", 200), ("v3.2", 200), ("v3.3", 207), ("v3.4", 207)]
)
def test_a_mixed_batch_has_the_status_that_its_version_knows(ask, project, version, status):
    path = f"/customvision/{version}/training/projects/{project.id}/images"
    for expected in (200, status):
        reply = ask("POST", path, form(picture("apple", 1)), Content_Type=FORM)
        assert reply.status == expected
    assert (reply.body["isBatchSuccessful"], reply.body["images"][0]["status"]) == (False, "OKDuplicate")


def test_the_default_iteration_predicts(predict, patch, trained, training, eventually):
    project_id, iteration_id = trained.project.id, trained.iteration.id
    nothing = predict(f"{project_id}/image")
    assert (nothing.status, nothing.body["code"]) == (404, "NotFoundProjectDefaultIteration")
    assert "isDefault" in nothing.body["message"]
    for _ in range(2):
        reply = patch(isDefault=True)
        assert (reply.status, reply.body["isDefault"], reply.body["publishName"]) == (200, True, "default")
    eventually(lambda: predict(f"{project_id}/image/nostore").status == 200)
    before = len(training.query_predictions(project_id, {"application": "old"}).results)
    url = json.dumps({"Url": trained_picture(training, project_id)}).encode()
    for path, body, kind in [
        ("image", b"", FORM),
        ("image/nostore", picture("leaf", 1), "application/octet-stream"),
        ("url", url, JSON),
        ("url/nostore", url, JSON),
    ]:
        reply = predict(f"{project_id}/{path}?iterationId=&application=old", body, kind)
        assert (reply.status, reply.body["iteration"]) == (200, iteration_id), reply.body
        assert {each["tagName"] for each in reply.body["predictions"]} == {"apple", "leaf"}
    assert len(training.query_predictions(project_id, {"application": "old"}).results) == before + 2
    unnamed = patch(isDefault=False, name="a" * 200)
    assert (unnamed.status, unnamed.body["code"]) == (400, "BadRequestIterationName")
    assert training.get_iteration(project_id, iteration_id).publish_name == "default"
    renamed = patch(isDefault=False, name=trained.iteration.name)
    assert "isDefault" not in renamed.body
    assert renamed.body["publishName"] is None


def trained_picture(training, project_id) -> str:
    return str(training.get_images(project_id, take=1)[0].original_image_uri)


def test_an_iteration_predicts_that_is_named_or_published_last(predict, training, trained):
    project_id, iteration_id = trained.project.id, trained.iteration.id
    named = predict(f"{project_id}/image/nostore?iterationId={iteration_id}")
    assert (named.status, named.body["iteration"]) == (200, iteration_id)
    training.publish_iteration(project_id, iteration_id, "live", "/subscriptions/s")
    last = predict(f"{project_id}/image/nostore")
    training.unpublish_iteration(project_id, iteration_id)
    assert (last.status, last.body["iteration"]) == (200, iteration_id)
    unknown = predict(f"{project_id}/image?iterationId={uuid4()}")
    assert (unknown.status, unknown.body["code"]) == (404, "NotFoundIteration")


def test_a_path_of_another_version_is_answered_with_the_versions_there_are(ask, predict, trained):
    for reply, versions in [
        (predict(f"{trained.project.id}/image", version="v3.0"), "v2.0 to v2.2"),
        (predict(f"{trained.project.id}/classify/iterations/live/image"), "v3.0 to v3.4-preview"),
        (ask("GET", "/customvision/v1.2/Training/projects"), "v2.0 to v3.4-preview"),
    ]:
        assert (reply.status, reply.body["error"]["code"]) == (404, "404")
        assert versions in reply.body["error"]["message"]
