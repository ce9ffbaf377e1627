"""Batches: many blobs of Blob Storage, predicted in the background by what answers under a published name."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.models.serving.predictions import Prediction
from shared.models.wire import Wire

# So many of the blobs that could not be predicted are named in the batch itself; the rows name all.
FAILURES_NAMED = 100


class BatchRequest(Wire, frozen=True):
    """The blobs of a container whose names begin with `prefix`, or stand in the blob `manifest`, a line each.

    `output` begins the folder of the results. `id` is the batch's: the same again is the same batch.
    """

    published_name: str
    container: str = "archives"
    prefix: str = ""
    manifest: str | None = None
    output: str = ""
    id: UUID | None = None


class BatchStatus(StrEnum):
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


class BatchRow(Wire, frozen=True):
    """A blob's line of the results: what was predicted, or why nothing was."""

    blob: str
    predictions: list[Prediction] = []
    code: str | None = None
    reason: str | None = None


class Batch(Wire, frozen=True):
    """How far a batch is. Of `total` blobs, which grows until all are `listed`, `done` have their row.

    `failed` of these could not be predicted, and `failures` are the first of them. `message` says why the batch itself
    failed. The rows lie in the container `results`, in parts whose names begin with `results`.
    """

    id: UUID
    project_id: UUID
    status: BatchStatus
    created: datetime
    by: str
    published_name: str
    iteration_id: UUID
    container: str
    prefix: str
    manifest: str | None
    results: str
    ended: datetime | None = None
    listed: bool = False
    total: int = 0
    done: int = 0
    failed: int = 0
    failures: list[BatchRow] = []
    message: str | None = None

    @property
    def is_under_way(self) -> bool:
        return self.status == BatchStatus.RUNNING


class BatchRecord(Wire, frozen=True):
    """What is kept of a batch: how callers see it, what they asked for, and which of its steps are done.

    `tiles` are those of the published name at its start. `share` is how many blobs one step predicts, `pages` how many
    pages are listed, and of `finished` each bit is a share that is counted. `ended_by` is the step that ended it, and
    tells subscribers: then its end is `announced`.
    """

    batch: Batch
    request: BatchRequest
    tiles: int
    share: int
    pages: int = 0
    finished: bytes = b""
    ended_by: str = ""
    announced: bool = False

    def has(self, number: int) -> bool:
        """Whether the share of that number is counted."""
        return bool(int.from_bytes(self.finished, "little") >> number & 1)

    def with_share(self, number: int) -> bytes:
        """`finished`, with the share of that number."""
        bits = int.from_bytes(self.finished, "little") | 1 << number
        return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


class BatchPage(Wire, frozen=True):
    """Blobs by name, as they were listed once; the next page begins at the marker. None: there is no other."""

    names: list[str]
    marker: str | None
