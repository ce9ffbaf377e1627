"""Iterations: one training of a project each."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from shared.models.training.importing import ImportedFrom
from shared.models.wire import Wire
from shared.models.workspace.projects import ClassificationType

# A reason of failure travels in events, and a queue takes messages of 64 KiB.
REASON_LENGTH = 1_000
# Of an advanced training for which no budget was named.
BUDGET_HOURS = 1
# The name that version 2's default iteration of a project is published under.
DEFAULT = "default"


class IterationStatus(StrEnum):
    TRAINING = "Training"
    COMPLETED = "Completed"
    FAILED = "Failed"


class TrainingType(StrEnum):
    REGULAR = "Regular"
    ADVANCED = "Advanced"


class CustomBaseModelInfo(Wire, frozen=True):
    project_id: UUID
    iteration_id: UUID


class Iteration(Wire, frozen=True):
    """Where it can be exported to is looked up when it is shown. A record says only whether `exportable_to` is told:
    not in training, nor after an import.

    `training_progress`, 0 to 1, and `training_message`, what its job is at, are our own and there while it is
    trained; clients of Custom Vision pass over them.

    `right_at_least` and `right_at_most`, 0 to 1, are our own, too: the share of held-out images that a classifier was
    right about where near-duplicates are kept apart, and where they are not. They are there where these differ much.

    `not_exportable_to` is our own as well: platforms of its domain that its model can't be exported to.

    `imported_from` is our own and there where its model was imported.

    `is_default` is version 2's, and there where it is true.
    """

    id: UUID
    name: str
    status: IterationStatus
    created: datetime
    last_modified: datetime
    project_id: UUID
    domain_id: UUID
    classification_type: ClassificationType | None
    training_type: TrainingType
    trained_at: datetime | UnsetType = UNSET
    exportable: bool = False
    exportable_to: list[str] | None = None
    reserved_budget_in_hours: int = 0
    training_time_in_minutes: int = 0
    publish_name: str | None = None
    original_publish_resource_id: str | None = None
    custom_base_model_info: CustomBaseModelInfo | None = None
    training_error_details: str | None = None
    training_progress: float | UnsetType = UNSET
    training_message: str | UnsetType = UNSET
    right_at_least: float | UnsetType = UNSET
    right_at_most: float | UnsetType = UNSET
    not_exportable_to: list[str] | UnsetType = UNSET
    imported_from: ImportedFrom | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET

    @property
    def budget_hours(self) -> int:
        """What its training may take; only an advanced one has a budget."""
        return (self.reserved_budget_in_hours or BUDGET_HOURS) if self.training_type == TrainingType.ADVANCED else 0


class EndedIteration(Iteration, frozen=True):
    """The data of the event that tells of a training's end: a subscriber can send the mail that was asked for."""

    notification_email_address: str | None = None


class ExecutionStatus(StrEnum):
    """What Container Apps says of an execution of a job."""

    PROCESSING = "Processing"
    RUNNING = "Running"
    DEGRADED = "Degraded"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    STOPPED = "Stopped"
    UNKNOWN = "Unknown"


ENDED = frozenset({ExecutionStatus.SUCCEEDED, ExecutionStatus.FAILED, ExecutionStatus.STOPPED})


class Launched(Wire, frozen=True):
    """A job that was started: the name of its execution, and where an operator finds what it prints."""

    execution: str
    logs: str


class TrainingRun(Wire, frozen=True):
    """What only we need to know of an iteration: what it was trained on, and whether its job still lives.

    `revision` and `settings` tell the project's contents and settings from others. `execution` is the job's, none
    before it is launched; `ended` is what became of the one before it. A `draft` may have few images of a tag.
    """

    revision: int
    settings: str = ""
    selected_tags: list[UUID] = []
    notification_email_address: str | None = None
    attempts: int = 0
    started: datetime | None = None
    heartbeat: datetime | None = None
    progress: float = 0.0
    message: str = ""
    execution: str | None = None
    logs: str | None = None
    ended: ExecutionStatus | None = None
    draft: bool = False


class TrainingLock(Wire, frozen=True):
    """Which iteration a project is being trained to, and since when."""

    project_id: UUID
    iteration_id: UUID
    since: datetime


class IterationRecord(Wire, frozen=True):
    iteration: Iteration
    run: TrainingRun

    @property
    def shown(self) -> Iteration:
        """As clients see it: with the progress of its job while it is trained."""
        in_training = self.iteration.status == IterationStatus.TRAINING
        is_default = (self.iteration.publish_name or "").lower() == DEFAULT
        return replace(
            self.iteration,
            training_progress=self.run.progress if in_training else UNSET,
            training_message=(self.run.message or UNSET) if in_training else UNSET,
            is_default=is_default or UNSET,
        )


class IterationUpdate(Wire, frozen=True):
    """The body of a PATCH: the name of an iteration can be changed, and by version 2 whether it is the default."""

    name: str | None | UnsetType = UNSET
    is_default: bool | None | UnsetType = UNSET


class TrainingParameters(Wire, frozen=True):
    """The optional body of train."""

    selected_tags: list[UUID] | None = None
    custom_base_model_info: CustomBaseModelInfo | None = None
