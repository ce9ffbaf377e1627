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


class PerformanceCurve(Wire, frozen=True):
    """Precision and recall at each of the thresholds; `truths` is how many tags or boxes there are to find."""

    truths: int
    average_precision: float | None
    precision: list[float]
    recall: list[float]


class TagPerformanceCurve(PerformanceCurve, frozen=True, kw_only=True):
    id: UUID
    name: str


class PerformanceCurves(Wire, frozen=True):
    thresholds: list[float]
    overall: PerformanceCurve
    tags: list[TagPerformanceCurve]


class JudgedTag(Wire, frozen=True):
    """A tag that a model has, under its name of then."""

    id: UUID
    name: str


class Confusions(Wire, frozen=True):
    """How many of each true tag (row) were taken for each tag (column); the last row and column are nothing."""

    tags: list[JudgedTag]
    cells: list[list[int]]


class Rates(Wire, frozen=True):
    """Of one iteration at one threshold."""

    precision: float
    recall: float
    average_precision: float | None


class TagComparison(Wire, frozen=True):
    """A tag as both iterations do by it; null for one that was not trained on it."""

    id: UUID
    name: str
    a: Rates | None
    b: Rates | None


class ComparedImage(Wire, frozen=True):
    id: UUID
    thumbnail_uri: str


class IterationComparison(Wire, frozen=True):
    """Two iterations on the `images` that both were judged by, and by the labels that the second was judged by.

    `fixed` are right in the second alone, `broken` in the first alone. Of each the newest are listed.
    """

    images: int
    a: Rates
    b: Rates
    tags: list[TagComparison]
    fixed: int
    broken: int
    fixed_images: list[ComparedImage]
    broken_images: list[ComparedImage]


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
