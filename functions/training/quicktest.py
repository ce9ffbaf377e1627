"""Quick test: an iteration tried out before it is published."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training
from functions.edge.parameters import TrainingPicture
from shared.models.access.roles import DEPLOYERS
from shared.models.serving.predictions import ImagePrediction
from shared.models.workspace.images import ImageUrl
from shared.operations.serving.prediction import Request, quick_test
from shared.operations.training.iterations import trained_iteration


@training("POST", "projects/{project_id}/quicktest/image", DEPLOYERS, predicts=True)
def quick_test_image(
    call: Call,
    project_id: UUID,
    picture: TrainingPicture,
    iteration_id: UUID | None = None,
    store: bool = True,
    application: str = "",
) -> ImagePrediction:
    return _test(call, project_id, iteration_id, Request(picture, call.id, application, store))


@training("POST", "projects/{project_id}/quicktest/url", DEPLOYERS, predicts=True)
def quick_test_image_url(
    call: Call,
    project_id: UUID,
    body: ImageUrl,
    iteration_id: UUID | None = None,
    store: bool = True,
    application: str = "",
) -> ImagePrediction:
    picture = call.fetch(body.url, call.limits.training_image_bytes)
    return _test(call, project_id, iteration_id, Request(picture, call.id, application, store))


def _test(call: Call, project_id: UUID, iteration_id: UUID | None, request: Request) -> ImagePrediction:
    iteration = trained_iteration(call.store, project_id, iteration_id)
    return quick_test(call.store, call.runtime.sessions, call.limits, request, project_id, iteration.id)
