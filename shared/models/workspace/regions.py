"""Boxes added to images that are there already, and what became of each."""

from uuid import UUID

from shared.models.entries import Given
from shared.models.wire import Wire
from shared.models.workspace.images import ImageRegion, Region


class ImageRegionCreateEntry(Region, frozen=True):
    image_id: UUID


class GivenRegion(Given[ImageRegionCreateEntry]):
    kind = ImageRegionCreateEntry


class ImageRegionCreateBatch(Wire, frozen=True):
    regions: list[GivenRegion] | None = None


class ImageRegionCreateResult(ImageRegion, frozen=True):
    """Custom Vision sends no tag name here."""

    image_id: UUID


class ImageRegionRefused(Wire, frozen=True):
    """A box that was not added, as far as what was sent can be read, and why."""

    image_id: UUID | None
    tag_id: UUID | None
    left: float | None
    top: float | None
    width: float | None
    height: float | None
    message: str


class ImageRegionCreateSummary(Wire, frozen=True):
    """Custom Vision has no place for a box that is none; it is among the exceeded, where its clients look."""

    created: list[ImageRegionCreateResult]
    duplicated: list[ImageRegionCreateEntry]
    exceeded: list[ImageRegionRefused]
