"""Boxes added to images that are there already, and what became of each."""

from uuid import UUID

from shared.models.images import ImageRegion, Region
from shared.models.wire import Wire


class ImageRegionCreateEntry(Region, frozen=True):
    image_id: UUID


class ImageRegionCreateBatch(Wire, frozen=True):
    regions: list[ImageRegionCreateEntry] | None = None


class ImageRegionCreateResult(ImageRegion, frozen=True):
    """Custom Vision sends no tag name here."""

    image_id: UUID


class ImageRegionCreateSummary(Wire, frozen=True):
    created: list[ImageRegionCreateResult]
    duplicated: list[ImageRegionCreateEntry]
    exceeded: list[ImageRegionCreateEntry]
