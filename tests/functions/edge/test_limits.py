"""A service with the limits of the tier F0, and a month of three predictions."""

from collections.abc import Iterator
from uuid import uuid4

import msgspec
import pytest
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from msrest.authentication import ApiKeyCredentials

from local.service import Options, Service, running
from tests.functions.flows import refused
from tests.functions.wire import ask
from tests.pictures import picture

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
    assert 404 in [answer.status for answer in answers]
    refusal = next(answer for answer in answers if answer.status == 429)
    assert (refusal.headers["retry-after"], refusal.body["error"]["code"]) == ("1", "429")
    assert "2 a second" in refusal.body["error"]["message"]
    assert ask(small, "GET", "/customvision/v3.3/training/domains", Training_Key=small.training_key).status == 200


def test_a_month_has_so_many_predictions(small):
    path = f"/customvision/v3.1/prediction/{uuid4()}/classify/iterations/x/image"

    def predict(body: bytes):
        return ask(small, "POST", path, body, Prediction_Key=small.prediction_key)

    # What can't be a prediction is not counted as one.
    assert [predict(b"").status for _ in range(PREDICTIONS)] == [400] * PREDICTIONS
    statuses = [predict(picture("apple", 1)).status for _ in range(PREDICTIONS)]
    assert statuses == [404] * PREDICTIONS
    refusal = predict(picture("apple", 1))
    assert (refusal.status, refusal.body["error"]["code"]) == (403, "403")
    assert "replenished" in refusal.body["error"]["message"]
