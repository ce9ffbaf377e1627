"""What the running service tells Application Insights: traces that hold together, figures, and no secrets."""

import json
from base64 import b64encode
from types import SimpleNamespace

import pytest
import requests
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.prediction.models import CustomVisionErrorException
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.storage.blob import ContainerClient
from msrest.authentication import ApiKeyCredentials

from local.service import Options, running
from tests.functions import wire
from tests.functions.flows import train, upload
from tests.functions.service.insights import listening
from tests.pictures import picture

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-00"
SIGNATURE = "c2lnbmF0dXJl"


@pytest.fixture(scope="module")
def insights():
    with listening() as insights:
        yield insights


@pytest.fixture(scope="module")
def told(insights, tmp_path_factory):
    """A service that tells `insights` all, with a trained and published project."""
    with running(tmp_path_factory.mktemp("told"), options=Options(environment=insights.environment)) as service:
        training = CustomVisionTrainingClient(
            service.endpoint, ApiKeyCredentials(in_headers={"Training-key": service.training_key})
        )
        prediction = CustomVisionPredictionClient(
            service.endpoint, ApiKeyCredentials(in_headers={"Prediction-key": service.prediction_key})
        )
        project = training.create_project("told", classification_type="Multiclass")
        for name in ("apple", "leaf"):
            upload(training, project.id, name, range(6))
        iteration = train(training, project.id)
        training.publish_iteration(project.id, iteration.id, "gate", "resource")
        yield SimpleNamespace(
            service=service, training=training, prediction=prediction, project=project, iteration=iteration
        )


def test_one_trace_from_an_upload_to_its_result(told, insights, eventually):
    path = f"{told.project.id}/gate/a.jpg"
    with ContainerClient.from_connection_string(told.service.connection_string, "uploads") as uploads:
        uploads.upload_blob(path, picture("apple", 500))
    eventually(lambda: insights.spans("camera_predict"))
    [preprocess], [predict] = insights.spans("camera_preprocess"), insights.spans("camera_predict")
    assert (predict["trace"], predict["parent"]) == (preprocess["trace"], preprocess["id"])
    assert (predict["outcome"], predict["source"], predict["top_tag"]) == ("OK", "camera", "apple")
    assert (predict["published_name"], predict["iteration_id"]) == ("gate", told.iteration.id)
    events = [json.loads(line) for line in (told.service.data / "events.jsonl").read_text().splitlines()]
    [event] = [event for event in events if event["subject"] == f"uploads/{path}"]
    assert event["traceparent"].split("-")[1] == predict["trace"]
    assert event["data"]["id"] == predict["request_id"]


def test_an_upload_goes_on_with_the_trace_of_its_cloud_event(told, insights, eventually):
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "/storage",
        "type": "Microsoft.Storage.BlobCreated",
        "subject": f"/blobServices/default/containers/uploads/blobs/{told.project.id}/gate/gone.jpg",
        "time": "2026-11-21T00:00:00Z",
        "traceparent": TRACEPARENT,
        "data": {"eTag": "0x1"},
    }
    place = f"{told.service.events_endpoint}/runtime/webhooks/EventGrid?functionName=camera_preprocess"
    assert requests.post(place, data=json.dumps([event]), timeout=20).status_code == 202
    eventually(lambda: insights.spans("camera_preprocess", outcome="NotFound"))
    [span] = insights.spans("camera_preprocess", outcome="NotFound")
    assert span["trace"] == TRACE
    eventually(lambda: insights.metrics("ocellus.camera.rejections", outcome="NotFound"))


def test_one_trace_from_a_train_call_to_its_job(told, insights, eventually):
    eventually(lambda: insights.spans("training_job") and insights.spans("upkeep_events", task="Announce"))
    [called], [job] = insights.spans("training_train_project"), insights.spans("training_job")
    assert (job["trace"], job["parent"]) == (called["trace"], called["id"])
    assert job["iteration_id"] == told.iteration.id
    phases = [span["name"] for span in insights.spans() if span["parent"] == job["id"]]
    assert {"Loading the backbone", "Looked at # of # new images", "Storing the model"} <= set(phases)
    assert called["trace"] in {span["trace"] for span in insights.spans("upkeep_events", task="Announce")}
    eventually(lambda: insights.metrics("ocellus.trainings", outcome="OK"))


def test_a_prediction_goes_on_with_its_callers_trace_and_tells_its_parts(told, insights, eventually):
    place = f"/customvision/v3.1/prediction/{told.project.id}/classify/iterations/gate/image"
    headers = {"Prediction_Key": told.service.prediction_key, "Content_Type": "application/octet-stream"}
    reply = wire.ask(told.service, "POST", place, picture("leaf", 501), traceparent=TRACEPARENT, **headers)
    request_id = reply.headers["apim-request-id"]
    eventually(lambda: insights.spans(request_id=request_id))
    [span] = insights.spans(request_id=request_id)
    assert (span["name"], span["trace"], span["success"]) == ("prediction_classify_image", TRACE, True)
    assert (span["project_id"], span["published_name"], span["source"]) == (told.project.id, "gate", "api")
    assert span["iteration_id"] == told.iteration.id
    assert all(float(span[f"{part}_ms"]) > 0 for part in ("decode", "inference", "store"))
    assert (span["top_tag"], 0 < float(span["top_probability"]) <= 1) == ("leaf", True)


def test_predictions_are_counted_and_measured(told, insights, eventually):
    for seed in range(3):
        told.prediction.classify_image_with_no_store(told.project.id, "gate", picture("leaf", seed))
    named = {"project_id": told.project.id, "published_name": "gate"}
    done = {"operation": "prediction_classify_image_with_no_store", "outcome": "OK"}
    eventually(lambda: sum(point["value"] for point in insights.metrics("ocellus.requests", **done)) == 3)
    for part in ("decode", "inference", "total"):
        [*_, point] = insights.metrics("ocellus.prediction.duration", part=part, source="api", **named)
        assert 0 < point["min"] <= point["value"] / point["count"] <= point["max"]
    assert all(0 < point["value"] <= point["count"] for point in insights.metrics("ocellus.prediction.confidence"))
    counted = insights.metrics("ocellus.predictions", outcome="OK", source="api", **named)
    assert {point["confidence"] for point in counted} <= {f"0.{tenth}" for tenth in range(10)}


def test_a_refusal_is_told_by_its_code(told, insights, eventually):
    with pytest.raises(CustomVisionErrorException, match="no JPEG"):
        told.prediction.classify_image(told.project.id, "gate", b"no picture")
    eventually(lambda: insights.spans(outcome="BadRequestImageFormat"))
    [span] = insights.spans(outcome="BadRequestImageFormat")
    assert (span["success"], span["status"]) == (False, "400")
    eventually(lambda: insights.metrics("ocellus.predictions", outcome="BadRequestImageFormat"))
    with pytest.raises(CustomVisionErrorException, match="nothing is published"):
        told.prediction.classify_image(told.project.id, "made-up", picture("leaf", 1))
    eventually(lambda: insights.metrics("ocellus.requests", outcome="NotFoundIteration"))
    assert not insights.metrics("ocellus.predictions", published_name="made-up")


def test_what_is_told_holds_no_keys_addresses_or_pictures(told, insights, eventually, web):
    data = picture("apple", 502)
    url = f"{web.serve(data)}?sv=2024&sig={SIGNATURE}"
    web.pages[url.removeprefix(web.address)] = data
    stored = told.prediction.classify_image_url(told.project.id, "gate", url)
    with pytest.raises(CustomVisionErrorException, match="404"):
        told.prediction.classify_image_url(told.project.id, "gate", f"{web.address}/gone.jpg?sig={SIGNATURE}")
    wrong = wire.ask(told.service, "GET", "/customvision/v3.3/training/projects", Training_Key=f"wrong-{SIGNATURE}")
    assert wrong.status == 401
    told.training.unpublish_iteration(told.project.id, told.iteration.id)
    told.training.publish_iteration(told.project.id, told.iteration.id, "gate", "resource")
    eventually(lambda: insights.spans(request_id=stored.id) and insights.metrics("ocellus.requests", outcome="401"))
    eventually(
        lambda: any(
            log.get("properties", {}).get("ocellus.audit.operation") == "unpublish_iteration" for log in insights.logs()
        )
    )
    everything = b"\n".join(insights.bodies)
    for secret in (told.service.training_key, told.service.prediction_key, told.service.keys.topic, SIGNATURE):
        assert secret.encode() not in everything
    assert b"AccountKey" not in everything
    assert b64encode(data)[:40] not in everything


def test_an_outage_of_application_insights_fails_no_request(told, insights, eventually):
    insights.status = 500
    try:
        answer = told.prediction.classify_image_with_no_store(told.project.id, "gate", picture("leaf", 503))
        eventually(lambda: insights.refused > 0)
        assert answer.predictions[0].tag_name == "leaf"
        assert told.training.get_iteration(told.project.id, told.iteration.id).publish_name == "gate"
    finally:
        insights.status = 200
