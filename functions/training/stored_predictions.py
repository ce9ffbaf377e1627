"""Stored predictions of the training API."""

from typing import Annotated
from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training
from functions.edge.operation import Answer
from functions.edge.parameters import AtMost
from shared.errors import PredictionIdsExceeded
from shared.models.access.roles import DEPLOYERS, LABELERS, READERS
from shared.models.serving.predictions import ImageIdCreateBatch, PredictionQueryResult, PredictionQueryToken
from shared.models.workspace.images import ImageCreateSummary
from shared.operations.serving import stored_predictions

PredictionIds = Annotated[list[UUID], AtMost("images_per_batch", PredictionIdsExceeded)]


@training("POST", "projects/{project_id}/predictions/query", READERS)
def query_predictions(call: Call, project_id: UUID, body: PredictionQueryToken) -> PredictionQueryResult:
    return stored_predictions.query_predictions(call.store, call.limits, project_id, body)


@training("DELETE", "projects/{project_id}/predictions", DEPLOYERS, audit=("project_id", "ids"))
def delete_prediction(call: Call, project_id: UUID, ids: PredictionIds) -> None:
    stored_predictions.delete_prediction(call.store, project_id, ids)


@training("POST", "projects/{project_id}/images/predictions", LABELERS, statuses=(200, 207))
def create_images_from_predictions(
    call: Call, project_id: UUID, body: ImageIdCreateBatch
) -> Answer[ImageCreateSummary]:
    summary = stored_predictions.create_images_from_predictions(call.store, call.runtime.settings, project_id, body)
    return Answer(200 if summary.is_batch_successful else 207, summary)
