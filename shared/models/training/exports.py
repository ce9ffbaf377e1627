"""Exports: packages of a trained iteration to run elsewhere, and what lies in them."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct, field

from shared.models.wire import Wire, now
from shared.models.workspace.domains import DomainType

# Grows with every change of what a package holds: an older one may then be exported again.
PACKAGE = 3


class ExportStatus(StrEnum):
    EXPORTING = "Exporting"
    FAILED = "Failed"
    DONE = "Done"


class Export(Wire, frozen=True):
    platform: str
    status: ExportStatus
    download_uri: str | None
    flavor: str | None
    newer_version_available: bool


class ExportRecord(Wire, frozen=True):
    """What the catalog keeps of an export; an iteration has one of each platform and flavor."""

    id: UUID
    project_id: UUID
    iteration_id: UUID
    platform: str
    flavor: str | None
    status: ExportStatus = ExportStatus.EXPORTING
    package: int = PACKAGE
    attempts: int = 0

    @property
    def outdated(self) -> bool:
        return self.status == ExportStatus.DONE and self.package != PACKAGE

    @property
    def name(self) -> str:
        """Of its blob: `{project}/{iteration}.ONNX.zip`, or with a flavor `.ONNX.ONNX12.zip`."""
        kind = f"{self.platform}.{self.flavor}" if self.flavor else self.platform
        return f"{self.project_id}/{self.iteration_id}.{kind}.zip"


class ExportManifest(Struct, frozen=True, rename="pascal"):
    """cvexport.manifest: the runtimes for phones read it, and refuse an ExporterVersion of 3.0 or more."""

    domain_type: DomainType
    platform: str
    flavor: str | None
    exporter_version: str
    exported_date: str
    iteration_id: UUID
    model_file_name: str
    label_file_name: str | None
    model_file_sha1: str = field(name="ModelFileSHA1")
    schema_version: str = "1.0"


def exported_date() -> str:
    """The time as .NET writes it, to 100 ns."""
    return f"{now():%Y-%m-%dT%H:%M:%S.%f}0Z"
