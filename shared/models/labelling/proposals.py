"""Region proposals: boxes that may hold an object, whatever its tag."""

from uuid import UUID

from shared.models.serving.predictions import BoundingBox
from shared.models.wire import Wire


class RegionProposal(Wire, frozen=True):
    confidence: float
    bounding_box: BoundingBox


class ImageRegionProposal(Wire, frozen=True):
    """The most confident first."""

    project_id: UUID
    image_id: UUID
    proposals: list[RegionProposal]
