"""A service with the limits of the tier F0, and a month of three predictions."""

from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
import pytest
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from msrest.authentication import ApiKeyCredentials

from local.service import Options, Service, running
from tests.functions.flows import refused

PREDICTIONS = 3


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Iterator[Service]:
    limits = {"tier": "F0", "predictionsPerMonth": PREDICTIONS, "storedPredictionsPerSecond": 0, "tagsPerProject": 2}
    options = Options(environment={"LIMITS": msgspec.json.encode(limits).decode()})
    with running(tmp_path_factory.mktemp("small"), options=options) as service:
        yield service


@pytest.fixture(scope="module")
def client(small) -> CustomVisionTrainingClient:
    return CustomVisionTrainingClient(
        small.endpoint, ApiKeyCredentials(in_headers={"Training-key": small.training_key})
    )


def ask(service: Service, method: str, path: str, **headers: str) -> tuple[int, dict[str, str], dict]:
    address = urlsplit(service.endpoint)
    connection = HTTPConnection(address.hostname, address.port, timeout=60)
    connection.request(method, path, b"", {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    status, told, body = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    connection.close()
    return status, told, msgspec.json.decode(body)


def test_projects_and_tags_end_at_their_limits(client):
    project, other = client.create_project("one"), client.create_project("two")
    with refused("BadRequestExceedProjectLimit", "2 projects"):
        client.create_project("three")
    client.delete_project(other.id)
    client.create_project("three")
    client.create_tag(project.id, "a")
    client.create_tag(project.id, "b")
    with refused("BadRequestExceedTagPerProjectLimit", "2 tags"):
        client.create_tag(project.id, "c")


def test_a_key_that_calls_too_often_is_told_when_to_come_back(small):
    path = f"/customvision/v3.3/training/projects/{uuid4()}/train"
    answers = [ask(small, "POST", path, Training_Key=small.training_key) for _ in range(12)]
    assert 404 in [status for status, _, _ in answers]
    told, body = next((told, body) for status, told, body in answers if status == 429)
    assert (told["retry-after"], body["error"]["code"]) == ("1", "429")
    assert "2 a second" in body["error"]["message"]
    assert ask(small, "GET", "/customvision/v3.3/training/domains", Training_Key=small.training_key)[0] == 200


def test_a_month_has_so_many_predictions(small):
    path = f"/customvision/v3.1/prediction/{uuid4()}/classify/iterations/x/image"
    statuses = [ask(small, "POST", path, Prediction_Key=small.prediction_key)[0] for _ in range(PREDICTIONS)]
    assert 403 not in statuses
    status, _, body = ask(small, "POST", path, Prediction_Key=small.prediction_key)
    assert (status, body["error"]["code"]) == (403, "403")
    assert "replenished" in body["error"]["message"]
