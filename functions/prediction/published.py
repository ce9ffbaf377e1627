"""The eight operations of the prediction API, and the four that version 2 had in their place."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import prediction, version2
from functions.edge.parameters import PredictionPicture
from shared.models.domains import DomainType
from shared.models.images import ImageUrl
from shared.models.predictions import ImagePrediction
from shared.operations.serving.prediction import Request, predict, predict_default

CLASSIFICATION, OBJECT_DETECTION = DomainType.CLASSIFICATION, DomainType.OBJECT_DETECTION
CLASSIFY = "{project_id}/classify/iterations/{published_name}"
DETECT = "{project_id}/detect/iterations/{published_name}"


@prediction("POST", f"{CLASSIFY}/image")
def classify_image(
    call: Call, project_id: UUID, published_name: str, picture: PredictionPicture, application: str = ""
) -> ImagePrediction:
    request = Request(picture, call.id, application, keep=True)
    return _predict(call, project_id, published_name, CLASSIFICATION, request)


@prediction("POST", f"{CLASSIFY}/image/nostore")
def classify_image_with_no_store(
    call: Call, project_id: UUID, published_name: str, picture: PredictionPicture, application: str = ""
) -> ImagePrediction:
    return _predict(
        call, project_id, published_name, CLASSIFICATION, Request(picture, call.id, application, keep=False)
    )


@prediction("POST", f"{CLASSIFY}/url")
def classify_image_url(
    call: Call, project_id: UUID, published_name: str, body: ImageUrl, application: str = ""
) -> ImagePrediction:
    request = Request(_fetched(call, body), call.id, application, keep=True)
    return _predict(call, project_id, published_name, CLASSIFICATION, request)


@prediction("POST", f"{CLASSIFY}/url/nostore")
def classify_image_url_with_no_store(
    call: Call, project_id: UUID, published_name: str, body: ImageUrl, application: str = ""
) -> ImagePrediction:
    request = Request(_fetched(call, body), call.id, application, keep=False)
    return _predict(call, project_id, published_name, CLASSIFICATION, request)


@prediction("POST", f"{DETECT}/image")
def detect_image(
    call: Call, project_id: UUID, published_name: str, picture: PredictionPicture, application: str = ""
) -> ImagePrediction:
    request = Request(picture, call.id, application, keep=True)
    return _predict(call, project_id, published_name, OBJECT_DETECTION, request)


@prediction("POST", f"{DETECT}/image/nostore")
def detect_image_with_no_store(
    call: Call, project_id: UUID, published_name: str, picture: PredictionPicture, application: str = ""
) -> ImagePrediction:
    request = Request(picture, call.id, application, keep=False)
    return _predict(call, project_id, published_name, OBJECT_DETECTION, request)


@prediction("POST", f"{DETECT}/url")
def detect_image_url(
    call: Call, project_id: UUID, published_name: str, body: ImageUrl, application: str = ""
) -> ImagePrediction:
    request = Request(_fetched(call, body), call.id, application, keep=True)
    return _predict(call, project_id, published_name, OBJECT_DETECTION, request)


@prediction("POST", f"{DETECT}/url/nostore")
def detect_image_url_with_no_store(
    call: Call, project_id: UUID, published_name: str, body: ImageUrl, application: str = ""
) -> ImagePrediction:
    request = Request(_fetched(call, body), call.id, application, keep=False)
    return _predict(call, project_id, published_name, OBJECT_DETECTION, request)


@version2("prediction", "POST", "{project_id}/image", "classify_image")
def predict_image(
    call: Call,
    project_id: UUID,
    picture: PredictionPicture,
    iteration_id: UUID | None = None,
    application: str = "",
) -> ImagePrediction:
    return _predict_default(call, project_id, iteration_id, Request(picture, call.id, application, keep=True))


@version2("prediction", "POST", "{project_id}/image/nostore", "classify_image_with_no_store")
def predict_image_with_no_store(
    call: Call,
    project_id: UUID,
    picture: PredictionPicture,
    iteration_id: UUID | None = None,
    application: str = "",
) -> ImagePrediction:
    return _predict_default(call, project_id, iteration_id, Request(picture, call.id, application, keep=False))


@version2("prediction", "POST", "{project_id}/url", "classify_image_url")
def predict_image_url(
    call: Call, project_id: UUID, body: ImageUrl, iteration_id: UUID | None = None, application: str = ""
) -> ImagePrediction:
    request = Request(_fetched(call, body), call.id, application, keep=True)
    return _predict_default(call, project_id, iteration_id, request)


@version2("prediction", "POST", "{project_id}/url/nostore", "classify_image_url_with_no_store")
def predict_image_url_with_no_store(
    call: Call, project_id: UUID, body: ImageUrl, iteration_id: UUID | None = None, application: str = ""
) -> ImagePrediction:
    request = Request(_fetched(call, body), call.id, application, keep=False)
    return _predict_default(call, project_id, iteration_id, request)


def _fetched(call: Call, body: ImageUrl) -> bytes:
    return call.fetch(body.url, call.limits.prediction_image_bytes)


def _predict(call: Call, project_id: UUID, published_name: str, kind: DomainType, request: Request) -> ImagePrediction:
    return predict(call.store, call.runtime.sessions, call.limits, request, project_id, published_name, kind)


def _predict_default(call: Call, project_id: UUID, iteration_id: UUID | None, request: Request) -> ImagePrediction:
    return predict_default(call.store, call.runtime.sessions, call.limits, request, project_id, iteration_id)
