"""Predictions as clients see them, the pointer of a published name, and stored predictions."""

from datetime import datetime
from uuid import UUID

from msgspec import UNSET, UnsetType

from shared.models.tags import TagType
from shared.models.wire import Wire


class BoundingBox(Wire, frozen=True):
    """Fractions (0..1) of the oriented picture."""

    left: float
    top: float
    width: float
    height: float


class Prediction(Wire, frozen=True):
    probability: float
    tag_id: UUID
    tag_name: str
    tag_type: TagType | UnsetType = UNSET
    bounding_box: BoundingBox | UnsetType = UNSET


class ImagePrediction(Wire, frozen=True):
    id: UUID
    project: UUID
    iteration: UUID
    created: datetime
    predictions: list[Prediction]


class Pointer(Wire, frozen=True):
    """published/{projectId}/{publishedName}.json: which iteration a published name serves."""

    project_id: UUID
    iteration_id: UUID
    publish_name: str
    published: datetime


class StoredPrediction(Wire, frozen=True):
    """A prediction kept for active learning; its picture lies in the `predictions` container."""

    prediction: ImagePrediction
    domain: UUID
    application: str = ""
    published_name: str = ""
