"""Live suggestions: what a model that learns while people label thinks of images that have no tag yet."""

from enum import StrEnum
from uuid import UUID

from msgspec import field

from shared.models.serving.predictions import BoundingBox
from shared.models.wire import Choice, Fraction, Wire


class LiveState(StrEnum):
    """LACKING are labels of two tags. While EMBEDDING no image has been looked at yet, and while UNAVAILABLE what looks
    at images is on its way.
    """

    READY = "Ready"
    LACKING = "Lacking"
    EMBEDDING = "Embedding"
    UNAVAILABLE = "Unavailable"


class LiveOrder(Choice):
    """SURE: of one tag, the surest first. UNSURE: what helps most to be labelled."""

    SURE = "Sure"
    UNSURE = "Unsure"


class LiveQuery(Wire, frozen=True):
    """With `image_ids` what is thought of these. A `tag_id` leaves those of one tag; without it `Sure` shows the tag
    that most images are probable enough for. With `since`, the revision of an answer, nothing is said twice.
    """

    order: LiveOrder = LiveOrder.SURE
    tag_id: UUID | None = None
    image_ids: list[UUID] | None = None
    threshold: Fraction = 0.5
    take: int = 24
    since: str | None = None


class LiveSuggestion(Wire, frozen=True):
    """`margin` is how far the tag is before the next one; in multilabel how far all tags are from 0.5. Those `drawn` at
    random tell how often the model is right. There is no tag while the model has none to name.
    """

    image_id: UUID
    tag_id: UUID | None
    probability: float
    margin: float
    drawn: bool = False


class LiveMeasure(Wire, frozen=True):
    """The model was `right` about so many of the `labelled` images that were drawn at random last, by what it said
    before they had a label. So it was right about all images that had none then, from `low` to `high` with 95 %
    confidence: those that were drawn and not labelled could be either. It has learned since.
    """

    right: int
    labelled: int
    low: float
    high: float


class LiveSuggestions(Wire, frozen=True):
    """Of `total` images `embedded` have been looked at, `labelled` of them have a tag, and of those without one the
    model was asked about `scored`. `lacking` tags have no label, so they are not suggested. `counts` are the images by
    tag that have the threshold's probability or more, `certain` those of which it is nearly certain: they come first
    among the surest, and under 1 % of them are wrong on average. What was not `measured` yet is null. Where nothing is
    new since the revision that was sent, the answer is `unchanged`, and says no more.
    """

    state: LiveState
    revision: str
    total: int
    embedded: int
    labelled: int = 0
    scored: int = 0
    lacking: list[UUID] = []
    counts: dict[UUID, int] = {}
    certain: dict[UUID, int] = {}
    results: list[LiveSuggestion] = []
    measured: LiveMeasure | None = None
    unchanged: bool = False


class ConfirmedTag(Wire, frozen=True):
    image_id: UUID
    tag_id: UUID


class LiveAcceptRequest(Wire, frozen=True):
    """Tags of images, or the `tag_id` (without it all tags) of all images that it is so probable for, but for some.

    `expected` and `id` as in AcceptRequest.
    """

    items: list[ConfirmedTag] | None = None
    tag_id: UUID | None = None
    threshold: Fraction | None = None
    but: list[UUID] | None = field(name="except", default=None)
    expected: int | None = None
    id: UUID | None = None


class LiveDoubt(Wire, frozen=True):
    """A label in doubt: the image has the tags `given`, and the tag of `tag_id` fits better by so much. In multilabel
    that tag should probably come, or go where it is one of those given.
    """

    image_id: UUID
    given: list[UUID]
    tag_id: UUID
    score: float


class LiveDismissal(Wire, frozen=True):
    """Images with the tag of a doubt: it is `dismissed`, or told again."""

    items: list[ConfirmedTag]
    dismissed: bool = True


class LiveBoxQuery(Wire, frozen=True):
    """Without `boxes` some are suggested."""

    boxes: list[BoundingBox] | None = None


class LiveBoxGuess(Wire, frozen=True):
    """No tag where a guess would not be worth showing."""

    tag_id: UUID | None
    probability: float


class LiveBox(Wire, frozen=True):
    tag_id: UUID
    probability: float
    bounding_box: BoundingBox


class LiveBoxes(Wire, frozen=True):
    """A guess for each box, in their order; or boxes that were `found`, the surest first. LACKING are boxes to learn
    from, what tells them apart, or, to find some, what stands out of pictures.
    """

    state: LiveState
    guesses: list[LiveBoxGuess]
    found: list[LiveBox] = []


class SimilarImage(Wire, frozen=True):
    """The similarity is a cosine, 1 for the same."""

    image_id: UUID
    similarity: float


class NearDuplicates(Wire, frozen=True):
    """Images that were uploaded about one after the other and look the same: groups, the newest first."""

    groups: list[list[UUID]]


class ImageMap(Wire, frozen=True):
    """A map of `total` images, on which those that look alike lie together.

    Each image on it has 16 bytes of `images`, its id; two numbers of `places`, from the left and from the top, 0 to
    65535; and a number of `tags`, the place of its first tag in `tag_ids`, or 65535 without one. The numbers are
    unsigned, of 16 bits, the low byte first. A newer map is on its way while one is `drawing`. While the map is LACKING
    there are too few images.
    """

    state: LiveState
    total: int
    drawing: bool
    tag_ids: list[UUID] = []
    images: bytes = b""
    places: bytes = b""
    tags: bytes = b""
