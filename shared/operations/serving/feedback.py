"""Camera feedback: results that a published model is unsure of become stored predictions, for people to label."""

import logging
from uuid import UUID

from azure.core.exceptions import AzureError

from shared.errors import ServiceError
from shared.models.serving.camera import CameraResult, Frame
from shared.models.serving.predictions import CameraFeedback, ImagePrediction, StoredPrediction
from shared.storage.account.store import Store
from shared.storage.serving import feedback as stored_feedback

# What stored predictions of cameras have where others have what their client calls itself.
APPLICATION = "camera"


def keep(store: Store, settings: CameraFeedback, frame: Frame, result: CameraResult, domain_id: UUID) -> None:
    """Once, however often the frame comes. The result is announced already, and does not fail with this."""
    if result.iteration_id is None or not _is_wanted(settings, result):
        return
    answer = ImagePrediction(UUID(result.id), frame.project_id, result.iteration_id, result.created, result.predictions)
    stored = StoredPrediction(answer, domain_id, APPLICATION, frame.published_name)
    try:
        stored_feedback.put(store, stored, frame.blob, settings.per_day)
    except (ServiceError, AzureError) as error:
        logging.warning("The result %s is not kept for labelling: %s", result.id, error)


def _is_wanted(settings: CameraFeedback, result: CameraResult) -> bool:
    if not settings.per_day:
        return False
    surest = max((each.probability for each in result.predictions), default=0.0)
    # The id is a hash, so one result is drawn always or never.
    is_drawn = UUID(result.id).time_low / 2**32 < settings.share
    return is_drawn or settings.lowest <= surest <= settings.highest
