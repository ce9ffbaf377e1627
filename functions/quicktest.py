"""Quick test: an iteration tried out before it is published."""

from uuid import UUID

from functions.call import Call, parse_id
from functions.edge import training
from shared.models.predictions import ImagePrediction
from shared.operations.iterations import trained_iteration
from shared.operations.prediction import Request, quick_test


@training("POST", "projects/{project_id}/quicktest/image")
def quick_test_image(call: Call, project_id: UUID) -> ImagePrediction:
    return _test(call, project_id, call.picture(call.limits.training_image_bytes))


@training("POST", "projects/{project_id}/quicktest/url")
def quick_test_image_url(call: Call, project_id: UUID) -> ImagePrediction:
    return _test(call, project_id, call.fetched_picture(call.limits.training_image_bytes))


def _test(call: Call, project_id: UUID, picture: bytes) -> ImagePrediction:
    iteration_id = call.optional("iterationId")
    iteration = trained_iteration(
        call.store, project_id, parse_id("iterationId", iteration_id) if iteration_id else None
    )
    request = Request(picture, call.id, call.optional("application") or "", call.flag("store", True))
    return quick_test(call.store, call.runtime.sessions, call.limits, request, project_id, iteration.id)
