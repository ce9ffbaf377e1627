"""Data sets of other tools, as zips: into a project and out of it."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import ocellus
from functions.edge.operation import Answer
from shared.models.access.roles import READERS, TRAINERS
from shared.models.workspace.exchange import DatasetTask
from shared.operations.transfer import dataset_export, dataset_import, dataset_tasks

DATASET = "projects/{project_id}/datasets/{dataset_id}"


@ocellus("PUT", f"{DATASET}/pieces/{{number}}", TRAINERS)
def put_dataset_piece(call: Call, project_id: UUID, dataset_id: UUID, number: int, piece: bytes) -> None:
    """Send a piece of a zip that is too large for one call, from 1 on; import_dataset puts them together."""
    dataset_import.put_dataset_piece(call.store, project_id, dataset_id, number, piece)


@ocellus("POST", f"{DATASET}/import", TRAINERS, statuses=(202,), audit=("project_id", "dataset_id"))
def import_dataset(
    call: Call,
    project_id: UUID,
    dataset_id: UUID,
    package: bytes = b"",
    pieces: int = 0,
    format: str | None = None,
    background: bool = False,
    untagged: bool = False,
) -> Answer[DatasetTask]:
    """Bring the pictures of a zip in, with tags or boxes, file names and parts; get_dataset tells how far it is."""
    task = dataset_import.import_dataset(
        call.store, call.runtime.settings, project_id, dataset_id,
        package=package, pieces=pieces, format=format, background=background, untagged=untagged, by=call.actor,
    )  # fmt: skip
    return Answer(202, task)


@ocellus("POST", f"{DATASET}/export", READERS, statuses=(202,), audit=("project_id", "dataset_id"))
def export_dataset(
    call: Call,
    project_id: UUID,
    dataset_id: UUID,
    format: str,
    iteration_id: UUID | None = None,
    predicted_by: UUID | None = None,
) -> Answer[DatasetTask]:
    """Pack what is there, or what an iteration was trained on, as a zip, maybe with what one says of each picture.

    get_dataset tells where it lies.
    """
    task = dataset_export.export_dataset(
        call.store, project_id, dataset_id,
        format=format, iteration_id=iteration_id, predicted_by=predicted_by, by=call.actor,
    )  # fmt: skip
    return Answer(202, task)


@ocellus("POST", f"{DATASET}/stop", TRAINERS, audit=("project_id", "dataset_id"))
def stop_dataset(call: Call, project_id: UUID, dataset_id: UUID) -> DatasetTask:
    """End a data set on its way in or out; what came in stays."""
    return dataset_tasks.stop_dataset(call.store, project_id, dataset_id, call.actor)


@ocellus("GET", DATASET, READERS)
def get_dataset(call: Call, project_id: UUID, dataset_id: UUID) -> DatasetTask:
    """How far a data set is on its way in or out, and what of it could not be carried."""
    return dataset_tasks.get_dataset(call.store, project_id, dataset_id)
