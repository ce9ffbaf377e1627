"""Projects and their settings."""

from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from uuid import UUID

from msgspec import UNSET, UnsetType, field, json
from msgspec.structs import force_setattr, replace

from shared.models.wire import Wire


class ClassificationType(StrEnum):
    MULTICLASS = "Multiclass"
    MULTILABEL = "Multilabel"


class ProjectStatus(StrEnum):
    SUCCEEDED = "Succeeded"
    IMPORTING = "Importing"
    FAILED = "Failed"


AUGMENTATIONS = ["rotation", "scaling", "translation", "horizontal flip", "equalize", "solarize", "padtosquare"]


class ImageProcessingSettings(Wire, frozen=True):
    augmentation_methods: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(AUGMENTATIONS, True))


class ProjectSettings(Wire, frozen=True):
    domain_id: UUID
    classification_type: ClassificationType | None
    target_export_platforms: list[str] = []
    use_negative_set: bool = True
    detection_parameters: str | None = None
    image_processing_settings: ImageProcessingSettings = ImageProcessingSettings()
    export_model_container_uri: str | UnsetType = UNSET
    notification_queue_uri: str | UnsetType = UNSET

    @property
    def digest(self) -> str:
        """The same for the same settings; addresses, which say nothing of training, are left out."""
        trained_by = replace(self, export_model_container_uri=UNSET, notification_queue_uri=UNSET)
        return blake2b(json.encode(trained_by, order="deterministic"), digest_size=8).hexdigest()


class Project(Wire, frozen=True):
    """Its description is never null: the SDKs demand one of a project that they send back with changes."""

    id: UUID
    name: str
    description: str | None
    settings: ProjectSettings
    created: datetime
    last_modified: datetime
    thumbnail_uri: str | None = None
    dr_mode_enabled: bool = False
    status: ProjectStatus = ProjectStatus.SUCCEEDED

    def __post_init__(self) -> None:
        force_setattr(self, "description", self.description or "")


class ProjectSettingsUpdate(Wire, frozen=True):
    """The settings that a client may change; what is UNSET or null stays as it is."""

    domain_id: UUID | None | UnsetType = UNSET
    classification_type: str | None | UnsetType = UNSET
    target_export_platforms: list[str] | None | UnsetType = UNSET
    image_processing_settings: ImageProcessingSettings | None | UnsetType = UNSET
    export_model_container_uri: str | None | UnsetType = UNSET
    notification_queue_uri: str | None | UnsetType = UNSET


class ProjectUpdate(Wire, frozen=True):
    """The body of a PATCH: a merge into the project."""

    name: str | None | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    settings: ProjectSettingsUpdate | None | UnsetType = UNSET


class ProjectOptions(Wire, frozen=True):
    """The optional body of createProject (v3.4)."""

    export_model_container_uri: str | None = None
    notification_queue_uri: str | None = None
