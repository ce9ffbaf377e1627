"""Predictions by the names under which iterations are published."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import prediction
from functions.edge.parameters import PredictionPicture
from shared.models.serving.predictions import ImagePrediction
from shared.models.workspace.domains import DomainType
from shared.models.workspace.images import ImageUrl
from shared.operations.serving.prediction import Request, predict

CLASSIFICATION, OBJECT_DETECTION = DomainType.CLASSIFICATION, DomainType.OBJECT_DETECTION
CLASSIFY = "{project_id}/classify/iterations/{published_name}"
DETECT = "{project_id}/detect/iterations/{published_name}"


@prediction("POST", f"{CLASSIFY}/image", rate="stored_predictions_per_second")
def classify_image(
    call: Call, project_id: UUID, published_name: str, picture: PredictionPicture, application: str = ""
) -> ImagePrediction:
    request = Request(picture, call.id, application, keep=True)
    return _predict(call, project_id, published_name, CLASSIFICATION, request)


@prediction("POST", f"{CLASSIFY}/image/nostore", rate="unstored_predictions_per_second")
def classify_image_with_no_store(
    call: Call, project_id: UUID, published_name: str, picture: PredictionPicture, application: str = ""
) -> ImagePrediction:
    request = Request(picture, call.id, application, keep=False)
    return _predict(call, project_id, published_name, CLASSIFICATION, request)


@prediction("POST", f"{CLASSIFY}/url", rate="stored_predictions_per_second")
def classify_image_url(
    call: Call, project_id: UUID, published_name: str, body: ImageUrl, application: str = ""
) -> ImagePrediction:
    request = Request(fetched(call, body), call.id, application, keep=True)
    return _predict(call, project_id, published_name, CLASSIFICATION, request)


@prediction("POST", f"{CLASSIFY}/url/nostore", rate="unstored_predictions_per_second")
def classify_image_url_with_no_store(
    call: Call, project_id: UUID, published_name: str, body: ImageUrl, application: str = ""
) -> ImagePrediction:
    request = Request(fetched(call, body), call.id, application, keep=False)
    return _predict(call, project_id, published_name, CLASSIFICATION, request)


@prediction("POST", f"{DETECT}/image", rate="stored_predictions_per_second")
def detect_image(
    call: Call, project_id: UUID, published_name: str, picture: PredictionPicture, application: str = ""
) -> ImagePrediction:
    request = Request(picture, call.id, application, keep=True)
    return _predict(call, project_id, published_name, OBJECT_DETECTION, request)


@prediction("POST", f"{DETECT}/image/nostore", rate="unstored_predictions_per_second")
def detect_image_with_no_store(
    call: Call, project_id: UUID, published_name: str, picture: PredictionPicture, application: str = ""
) -> ImagePrediction:
    request = Request(picture, call.id, application, keep=False)
    return _predict(call, project_id, published_name, OBJECT_DETECTION, request)


@prediction("POST", f"{DETECT}/url", rate="stored_predictions_per_second")
def detect_image_url(
    call: Call, project_id: UUID, published_name: str, body: ImageUrl, application: str = ""
) -> ImagePrediction:
    request = Request(fetched(call, body), call.id, application, keep=True)
    return _predict(call, project_id, published_name, OBJECT_DETECTION, request)


@prediction("POST", f"{DETECT}/url/nostore", rate="unstored_predictions_per_second")
def detect_image_url_with_no_store(
    call: Call, project_id: UUID, published_name: str, body: ImageUrl, application: str = ""
) -> ImagePrediction:
    request = Request(fetched(call, body), call.id, application, keep=False)
    return _predict(call, project_id, published_name, OBJECT_DETECTION, request)


def fetched(call: Call, body: ImageUrl) -> bytes:
    return call.fetch(body.url, call.limits.prediction_image_bytes)


def _predict(call: Call, project_id: UUID, published_name: str, kind: DomainType, request: Request) -> ImagePrediction:
    return predict(call.store, call.runtime.sessions, call.limits, request, project_id, published_name, kind)
