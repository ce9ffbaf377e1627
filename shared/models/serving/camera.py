"""What happens to a camera's picture, from its upload to its result."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal, Self
from uuid import UUID

from shared.models.serving.predictions import Prediction
from shared.models.wire import Wire

# A file in a hierarchical namespace has events before the one of its end, which is FlushWithClose or SftpCommit.
UNFINISHED = frozenset({"CreateFile", "SftpCreate", "SftpWrite"})


class Upload(Wire, frozen=True):
    """A picture in `uploads`. The ETag, without its quotes, tells contents of one path apart."""

    path: str
    etag: str

    @classmethod
    def of_event(cls, subject: str, data: Mapping[str, object]) -> Self | None:
        """From a BlobCreated event; None where it tells of another container, or of a file that is being written."""
        path = subject.partition("/containers/uploads/blobs/")[2]
        if not path or data.get("api") in UNFINISHED:
            return None
        return cls(path, str(data.get("eTag", "")).strip('"'))


class DeadEvent(Wire, frozen=True):
    """A BlobCreated event that Event Grid gave up on, as it lies in `deadletters`."""

    subject: str
    data: dict[str, object]
    last_delivery_outcome: str = ""

    @property
    def upload(self) -> Upload | None:
        return Upload.of_event(self.subject, self.data)


class Frame(Wire, frozen=True):
    """The message from camera_preprocess to camera_predict: a validated, oriented, shrunken copy in `frames`."""

    queue: ClassVar[Literal["frames"]] = "frames"

    upload: Upload
    project_id: UUID
    published_name: str
    blob: str


class Step(StrEnum):
    """What became of an upload at the first step. One that is passed over is empty, or has its result."""

    QUEUED = "Queued"
    REJECTED = "Rejected"
    PASSED_OVER = "PassedOver"


class Outcome(StrEnum):
    RESULT = "Result"
    REJECTED = "Rejected"


class CameraResult(Wire, frozen=True):
    """How a camera's picture ended: predictions, or the reason for its rejection. `id` is the same on every retry.

    `drawn` is the blob in `results` that shows the predicted boxes, where they are drawn.
    """

    id: str
    upload: Upload
    outcome: Outcome
    created: datetime
    project_id: UUID | None = None
    published_name: str | None = None
    iteration_id: UUID | None = None
    predictions: list[Prediction] = []
    code: str | None = None
    reason: str | None = None
    drawn: str | None = None
