"""How well an iteration does, as clients see it."""

from datetime import datetime
from uuid import UUID

from msgspec import UNSET, UnsetType

from shared.models.serving.predictions import Prediction
from shared.models.wire import Wire
from shared.models.workspace.images import ImageRegion, ImageTag


class TagPerformance(Wire, frozen=True):
    id: UUID
    name: str
    precision: float
    precision_std_deviation: float
    recall: float
    recall_std_deviation: float
    average_precision: float | None = None


class IterationPerformance(Wire, frozen=True):
    per_tag_performance: list[TagPerformance]
    precision: float
    precision_std_deviation: float
    recall: float
    recall_std_deviation: float
    average_precision: float | None = None


class ImagePerformance(Wire, frozen=True):
    predictions: list[Prediction]
    id: UUID
    created: datetime
    width: int
    height: int
    image_uri: str
    thumbnail_uri: str
    tags: list[ImageTag]
    regions: list[ImageRegion] | UnsetType = UNSET
