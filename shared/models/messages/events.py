"""The types of the events that subscribers of the topic get."""

from enum import StrEnum


class EventType(StrEnum):
    CAMERA_RESULT = "Ocellus.Camera.Result"
    CAMERA_REJECTED = "Ocellus.Camera.Rejected"
    ITERATION_TRAINED = "Ocellus.Iteration.Trained"
    ITERATION_FAILED = "Ocellus.Iteration.Failed"
    ITERATION_PUBLISHED = "Ocellus.Iteration.Published"
    ITERATION_UNPUBLISHED = "Ocellus.Iteration.Unpublished"
    BATCH_ENDED = "Ocellus.Batch.Ended"
