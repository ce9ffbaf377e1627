"""The environment, read once into a frozen object that is passed in from there on."""

import os
import re
from pathlib import Path
from typing import Literal, Self

import msgspec
from msgspec import Struct

from shared.models.access.origins import read_origins
from shared.models.limits import Limits, read_limits
from shared.models.messages.jobs import AnyJob, fields_in

ROOT = Path(__file__).resolve().parent.parent
# A container by its address, which a signature may follow, or a folder.
BACKUP_PLACE = re.compile(r"https?://[^/?#]+/(devstoreaccount1/)?[a-z0-9$][a-z0-9-]{2,62}/?(\?\S*)?|/.+")


class Environment(Struct, frozen=True):
    """Variables of the environment: each field is the one of its name in capitals."""

    @classmethod
    def read(cls) -> Self:
        """From the environment. Raises msgspec.ValidationError with the name of a setting that does not fit."""
        names = {field.name: field.name.upper() for field in msgspec.structs.fields(cls)}
        given = {field: os.environ[name] for field, name in names.items() if os.environ.get(name)}
        values: dict[str, object] = dict(given)
        if "limits" in given:
            values["limits"] = read_limits(given["limits"])
        if "job" in names:
            values["job"] = fields_in(os.environ)
        try:
            return msgspec.convert(values, cls, strict=False)
        except msgspec.ValidationError as error:
            named = re.sub(r"`\$\.([\w.]+)`", lambda found: found[1].upper().replace(".", "_"), str(error))
            raise msgspec.ValidationError(named) from None


class Settings(Environment, frozen=True):
    """Every field is the app setting of its name in capitals: `storage_account` is STORAGE_ACCOUNT.

    Storage is reached by `storage_connection_string` (Azurite) or, by identity, as `storage_account`.
    Keys come from `key_vault_url`, or where that is empty from the four key settings. Where there is an
    `entra_tenant_id`, tokens that it gives out for `entra_audience` (one or several, by commas) are taken too.
    People sign in to the portal by Entra ID where `portal_client_id` names its app registration.
    `cors_origins` are those of the pages that may call from a browser: a comma list, or `*` for all.
    `large_detector` is what advanced training fine-tunes in the larger detection domains: dfine-small, rtdetr-v2-r18,
    a folder, or owner/name@revision of a hub. `large_classifier` are backbones that it tries in the larger
    classification domains, by commas: dinov2-small, dinov3-small, siglip2-base, convnextv2-tiny, or as above.
    With `embed_at_upload` the backbone looks at new images soon, and not when somebody first asks for live suggestions.
    `batch_containers` are those whose pictures batches may predict, by commas.
    `export_compact_only` lets the compact domains alone be exported, as Custom Vision does.
    Every night each project is copied to the container of the address `backup_to`, by identity or by a signature in it,
    or on one machine to that folder; a copy stays for `backup_days`, and the last of a project for good.
    """

    services: str = "training,prediction,camera"
    storage_connection_string: str = ""
    storage_account: str = ""
    key_vault_url: str = ""
    training_key_1: str = ""
    training_key_2: str = ""
    prediction_key_1: str = ""
    prediction_key_2: str = ""
    allow_keys: bool = True
    entra_tenant_id: str = ""
    entra_audience: str = ""
    entra_authority: str = "https://login.microsoftonline.com"
    portal_client_id: str = ""
    cors_origins: str = ""
    identity_client_id: str = ""
    event_topic_endpoint: str = ""
    event_topic_key: str = ""
    embed_at_upload: bool = True
    launcher: Literal["process", "container-apps"] = "container-apps"
    container_apps_job_id: str = ""
    job_heartbeat_seconds: float = 60.0
    job_start_seconds: float = 900.0
    job_logs_folder: str = str(ROOT / ".local" / "jobs")
    allow_private_urls: bool = False
    export_compact_only: bool = False
    inference_threads: int = 0
    model_memory_mb: int = 1024
    camera_draw_boxes: bool = False
    batch_containers: str = "archives,uploads"
    applicationinsights_connection_string: str = ""
    telemetry_share: float = 1.0
    backbones_folder: str = str(ROOT / ".local" / "backbones")
    backup_to: str = ""
    backup_days: int = 30
    large_detector: str = ""
    large_classifier: str = ""
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        read_origins(self.cors_origins)
        self._check_backups()
        if self.entra_tenant_id and not self.entra_audience.strip(", "):
            raise ValueError(
                "ENTRA_TENANT_ID is set, so ENTRA_AUDIENCE must name the app registration of this service."
            )
        if self.portal_client_id and not self.entra_tenant_id:
            raise ValueError("PORTAL_CLIENT_ID is set, so ENTRA_TENANT_ID must name the tenant that signs people in.")

    def _check_backups(self) -> None:
        if self.backup_days < 1:
            raise ValueError(f"BACKUP_DAYS is how many days a backup is kept, 1 or more, not {self.backup_days}.")
        if self.backup_to and not BACKUP_PLACE.fullmatch(self.backup_to):
            raise ValueError(
                "BACKUP_TO is the address of a container, such as https://account.blob.core.windows.net/backups, or on "
                f"one machine the whole path of a folder, not '{self.backup_to.partition('?')[0]}'."
            )
        if self.backup_to.startswith("/") and self.storage_account:
            raise ValueError(
                "BACKUP_TO is a folder, and what a function app writes to its disk is soon gone: name a container."
            )

    @property
    def archives(self) -> frozenset[str]:
        """The names in `batch_containers`."""
        return frozenset(name.strip() for name in self.batch_containers.split(",") if name.strip())


class JobSettings(Settings, frozen=True, kw_only=True):
    """What the container is told beside the settings that it shares with the functions.

    `job` is what it is to do, of a variable a field. `traceparent` is the trace that it goes on with. `job_shrunken`
    trains detectors on the same path in a fraction of the time, and badly: for tests.
    """

    job: AnyJob
    traceparent: str = ""
    job_shrunken: bool = False


class ClientSettings(Environment, frozen=True):
    """Where a client finds the service and what lets it in, by the names that Custom Vision's quickstarts read.

    A `vision_training_token` is one of Entra ID, in place of the key.
    """

    vision_training_endpoint: str = ""
    vision_training_key: str = ""
    vision_training_token: str = ""
    vision_prediction_resource_id: str = ""


class PredictingSettings(Environment, frozen=True):
    """Where a client asks published models, and by which key, by the names that Custom Vision's quickstarts read."""

    vision_prediction_endpoint: str = ""
    vision_prediction_key: str = ""


class MigrationSettings(ClientSettings, frozen=True):
    """Where a move comes from, beside where it goes: a resource of Custom Vision, or another installation."""

    source_training_endpoint: str = ""
    source_training_key: str = ""
    source_training_token: str = ""
    source_prediction_endpoint: str = ""
    source_prediction_key: str = ""


def child_environment(**changes: str) -> dict[str, str]:
    """This process's environment with `changes`, for a process that it starts."""
    return {**os.environ, **changes}
