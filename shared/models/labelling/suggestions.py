"""Suggested tags and regions: what a trained iteration sees on images that nobody has tagged yet."""

from uuid import UUID

from shared.models.serving.predictions import ImagePrediction
from shared.models.wire import Choice, Fraction, Wire


class SuggestedTagAndRegion(ImagePrediction, frozen=True):
    """`id` is the image's."""

    prediction_uncertainty: float


class StoredSuggestedTagAndRegion(SuggestedTagAndRegion, frozen=True):
    """With its picture: width and height are pixels of the resized image."""

    width: int
    height: int
    resized_image_uri: str
    thumbnail_uri: str
    original_image_uri: str
    domain: UUID


class Suggestion(Wire, frozen=True):
    """What is kept of a suggestion, until its image is tagged or deleted. Width and height as above."""

    suggested: SuggestedTagAndRegion
    domain: UUID
    width: int
    height: int


class SortBy(Choice):
    UNCERTAINTY_ASCENDING = "UncertaintyAscending"
    UNCERTAINTY_DESCENDING = "UncertaintyDescending"


class SuggestedTagAndRegionQueryToken(Wire, frozen=True):
    """A query. An answer holds it again, with the session and continuation that ask for the next page."""

    tag_ids: list[UUID] | None = None
    threshold: Fraction | None = None
    session: str | None = None
    continuation: str | None = None
    max_count: int | None = None
    sort_by: SortBy | None = None


class SuggestedTagAndRegionQuery(Wire, frozen=True):
    token: SuggestedTagAndRegionQueryToken
    results: list[StoredSuggestedTagAndRegion]


class TagFilter(Wire, frozen=True):
    """The body of a count: which tags, and how probable at least."""

    tag_ids: list[UUID] | None = None
    threshold: Fraction | None = None
