"""What goes on in the background, in steps that can be repeated, as messages of four queues."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from msgspec import Struct

from shared.models.messages.events import EventType
from shared.models.training.exports import ExportRecord, ExportStatus
from shared.models.training.iterations import Iteration, IterationStatus

# A task that repeats what a call does is seen after so many seconds: longer than any call may run (functionTimeout in
# host.json), so what the call was about to write is there by then.
SETTLED = 300.0


class Task(Struct, frozen=True, rename="camel", tag_field="task", tag=True):
    """A message carries the name of its class as `task`."""

    queue: ClassVar[Literal["events", "work", "upkeep", "batches"]] = "work"


class Telling(Task, frozen=True):
    """A short task that others wait for: no long one stands before it."""

    queue = "events"


class Patient(Task, frozen=True):
    """A task that takes a core for seconds, and may wait until all others are done."""

    queue = "upkeep"


class PurgeProject(Task, frozen=True):
    """Delete all that a deleted project left behind."""

    project_id: UUID


class SweepTag(Task, frozen=True):
    """Take a deleted tag off its images."""

    project_id: UUID
    tag_id: UUID


class ReleaseImages(Task, frozen=True):
    """Delete the pictures of deleted images, but (unless `all_iterations`) for those of an iteration."""

    project_id: UUID
    image_ids: list[UUID]
    all_iterations: bool = False


class CollectPictures(Task, frozen=True):
    """Delete the pictures stored before that time that neither the workspace nor an iteration has."""

    project_id: UUID
    before: datetime


class DeleteAllImages(Task, frozen=True):
    """Delete every image that was there at that time."""

    project_id: UUID
    before: datetime
    all_iterations: bool


class ChangeImages(Task, frozen=True):
    """Change a part of the images of a task, those from `start` on, or take that back; then the next part."""

    project_id: UUID
    task_id: UUID
    start: int
    undo: bool = False


class RetagImages(ChangeImages, frozen=True):
    """Put tags on images, and take others off."""


class AcceptSuggestions(ChangeImages, frozen=True):
    """Make labels of what an iteration suggested."""


class AcceptLive(ChangeImages, frozen=True):
    """Make labels of what the live model suggested."""


class EmbedImages(Patient, frozen=True):
    """Have the backbone look at new images, so that suggestions and trainings find what it sees."""

    project_id: UUID
    image_ids: list[UUID]


class EmbedBoxes(Patient, frozen=True):
    """Have the backbone look at the newest boxes of a project, so that the tags of the next ones can be guessed."""

    project_id: UUID


class DrawMap(Patient, frozen=True):
    """Draw the map of a project's images anew, unless it has nearly all of them."""

    project_id: UUID


class Announce(Telling, frozen=True):
    """Tell subscribers what became of an iteration. The id is the event's own, so a repeat is known as one."""

    event: EventType
    id: str
    iteration: Iteration
    notification_email_address: str | None = None


class BuildExport(Task, frozen=True):
    """Build the package of an export."""

    export: ExportRecord


class NotifyTraining(Telling, frozen=True):
    """Tell the project's own queue that a training ended; tried again for some time after `since`."""

    project_id: UUID
    since: datetime
    iteration_id: UUID
    status: IterationStatus


class NotifyExport(Telling, frozen=True):
    """Write an export to the project's own container, and tell its queue."""

    project_id: UUID
    since: datetime
    export: ExportRecord
    status: ExportStatus


class DropIteration(Task, frozen=True):
    """Delete the model, dataset and packages of a deleted iteration."""

    project_id: UUID
    iteration_id: UUID


class ForgetIteration(Task, frozen=True):
    """Delete what a deleted iteration suggested and predicted, of the predictions those beyond a place."""

    project_id: UUID
    iteration_id: UUID
    beyond: str = ""


class JudgeIteration(Patient, frozen=True):
    """Have an imported model predict the project's labelled images, to tell how well it does."""

    project_id: UUID
    iteration_id: UUID


class PrepareTraining(Task, frozen=True):
    """Freeze the dataset of an iteration and launch its job; `attempt` says for which of its attempts."""

    project_id: UUID
    iteration_id: UUID
    attempt: int


class WatchTraining(Task, frozen=True):
    """Look after the job of an iteration, and again a while later, until its training has ended."""

    project_id: UUID
    iteration_id: UUID


class StopTraining(Task, frozen=True):
    """Stop a job whose iteration is gone."""

    execution: str


class WriteExport(Task, frozen=True):
    """Write a part of a project's export, and then what follows it. Section 0 is the workspace, n the n-th iteration.

    `after` is the image that the part before ended at.
    """

    project_id: UUID
    export_id: UUID
    section: int = 0
    part: int = 0
    after: UUID | None = None


class ReadImport(Task, frozen=True):
    """Take in a part of an export, and then what follows it.

    `url` is where the part is (none: the section's first), `images` how many the section has had, `unchanged` whether
    the export is of one moment, `waits` how often this part was waited for.
    """

    project_id: UUID
    section: int = 0
    part: int = 0
    url: str | None = None
    images: int = 0
    unchanged: bool = False
    waits: int = 0


class ImportDataset(Task, frozen=True):
    """Read a data set's zip (share 0), or take in a share of its pictures; and then the next."""

    project_id: UUID
    dataset_id: UUID
    share: int = 0


class ExportDataset(Task, frozen=True):
    """List what of a project goes into a data set (share 0), pack a share of it, or at last all that describes it."""

    project_id: UUID
    dataset_id: UUID
    share: int = 0


class BackUpProject(Patient, frozen=True):
    """Copy what is new of a project to the place of backups, and let go of copies that are old; of that night alone."""

    project_id: UUID
    since: datetime


class SweepBackups(Patient, frozen=True):
    """Delete what no copy needs any more from the place of backups; of that night alone."""

    since: datetime


class BatchTask(Task, frozen=True):
    """A step of a batch. It goes to the app that may read pictures and predict them."""

    queue = "batches"

    project_id: UUID
    batch_id: UUID


class ListBatch(BatchTask, frozen=True):
    """List a page of a batch's blobs and have them predicted; then the next page, from the marker on."""

    page: int = 0
    marker: str | None = None


class PredictShare(BatchTask, frozen=True):
    """Predict some of a page's blobs, those from `start` on."""

    page: int
    start: int


class TellOfBatch(BatchTask, frozen=True):
    """Tell subscribers of a batch that was cancelled."""


AnyBatchTask = ListBatch | PredictShare | TellOfBatch
AnyTask = (
    PurgeProject
    | SweepTag
    | ReleaseImages
    | CollectPictures
    | DeleteAllImages
    | RetagImages
    | AcceptSuggestions
    | AcceptLive
    | EmbedImages
    | EmbedBoxes
    | DrawMap
    | Announce
    | PrepareTraining
    | WatchTraining
    | StopTraining
    | BuildExport
    | DropIteration
    | ForgetIteration
    | JudgeIteration
    | NotifyTraining
    | NotifyExport
    | WriteExport
    | ReadImport
    | ImportDataset
    | ExportDataset
    | BackUpProject
    | SweepBackups
)
