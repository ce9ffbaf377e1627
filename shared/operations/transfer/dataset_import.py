"""A data set in a zip comes into a project: sent whole or in pieces, and then taken in by the background."""

from uuid import UUID

from shared import errors
from shared.formats import catalogue
from shared.formats.archive import ArchiveError
from shared.formats.dataset import DatasetError
from shared.models.messages.tasks import ImportDataset
from shared.models.wire import now
from shared.models.workspace.bulk import TaskStatus
from shared.models.workspace.exchange import DatasetImport, DatasetTask, DatasetWork
from shared.operations.transfer import dataset_reading, dataset_tasks
from shared.operations.workspace import projects
from shared.settings import Settings
from shared.storage.account import queues
from shared.storage.account.store import Store
from shared.storage.workspace import exchanges

OPERATION = "import_dataset"
# Of a zip that is sent in pieces: so many, and so many bytes in all. A call takes 100 MB.
PIECES, ZIP_BYTES = 1_000, 16 * 1024**3


def put_dataset_piece(store: Store, project_id: UUID, dataset_id: UUID, number: int, piece: bytes) -> None:
    """Raises BadRequest where there can't be such a piece, or nothing is in it."""
    projects.get_workspace(store, project_id)
    if not 1 <= number <= PIECES:
        raise errors.BadRequest(f"Pieces have the numbers from 1 to {PIECES:,}, not {number}; send larger ones.")
    if not piece:
        raise errors.BadRequest("The piece is empty; send bytes of the zip.")
    exchanges.put_piece(store, project_id, dataset_id, _block(number), piece)


def import_dataset(
    store: Store,
    settings: Settings,
    project_id: UUID,
    dataset_id: UUID,
    *,
    package: bytes,
    pieces: int,
    format: str | None,
    background: bool,
    untagged: bool,
    by: str,
) -> DatasetTask:
    """Begins it. The zip is the body, or what was sent in so many pieces. The same again is the same task."""
    projects.get_workspace(store, project_id)
    work = DatasetImport(_format(format), background, untagged)
    found = dataset_tasks.begun(store, project_id, dataset_id, work)
    if found is None:
        _keep(store, project_id, dataset_id, package, pieces)
        _require_zip(store, settings, project_id, dataset_id)
        task = DatasetTask(dataset_id, OPERATION, TaskStatus.RUNNING, now(), by, work.format)
        found = exchanges.begin(store, project_id, DatasetWork(task, work))
    if found.task.status == TaskStatus.RUNNING:
        queues.send(store, ImportDataset(project_id, dataset_id))
    return dataset_tasks.shown(store, project_id, found)


def _format(name: str | None) -> str | None:
    """Raises BadRequest."""
    try:
        return catalogue.named(name.lower()).name if name else None
    except DatasetError as fault:
        raise errors.BadRequest(dataset_tasks.sentence(fault)) from None


def _keep(store: Store, project_id: UUID, dataset_id: UUID, package: bytes, pieces: int) -> None:
    """The zip as one blob. Raises MissingParameter, BadRequest."""
    if package:
        return exchanges.put_zip(store, project_id, dataset_id, package)
    if not 1 <= pieces <= PIECES:
        raise errors.MissingParameter(
            "Send the zip in the body, or before that in pieces by put_dataset_piece and here as 'pieces' how many."
        )
    try:
        return exchanges.join(store, project_id, dataset_id, [_block(number) for number in range(1, pieces + 1)])
    except errors.NotFound:
        raise errors.BadRequest(
            f"Not all pieces from 1 to {pieces} are there; put those that lack, and try again."
        ) from None


def _block(number: int) -> str:
    return f"{number:04}"


def _require_zip(store: Store, settings: Settings, project_id: UUID, dataset_id: UUID) -> None:
    """Raises BadRequest, BodyTooLarge."""
    try:
        size = exchanges.zip_size(store, project_id, dataset_id)
        if size > ZIP_BYTES:
            raise errors.BodyTooLarge(f"The zip has over {ZIP_BYTES:,} bytes; bring it in as several data sets.")
        with dataset_reading.opened(store, settings, project_id, dataset_id):
            return
    except ArchiveError as fault:
        exchanges.clear(store, project_id, dataset_id)
        raise errors.BadRequest(f"The data set can't be taken: {fault}; send it as one whole zip.") from None
    except errors.BodyTooLarge:
        exchanges.clear(store, project_id, dataset_id)
        raise
