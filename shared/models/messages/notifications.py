"""What a project's own queue is told of its trainings and exports."""

from enum import StrEnum
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType, field

from shared.models.wire import Wire


class NotificationType(StrEnum):
    CONNECTION_TEST = "ConnectionTest"
    TRAINING = "Training"
    EXPORT = "Export"


class NotificationContent(Wire, frozen=True):
    project_id: UUID
    iteration_id: UUID | UnsetType = UNSET
    training_status: str | UnsetType = UNSET
    export_status: str | UnsetType = UNSET
    model_uri: str | UnsetType = UNSET


class Notification(Struct, frozen=True):
    type: NotificationType
    content: NotificationContent = field(name="Content")
    version: str = "1.0"
