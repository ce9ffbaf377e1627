"""A project, or what an iteration was trained on, goes out as a data set in a zip, in a format that has its labels."""

from uuid import UUID

from shared import errors
from shared.formats import carrying, catalogue
from shared.formats.dataset import DatasetError
from shared.models.messages.tasks import ExportDataset
from shared.models.training.iterations import IterationStatus
from shared.models.wire import now
from shared.models.workspace.bulk import TaskStatus
from shared.models.workspace.domains import DOMAINS, DomainType
from shared.models.workspace.exchange import DatasetExport, DatasetTask, DatasetWork
from shared.operations.transfer import dataset_tasks
from shared.operations.workspace import projects
from shared.storage.account import queues
from shared.storage.account.store import Store
from shared.storage.training import datasets
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import exchanges

OPERATION = "export_dataset"


def export_dataset(
    store: Store,
    project_id: UUID,
    dataset_id: UUID,
    *,
    format: str,
    iteration_id: UUID | None,
    predicted_by: UUID | None,
    by: str,
) -> DatasetTask:
    """Begins it. The same again is the same task."""
    project = projects.get_workspace(store, project_id)
    domain = _trained(store, project_id, iteration_id) if iteration_id else project.settings.domain_id
    if predicted_by:
        _require_model(store, project_id, predicted_by)
    detects = DOMAINS[domain].type == DomainType.OBJECT_DETECTION
    work = DatasetExport(_format(format, detects=detects), iteration_id, predicted_by)
    found = dataset_tasks.begun(store, project_id, dataset_id, work)
    if found is None:
        task = DatasetTask(dataset_id, OPERATION, TaskStatus.RUNNING, now(), by, work.format)
        found = exchanges.begin(store, project_id, DatasetWork(task, work))
    if found.task.status == TaskStatus.RUNNING:
        queues.send(store, ExportDataset(project_id, dataset_id))
    return dataset_tasks.shown(store, project_id, found)


def _trained(store: Store, project_id: UUID, iteration_id: UUID) -> UUID:
    """The domain of an iteration that was trained here. Raises IterationNotFound, BadRequest."""
    iteration = stored_iterations.get(store, project_id, iteration_id).iteration
    if not datasets.frozen(store, project_id, iteration_id):
        raise errors.BadRequest(
            f"Nothing is known that '{iteration.name}' was trained on; export what the project has, or another one."
        )
    return iteration.domain_id


def _require_model(store: Store, project_id: UUID, iteration_id: UUID) -> None:
    """Raises IterationNotFound, BadRequest."""
    iteration = stored_iterations.get(store, project_id, iteration_id).iteration
    if iteration.status != IterationStatus.COMPLETED:
        raise errors.BadRequest(f"'{iteration.name}' has no model that could predict; name one that is completed.")


def _format(name: str, *, detects: bool) -> str:
    """Raises BadRequest."""
    try:
        found = catalogue.named(name.lower())
        carrying.require_carries(found, detects=detects)
    except DatasetError as fault:
        raise errors.BadRequest(dataset_tasks.sentence(fault)) from None
    return found.name
