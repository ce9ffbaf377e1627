"""Exports of iterations: a row each beside the iteration's, and the package as a blob."""

from collections.abc import Callable
from uuid import UUID

from shared.errors import ExportInProgress
from shared.models.training.exports import ExportRecord, ExportStatus
from shared.storage.account import blobs, rows, signing
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, RowChanged, RowExists, RowMissing
from shared.storage.training import iterations
from shared.storage.workspace import ledger


def start(store: Store, record: ExportRecord) -> None:
    """Raises ProjectNotFound, IterationNotFound, and ExportInProgress where it is there and may not be repeated."""
    iteration = Change("touch", f"iteration:{record.iteration_id}")
    for _ in rows.attempts():
        row = rows.read(store.catalog, str(record.project_id), _key_of(record))
        held = row.decode(ExportRecord) if row else None
        if held == record:
            return None
        if held and held.status != ExportStatus.FAILED and not held.outdated:
            raise ExportInProgress(
                f"{record.iteration_id} is already queued for export; get_exports tells when it can be downloaded."
            )
        own = Change("replace" if row else "insert", _key_of(record), rows.encode(record), row.etag if row else None)
        try:
            return ledger.commit(store, record.project_id, [iteration, own])
        except (RowExists, RowChanged):
            continue
        except RowMissing:
            iterations.get(store, record.project_id, record.iteration_id)
    return None


def get(store: Store, project_id: UUID, iteration_id: UUID, platform: str, flavor: str | None) -> ExportRecord | None:
    row = rows.read(store.catalog, str(project_id), _key(iteration_id, platform, flavor))
    return row.decode(ExportRecord) if row else None


def list_all(store: Store, project_id: UUID, iteration_id: UUID) -> list[ExportRecord]:
    found = rows.starting(store.catalog, str(project_id), iterations.exports_prefix(iteration_id))
    return [row.decode(ExportRecord) for row in found]


def update(store: Store, record: ExportRecord, change: Callable[[ExportRecord], ExportRecord]) -> ExportRecord | None:
    """None where this very export is no longer there."""
    for _ in rows.attempts():
        row = rows.read(store.catalog, str(record.project_id), _key_of(record))
        old = row.decode(ExportRecord) if row else None
        if row is None or old is None or old.id != record.id:
            return None
        new = change(old)
        if new == old:
            return new
        try:
            ledger.commit(store, record.project_id, [Change("replace", row.key, rows.encode(new), row.etag)])
        except RowChanged:
            continue
        except RowMissing:
            return None
        return new
    raise AssertionError("attempts() raises")


def write_package(store: Store, record: ExportRecord, data: bytes) -> None:
    blobs.write(store, "exports", record.name, data)


def read_package(store: Store, record: ExportRecord) -> bytes | None:
    blob = blobs.read(store, "exports", record.name)
    return blob.data if blob else None


def delete_packages(store: Store, project_id: UUID, iteration_id: UUID) -> None:
    for name in list(blobs.names(store, "exports", f"{project_id}/{iteration_id}.")):
        blobs.delete(store, "exports", name)


def download_uri(store: Store, record: ExportRecord) -> str:
    """Anyone who has it can read the package for a day."""
    return signing.uri(store, "exports", record.name)


def _key_of(record: ExportRecord) -> str:
    return _key(record.iteration_id, record.platform, record.flavor)


def _key(iteration_id: UUID, platform: str, flavor: str | None) -> str:
    return f"{iterations.exports_prefix(iteration_id)}{platform}:{flavor or ''}"
