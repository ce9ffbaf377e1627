"""What travels when a project is exported and imported. An import reads it as a stranger's words.

URLs in it go on from where the containers lie, as the token has it: an export knows no name of its own host.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, field

from shared.models.training.datasets import DatasetHeader
from shared.models.training.iterations import IterationRecord
from shared.models.wire import Wire
from shared.models.workspace.images import ImageRecord
from shared.models.workspace.projects import Project
from shared.models.workspace.tags import Tag

# What a message of a queue has room for.
Url = Annotated[str, Meta(max_length=8_192)]


class ProjectExport(Wire, frozen=True):
    iteration_count: int
    image_count: int
    tag_count: int
    region_count: int
    estimated_import_time_in_ms: int = field(name="estimatedImportTimeInMS")
    token: str


class IterationExport(Wire, frozen=True):
    """An iteration, the URL of the first part of its dataset, and those of its model's files by their names.

    A failed one has neither.
    """

    record: IterationRecord
    images: str | None = None
    files: dict[str, str] = {}


class ExportInfo(Wire, frozen=True):
    """What a token leads to. `images` is the URL of the first part of the workspace's images."""

    format: Literal["ocellus-project-1"]
    project: Project
    revision: int
    next_number: Annotated[int, Meta(ge=1, le=1_000_000)]
    tags: list[Tag]
    image_count: Annotated[int, Meta(ge=0)]
    images: str
    iterations: list[IterationExport]


class PartHeader(Wire, frozen=True):
    """The first line of a part; each further line is a PartImage. `next` is the URL of the next part.

    The revision is the workspace's when the part was written; a part of an iteration's images tells of its dataset.
    """

    next: Url | None
    revision: int = 0
    dataset: DatasetHeader | None = None


class PartImage(Wire, frozen=True):
    """An image, and the URL of its original picture; none where the workspace's parts have it already."""

    image: ImageRecord
    original: str | None


class ImportState(Wire, frozen=True):
    """What an import works through: the export as it was when the import began."""

    token: str
    started: datetime
    info: ExportInfo
