"""Data sets under way: how far one is, and what is noted of it share by share, once however often a share is done."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

from msgspec.structs import replace

from shared import errors
from shared.models.workspace.bulk import TaskStatus
from shared.models.workspace.exchange import NAMED, DatasetExport, DatasetImport, DatasetTask, DatasetWork
from shared.operations.workspace import projects
from shared.storage.account.store import Store
from shared.storage.workspace import exchanges

D = TypeVar("D", DatasetImport, DatasetExport)


def get_dataset(store: Store, project_id: UUID, dataset_id: UUID) -> DatasetTask:
    projects.get_project(store, project_id)
    return shown(store, project_id, exchanges.get(store, project_id, dataset_id))


def stop_dataset(store: Store, project_id: UUID, dataset_id: UUID, by: str) -> DatasetTask:
    """The share that is under way is still done, and no other. One that has ended stays as it is."""
    projects.get_workspace(store, project_id)
    if exchanges.get(store, project_id, dataset_id).task.status == TaskStatus.RUNNING:
        fail(store, project_id, dataset_id, f"It was stopped by {by}.")
    return get_dataset(store, project_id, dataset_id)


def shown(store: Store, project_id: UUID, work: DatasetWork) -> DatasetTask:
    """With an address of what is exported."""
    task = work.task
    if isinstance(work.work, DatasetExport) and task.status == TaskStatus.COMPLETED:
        return replace(task, download_uri=exchanges.zip_uri(store, project_id, task.id))
    return task


def begun(
    store: Store, project_id: UUID, dataset_id: UUID, wanted: DatasetImport | DatasetExport
) -> DatasetWork | None:
    """What this id has from an earlier try. Raises Conflict where that is something else."""
    try:
        found = exchanges.get(store, project_id, dataset_id)
    except errors.NotFound:
        return None
    if replace(found.work, tags=wanted.tags) != wanted:
        raise errors.Conflict(f"There is a data set {dataset_id} that does something else; give this one another id.")
    return found


def running(store: Store, project_id: UUID, dataset_id: UUID, kind: type[D]) -> tuple[DatasetWork, D] | None:
    """What a step goes on with; None where it has ended, or is gone with its project."""
    with suppress(errors.NotFound):
        found = exchanges.get(store, project_id, dataset_id)
        if found.task.status == TaskStatus.RUNNING and isinstance(found.work, kind):
            return found, found.work
    return None


def fail(store: Store, project_id: UUID, dataset_id: UUID, reason: str) -> None:
    """What came in so far stays."""
    change(store, project_id, dataset_id, lambda task: replace(task, status=TaskStatus.FAILED, message=reason))
    exchanges.clear(store, project_id, dataset_id)


def change(store: Store, project_id: UUID, dataset_id: UUID, to: Callable[[DatasetTask], DatasetTask]) -> None:
    """A task that runs; one that has ended stays as it is, and one that is gone is no matter."""

    def changed(found: DatasetWork) -> DatasetWork:
        return replace(found, task=to(found.task)) if found.task.status == TaskStatus.RUNNING else found

    with suppress(errors.NotFound):
        exchanges.update(store, project_id, dataset_id, changed)


def named(task: DatasetTask, reasons: Sequence[str]) -> list[str]:
    """The reasons that are told, with further ones."""
    return [*task.reasons, *reasons][:NAMED]


def sentence(fault: Exception) -> str:
    """What a data set is to blame for, as the service says it."""
    return f"{str(fault)[:1].upper()}{str(fault)[1:].rstrip('.')}."
