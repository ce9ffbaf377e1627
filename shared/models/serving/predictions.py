"""Predictions as clients see them, the pointer of a published name, and stored predictions."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from shared.models.entries import Given
from shared.models.wire import Choice, Fraction, Wire
from shared.models.workspace.images import Region
from shared.models.workspace.metadata import MetadataUpdate
from shared.models.workspace.tags import TagType


# Without the garbage collector, which has no cycle to find here: a page of performances has up to 100,000 of these.
class BoundingBox(Wire, frozen=True, gc=False):
    """Fractions (0..1) of the oriented picture."""

    left: float
    top: float
    width: float
    height: float


class Prediction(Wire, frozen=True, gc=False):
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


class Share(Wire, frozen=True):
    """How much of a name's requests an iteration answers, 0..1."""

    iteration_id: UUID
    part: Fraction = 1.0


class Publication(Wire, frozen=True):
    """What a name served, since when, and who had it do so."""

    shares: list[Share]
    published: datetime
    by: str = ""

    @property
    def iteration_id(self) -> UUID:
        """The one that answers most."""
        return max(self.shares, key=lambda share: share.part).iteration_id


class CameraFeedback(Wire, frozen=True):
    """Which results of cameras become stored predictions: those that are `lowest` to `highest` probable, and a `share`
    of the others, at most `per_day` of each day (UTC).

    A result is as probable as its most probable tag or box; one without a box is not probable at all.
    """

    lowest: Fraction
    highest: Fraction
    share: Fraction
    per_day: Annotated[int, Meta(ge=0, le=10_000)]


NO_FEEDBACK = CameraFeedback(0, 1, 0, per_day=0)


# So many publications before the present one are remembered.
HISTORY = 50


class Pointer(Publication, frozen=True, kw_only=True):
    """published/{projectId}/{publishedName}.json: which iterations a published name serves, and served, latest first.

    Publishing makes it one iteration with all of the requests; nothing deals them out to several yet. `tiles` is how
    many tiles a side a detector looks at besides the whole picture, where it is 2 or more.

    What holds of the name rather than of an iteration, tiles and feedback, is here, where a prediction reads anyway.
    """

    project_id: UUID
    publish_name: str
    history: list[Publication] = []
    tiles: int = 1
    camera_feedback: CameraFeedback = NO_FEEDBACK

    def __post_init__(self) -> None:
        if not math.isclose(sum(share.part for share in self.shares), 1):
            raise ValueError("The shares of a published name make up 1.")

    @classmethod
    def to_one(cls, project_id: UUID, iteration_id: UUID, publish_name: str, published: datetime, by: str = "") -> Self:
        return cls([Share(iteration_id)], published, by, project_id=project_id, publish_name=publish_name)

    def after(self, held: Self) -> Self:
        """With the history, the tiles and the feedback of the pointer whose place it takes."""
        before = [] if self.shares == held.shares else [Publication(held.shares, held.published, held.by)]
        history = [*before, *held.history][:HISTORY]
        return replace(self, history=history, tiles=held.tiles, camera_feedback=held.camera_feedback)


class PublishedIteration(Wire, frozen=True):
    """Which iteration answers under a name, or did, since when, and who published it: none is known of old ones."""

    iteration_id: UUID
    published: datetime
    by: str

    @classmethod
    def of(cls, publication: Publication) -> Self:
        return cls(publication.iteration_id, publication.published, publication.by)


class PublishedName(PublishedIteration, frozen=True, kw_only=True):
    """`before` is what answered before, the latest first; to publish one of these again is the way back. `tiles` and
    `camera_feedback` are as of the pointer.
    """

    name: str
    before: list[PublishedIteration]
    tiles: int
    camera_feedback: CameraFeedback

    @classmethod
    def of_pointer(cls, pointer: Pointer) -> Self:
        before = [PublishedIteration.of(each) for each in pointer.history]
        held = pointer.iteration_id, pointer.published, pointer.by
        return cls(
            *held,
            name=pointer.publish_name,
            before=before,
            tiles=pointer.tiles,
            camera_feedback=pointer.camera_feedback,
        )


class StoredPrediction(Wire, frozen=True):
    """A prediction kept for active learning; its picture lies in the `predictions` container."""

    prediction: ImagePrediction
    domain: UUID
    application: str = ""
    published_name: str = ""


class StoredImagePrediction(ImagePrediction, frozen=True):
    """A stored prediction with the addresses of its picture, which anyone who has them can read for a day."""

    resized_image_uri: str
    thumbnail_uri: str
    original_image_uri: str
    domain: UUID


class PredictionOrder(Choice):
    """Suggested: what a model would learn most from comes first."""

    NEWEST = "Newest"
    OLDEST = "Oldest"
    SUGGESTED = "Suggested"


class PredictionQueryTag(Wire, frozen=True):
    """That the tag was predicted with a probability within these bounds."""

    id: UUID
    min_threshold: Fraction | None = None
    max_threshold: Fraction | None = None


class PredictionQueryToken(Wire, frozen=True):
    """A query. An answer holds it again, with the session and continuation that ask for the next page."""

    session: str | None = None
    continuation: str | None = None
    max_count: int | None = None
    order_by: PredictionOrder | None = None
    tags: list[PredictionQueryTag] | None = None
    iteration_id: UUID | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    application: str | None = None


class PredictionQueryResult(Wire, frozen=True):
    token: PredictionQueryToken
    results: list[StoredImagePrediction]


class ImageIdCreateEntry(Wire, frozen=True):
    """`id` is that of a stored prediction; `metadata` as in ImageFileCreateEntry."""

    id: UUID
    tag_ids: list[UUID] | None = None
    regions: list[Region] | None = None
    metadata: MetadataUpdate | None = None


class GivenId(Given[ImageIdCreateEntry]):
    kind = ImageIdCreateEntry


class ImageIdCreateBatch(Wire, frozen=True):
    images: list[GivenId] | None = None
    tag_ids: list[UUID] | None = None
    metadata: MetadataUpdate | None = None


def uncertainty(predictions: Sequence[Prediction]) -> float:
    """The mean of the predictions' binary entropies in bits, 0 (sure of all) to 1; 0 where there are none.

    Of a classifier that is the mean over its tags, of a detector that over its boxes.
    """
    return sum(_entropy(each.probability) for each in predictions) / max(1, len(predictions))


def _entropy(p: float) -> float:
    """Exact near 0 and 1 too: log1p for the one, and 1 - p, which does not round near the other."""
    if not 0 < p < 1:
        return 0.0
    return -p * math.log2(p) - (1 - p) * math.log1p(-p) / math.log(2)
