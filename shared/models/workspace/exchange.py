"""Data sets on their way into a project and out of it."""

from datetime import datetime
from uuid import UUID

from shared.models.wire import Wire
from shared.models.workspace.bulk import TaskStatus

# Of those that are left out so many are named.
NAMED = 100


class DatasetTask(Wire, frozen=True):
    """A data set under way. Of `total` pictures `done` are looked at.

    Of an import `new` ones came and `present` ones were there; of an export `new` ones are in the zip, which lies at
    `download_uri` for a day. `lost` counts what the other side has no place for, by what it is. `left_out` pictures and
    lines could not be carried, and `misplaced` pictures have another shape than their set says, so that their boxes may
    be turned; `reasons` name the first of both. `message` says why it failed.
    """

    id: UUID
    operation: str
    status: TaskStatus
    created: datetime
    by: str
    format: str | None
    total: int = 0
    done: int = 0
    new: int = 0
    present: int = 0
    lost: dict[str, int] = {}
    left_out: int = 0
    misplaced: int = 0
    reasons: list[str] = []
    message: str | None = None
    download_uri: str | None = None


class DatasetImport(Wire, frozen=True, tag=True):
    """What is brought in: in that format, or in the one that it is found to be in. With `background` pictures without
    boxes show what is no object, and with `untagged` a project of boxes takes pictures of a set that has none. The tags
    are known once it is read."""

    format: str | None
    background: bool
    untagged: bool = False
    tags: dict[str, UUID] = {}


class DatasetExport(Wire, frozen=True, tag=True):
    """What is taken out: what is there, or what an iteration was trained on, and maybe what `predicted_by`, another
    one or the same, says of it. The tags are known once it is begun."""

    format: str
    iteration_id: UUID | None
    predicted_by: UUID | None = None
    tags: list[str] = []


class DatasetWork(Wire, frozen=True):
    """What is kept of a data set under way: the task as clients see it, what it does, in how many shares, which run of
    its first step has listed these, and how often that was begun."""

    task: DatasetTask
    work: DatasetImport | DatasetExport
    shares: int = 0
    listed_by: str = ""
    begun: int = 0
