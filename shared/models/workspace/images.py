"""Training images: what the catalog keeps of one, what clients see of it, and the batches that create them."""

import secrets
import time
from collections.abc import Set
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from shared.models.entries import Given
from shared.models.wire import Wire
from shared.models.workspace.metadata import MetadataUpdate

# Clients round their boxes to two digits; so far one may reach out of its picture.
ROUNDED = 0.011
# The nanoseconds by which the ids of two images tell which is older.
TICK = 16
Offset = Annotated[float, Meta(ge=-ROUNDED, le=1)]
Length = Annotated[float, Meta(gt=0, le=1 + 2 * ROUNDED)]


class TaggingStatus(StrEnum):
    ALL = "All"
    TAGGED = "Tagged"
    UNTAGGED = "Untagged"


class OrderBy(StrEnum):
    NEWEST = "Newest"
    OLDEST = "Oldest"


class TagMark(Wire, frozen=True):
    """That an image carries a tag. The tag's name is looked up when the image is read, so a rename costs nothing."""

    tag_id: UUID
    created: datetime


class RegionMark(Wire, frozen=True):
    """A box on an image; left, top, width, height are fractions (0..1) of the oriented picture."""

    region_id: UUID
    tag_id: UUID
    created: datetime
    left: float
    top: float
    width: float
    height: float


class ImageRecord(Wire, frozen=True):
    """What the catalog keeps of an image. Width and height are pixels of the oriented original."""

    id: UUID
    created: datetime
    width: int
    height: int
    sha256: str
    tags: list[TagMark] = []
    regions: list[RegionMark] = []
    metadata: dict[str, str] = {}

    @property
    def tag_ids(self) -> set[UUID]:
        return {mark.tag_id for mark in self.tags}

    def without_tags(self, gone: Set[UUID]) -> Self:
        """Without these tags and their regions."""
        return replace(
            self,
            tags=[mark for mark in self.tags if mark.tag_id not in gone],
            regions=[mark for mark in self.regions if mark.tag_id not in gone],
        )


class TrashedImage(Wire, frozen=True):
    """A deleted image as it was, until it can't come back any more."""

    deleted: datetime
    image: ImageRecord


class ImageTag(Wire, frozen=True):
    tag_id: UUID
    tag_name: str
    created: datetime


class ImageRegion(Wire, frozen=True):
    region_id: UUID
    tag_name: str | None
    created: datetime
    tag_id: UUID
    left: float
    top: float
    width: float
    height: float


class Image(Wire, frozen=True):
    id: UUID
    created: datetime
    width: int
    height: int
    resized_image_uri: str
    thumbnail_uri: str
    original_image_uri: str
    tags: list[ImageTag] | UnsetType = UNSET
    regions: list[ImageRegion] | UnsetType = UNSET
    metadata: dict[str, str] | UnsetType = UNSET


class Region(Wire, frozen=True):
    """A box as clients send it; fractions of the oriented picture, which it may leave by a rounding error."""

    tag_id: UUID
    left: Offset
    top: Offset
    width: Length
    height: Length

    def __post_init__(self) -> None:
        if max(self.left + self.width, self.top + self.height) > 1 + ROUNDED:
            raise ValueError("A region lies within the picture: left + width and top + height are at most 1")
        if min(self.box[2:]) <= 0:
            raise ValueError("A region lies within the picture, not beside it")

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, width, height of what lies on the picture, 0..1."""
        (left, width), (top, height) = _clipped(self.left, self.width), _clipped(self.top, self.height)
        return left, top, width, height


class ImageFileCreateEntry(Wire, frozen=True):
    """`metadata` is this image's own, beside that of its batch; Custom Vision has the batch's alone."""

    contents: bytes
    name: str | None = None
    tag_ids: list[UUID] | None = None
    regions: list[Region] | None = None
    metadata: MetadataUpdate | None = None


class GivenFile(Given[ImageFileCreateEntry]):
    kind = ImageFileCreateEntry


class ImageFileCreateBatch(Wire, frozen=True):
    images: list[GivenFile] | None = None
    tag_ids: list[UUID] | None = None
    metadata: MetadataUpdate | None = None


class ImageUrlCreateEntry(Wire, frozen=True):
    """`metadata` as in ImageFileCreateEntry."""

    url: str
    tag_ids: list[UUID] | None = None
    regions: list[Region] | None = None
    metadata: MetadataUpdate | None = None


class GivenUrl(Given[ImageUrlCreateEntry]):
    kind = ImageUrlCreateEntry


class ImageUrlCreateBatch(Wire, frozen=True):
    images: list[GivenUrl] | None = None
    tag_ids: list[UUID] | None = None
    metadata: MetadataUpdate | None = None


class ImageUploadStatus(StrEnum):
    OK = "OK"
    OK_DUPLICATE = "OKDuplicate"
    ERROR_SOURCE = "ErrorSource"
    ERROR_IMAGE_FORMAT = "ErrorImageFormat"
    ERROR_IMAGE_SIZE = "ErrorImageSize"
    ERROR_IMAGE_DIMENSIONS = "ErrorImageDimensions"
    ERROR_STORAGE = "ErrorStorage"
    ERROR_LIMIT_EXCEED = "ErrorLimitExceed"
    ERROR_TAG_LIMIT_EXCEED = "ErrorTagLimitExceed"
    ERROR_REGION_LIMIT_EXCEED = "ErrorRegionLimitExceed"
    ERROR_UNKNOWN = "ErrorUnknown"
    ERROR_INVALID_TAG = "ErrorInvalidTag"
    ERROR_INVALID_REGION = "ErrorInvalidRegion"
    ERROR_NEGATIVE_AND_REGULAR = "ErrorNegativeAndRegularTagOnSameImage"


class ImageCreateResult(Wire, frozen=True):
    """`message` is our own, and there where the picture was not taken: why, and what to do."""

    source_url: str | None
    status: ImageUploadStatus
    image: Image | None = None
    message: str | UnsetType = UNSET


class ImageCreateSummary(Wire, frozen=True):
    is_batch_successful: bool
    images: list[ImageCreateResult]


class ImageTagCreateEntry(Wire, frozen=True):
    image_id: UUID
    tag_id: UUID


class ImageTagCreateBatch(Wire, frozen=True):
    tags: list[ImageTagCreateEntry] | None = None


class ImageTagCreateSummary(Wire, frozen=True):
    created: list[ImageTagCreateEntry]
    duplicated: list[ImageTagCreateEntry]
    exceeded: list[ImageTagCreateEntry]


class ImageRestoreBatch(Wire, frozen=True):
    image_ids: list[UUID]


class ImageRestoreDuplicate(Wire, frozen=True):
    """An image whose picture was uploaded again after it was deleted, and what has it now."""

    image_id: UUID
    present_id: UUID


class ImageRestoreSummary(Wire, frozen=True):
    """Images that are there now, those whose picture is there as another image, and those that are gone for good."""

    restored: list[UUID]
    duplicated: list[ImageRestoreDuplicate]
    gone: list[UUID]


class ImageUrl(Wire, frozen=True):
    url: str


def new_image_id() -> UUID:
    """A UUIDv8 (RFC 9562) whose first 60 free bits are the inverted time: a later image sorts before an earlier one."""
    return image_id_at(time.time_ns())


def new_image_ids(count: int) -> list[UUID]:
    """Those of pictures that come together, in their order: the first sorts as the oldest."""
    began = time.time_ns()
    return [image_id_at(began + number * TICK) for number in range(count)]


def image_id_at(nanoseconds: int) -> UUID:
    """That of an image that is new at that time."""
    ticks = (1 << 60) - 1 - nanoseconds // TICK
    high, low = ticks >> 12, ticks & 0xFFF
    return UUID(int=high << 80 | 0x8 << 76 | low << 64 | 0b10 << 62 | secrets.randbits(62))


def new_region_id(image_id: UUID) -> UUID:
    """A UUIDv8 that begins as its image's id does, so that the image of a region is found without an index."""
    return UUID(int=image_id.int >> 64 << 64 | 0b10 << 62 | secrets.randbits(62))


def _clipped(start: float, length: float) -> tuple[float, float]:
    """Start and length of what lies between 0 and 1; as they are where all of it does."""
    if start >= 0 and start + length <= 1:
        return start, length
    return max(start, 0.0), min(start + length, 1.0) - max(start, 0.0)
