"""Changes of more images than one call takes: which images, how far it is, and how it is taken back."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import field

from shared.models.wire import Fraction, Wire
from shared.models.workspace.images import RegionMark, TaggingStatus, TagMark


class TaskStatus(StrEnum):
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"
    UNDOING = "Undoing"
    UNDONE = "Undone"


class WorkspaceTask(Wire, frozen=True):
    """A change under way. Of `total` images `done` are looked at; while it is taken back, `done` counts down.

    `changed` are other ones now, `refused` could not be changed, and `message` says why, of the first of them; or why
    it failed.
    """

    id: UUID
    operation: str
    status: TaskStatus
    created: datetime
    by: str
    total: int
    done: int = 0
    changed: int = 0
    refused: int = 0
    message: str | None = None

    @property
    def is_under_way(self) -> bool:
        return self.status in (TaskStatus.RUNNING, TaskStatus.UNDOING)


class ImageChoice(Wire, frozen=True):
    """Images as `get_images` finds them, but for some."""

    tag_ids: list[UUID] | None = None
    tagging_status: TaggingStatus = TaggingStatus.ALL
    filter: str | None = None
    but: list[UUID] | None = field(name="except", default=None)


class Retag(Wire, frozen=True, tag=True):
    """Tags to take off, with their regions, and tags to put on."""

    add: list[UUID]
    remove: list[UUID]


class Acceptance(Wire, frozen=True, tag=True):
    """Suggested tags to put on, or in object detection suggested boxes: all, or those of one tag alone."""

    iteration_id: UUID
    tag_id: UUID | None
    threshold: float


class Confirmation(Wire, frozen=True, tag=True):
    """What live suggestions were confirmed: one tag of all images, or tags of each."""

    tag_id: UUID | None
    tags: dict[UUID, list[UUID]] = {}


Work = Retag | Acceptance | Confirmation


class BulkChange(Wire, frozen=True):
    """What is kept of a change: the task as clients see it, what it does, and under which name its images are kept."""

    task: WorkspaceTask
    work: Work
    images: UUID


class RetagRequest(Wire, frozen=True):
    """The images are `where` or `image_ids`. `id` is the task's: the same again is the same task.

    With `expected` it is refused unless so many images are found.
    """

    add: list[UUID] | None = None
    remove: list[UUID] | None = None
    where: ImageChoice | None = None
    image_ids: list[UUID] | None = None
    expected: int | None = None
    id: UUID | None = None


class AcceptRequest(Wire, frozen=True):
    """The images are `image_ids`, or all that something is suggested for, but for some; `source` is an iteration.

    Suggestions count from `threshold` on. With a `tag_id` only those of that tag do. `expected` and `id` as above.
    """

    source: UUID
    threshold: Fraction = 0.5
    tag_id: UUID | None = None
    image_ids: list[UUID] | None = None
    but: list[UUID] | None = field(name="except", default=None)
    expected: int | None = None
    id: UUID | None = None


class Taken(Wire, frozen=True):
    """What is taken off an image, to be put on again when the change is taken back."""

    image_id: UUID
    tags: list[TagMark]
    regions: list[RegionMark]


class Part(Wire, frozen=True):
    """What becomes of some of the images, written before the first of them changes."""

    changed: int
    refused: int
    message: str | None
    taken: list[Taken]
