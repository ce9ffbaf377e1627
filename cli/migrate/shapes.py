"""What both training APIs answer, as far as a move reads it; of unknown fields and values it takes no notice."""

from collections.abc import Set
from typing import NamedTuple
from uuid import UUID

import msgspec

from shared.models.wire import Wire

# Sides of boxes are equal up to here; both services keep them as floats.
TOLERANCE = 1e-4


class Box(NamedTuple):
    """A region by its tag and its left, top, width and height, 0..1."""

    tag_id: UUID
    left: float
    top: float
    width: float
    height: float

    @property
    def clipped(self) -> "Box":
        """What of it lies on the picture, which boxes there leave by rounding errors."""
        left, top = max(self.left, 0.0), max(self.top, 0.0)
        right, bottom = min(self.left + self.width, 1.0), min(self.top + self.height, 1.0)
        return self._replace(left=left, top=top, width=right - left, height=bottom - top)

    @property
    def has_area(self) -> bool:
        return min(self.width, self.height) > 0

    def is_at(self, other: "Box") -> bool:
        sides = zip(self[1:], other[1:], strict=True)
        return self.tag_id == other.tag_id and all(abs(one - two) <= TOLERANCE for one, two in sides)


class Labels(NamedTuple):
    """All that is said of an image."""

    tags: frozenset[UUID]
    boxes: frozenset[Box]
    metadata: dict[str, str]

    def named(self, ids: dict[UUID, UUID]) -> "Labels":
        """By the other side's ids of the tags; what has none there is left out."""
        tags = frozenset(ids[tag] for tag in self.tags if tag in ids)
        boxes = frozenset(box._replace(tag_id=ids[box.tag_id]) for box in self.boxes if box.tag_id in ids)
        return Labels(tags, boxes, self.metadata)

    def within(self, tags: Set[UUID]) -> "Labels":
        """Only what is said by these tags."""
        boxes = frozenset(box for box in self.boxes if box.tag_id in tags)
        return Labels(self.tags & tags, boxes, self.metadata)

    @property
    def text(self) -> str:
        """JSON, the same for the same labels."""
        plain = (sorted(map(str, self.tags)), sorted(self.boxes, key=str), self.metadata)
        return msgspec.json.encode(plain, order="deterministic").decode()

    @classmethod
    def read(cls, text: str) -> "Labels":
        return msgspec.json.decode(text, type=cls)


class ProjectSettings(Wire, frozen=True):
    domain_id: UUID
    classification_type: str | None = None
    target_export_platforms: list[str] | None = None
    image_processing_settings: dict[str, object] | None = None


class Project(Wire, frozen=True):
    id: UUID
    name: str
    settings: ProjectSettings
    description: str | None = None


class Tag(Wire, frozen=True):
    id: UUID
    name: str
    description: str | None = None
    type: str = "Regular"
    image_count: int = 0


class ImageTag(Wire, frozen=True):
    tag_id: UUID


class ImageRegion(Wire, frozen=True):
    region_id: UUID
    tag_id: UUID
    left: float
    top: float
    width: float
    height: float

    @property
    def box(self) -> Box:
        return Box(self.tag_id, self.left, self.top, self.width, self.height)


class Image(Wire, frozen=True):
    """`original_image_uri` leads to the bytes as they were uploaded, for a day."""

    id: UUID
    original_image_uri: str = ""
    thumbnail_uri: str = ""
    tags: list[ImageTag] | None = None
    regions: list[ImageRegion] | None = None
    metadata: dict[str, str] | None = None

    @property
    def labels(self) -> Labels:
        """Without boxes of no area, which no detector learns from and no installation takes."""
        boxes = frozenset(region.box.clipped for region in self.regions or [] if region.box.clipped.has_area)
        return Labels(frozenset(tag.tag_id for tag in self.tags or []), boxes, self.metadata or {})


class Uploaded(Wire, frozen=True):
    """What became of a picture of a batch; `source_url` is the name that it was sent under."""

    status: str
    source_url: str | None = None
    image: Image | None = None


class UploadSummary(Wire, frozen=True):
    images: list[Uploaded]


class Imported(Wire, frozen=True):
    """Where an imported model comes from: a field of Ocellus's own."""

    iteration_id: UUID | None = None


class Iteration(Wire, frozen=True):
    id: UUID
    name: str
    status: str
    trained_at: str | None = None
    publish_name: str | None = None
    exportable: bool = False
    training_error_details: str | None = None
    imported_from: Imported | None = None


class Export(Wire, frozen=True):
    platform: str
    status: str
    flavor: str | None = None
    download_uri: str | None = None
