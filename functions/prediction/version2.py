"""Predictions as version 2 has them: by the iteration that is named, or else by the project's default one."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import version2
from functions.edge.parameters import PredictionPicture
from functions.prediction.published import (
    classify_image,
    classify_image_url,
    classify_image_url_with_no_store,
    classify_image_with_no_store,
    fetched,
)
from shared.models.serving.predictions import ImagePrediction
from shared.models.workspace.images import ImageUrl
from shared.operations.serving.prediction import Request, predict_default


@version2(classify_image, "{project_id}/image")
def predict_image(
    call: Call,
    project_id: UUID,
    picture: PredictionPicture,
    iteration_id: UUID | None = None,
    application: str = "",
) -> ImagePrediction:
    return _predict_default(call, project_id, iteration_id, Request(picture, call.id, application, keep=True))


@version2(classify_image_with_no_store, "{project_id}/image/nostore")
def predict_image_with_no_store(
    call: Call,
    project_id: UUID,
    picture: PredictionPicture,
    iteration_id: UUID | None = None,
    application: str = "",
) -> ImagePrediction:
    return _predict_default(call, project_id, iteration_id, Request(picture, call.id, application, keep=False))


@version2(classify_image_url, "{project_id}/url")
def predict_image_url(
    call: Call, project_id: UUID, body: ImageUrl, iteration_id: UUID | None = None, application: str = ""
) -> ImagePrediction:
    request = Request(fetched(call, body), call.id, application, keep=True)
    return _predict_default(call, project_id, iteration_id, request)


@version2(classify_image_url_with_no_store, "{project_id}/url/nostore")
def predict_image_url_with_no_store(
    call: Call, project_id: UUID, body: ImageUrl, iteration_id: UUID | None = None, application: str = ""
) -> ImagePrediction:
    request = Request(fetched(call, body), call.id, application, keep=False)
    return _predict_default(call, project_id, iteration_id, request)


def _predict_default(call: Call, project_id: UUID, iteration_id: UUID | None, request: Request) -> ImagePrediction:
    return predict_default(call.store, call.runtime.sessions, call.limits, request, project_id, iteration_id)
