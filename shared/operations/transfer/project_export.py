"""Exporting a project: a token at once, and behind it, part by part, all that an import needs."""

from uuid import UUID, uuid4

from msgspec import UNSET
from msgspec.structs import replace

from shared import errors
from shared.models.messages.tasks import WriteExport
from shared.models.training.iterations import IterationRecord, IterationStatus
from shared.models.transfer import ExportInfo, IterationExport, PartHeader, PartImage, ProjectExport
from shared.models.workspace.images import ImageRecord
from shared.models.workspace.projects import Project
from shared.operations.workspace import projects
from shared.storage.account import blobs, queues
from shared.storage.account.store import Store
from shared.storage.training import datasets
from shared.storage.training import iterations as stored_iterations
from shared.storage.training.dataset_index import DatasetIndex
from shared.storage.workspace import catalog, ledger, transfers
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import tags as stored_tags

FILES = ("model.onnx", "model.json", "performance.json")
PART = 256
# A small project's export is complete when the call returns; upkeep writes the rest of a larger one.
PARTS_AT_ONCE = 8
# What an import takes on two cores, beside what it takes to begin.
IMAGE_MS, ITERATION_MS, BEGIN_MS = 50, 1_000, 2_000


def export_project(store: Store, project_id: UUID) -> ProjectExport:
    """As in Custom Vision the workspace counts as an iteration, and the tags of every iteration count."""
    project = projects.get_workspace(store, project_id)
    records = stored_iterations.list_all(store, project_id)
    if any(record.iteration.status == IterationStatus.TRAINING for record in records):
        raise errors.ExportWhileTraining("The project is being trained; export it when that has ended.")
    counted, tags = catalog.read(store, project_id), list(stored_tags.names(store, project_id).values())
    task = WriteExport(project_id, uuid4())
    info = ExportInfo(
        "ocellus-project-1",
        _without_secrets(project),
        counted.revision,
        stored_iterations.next_number(store, project_id),
        tags,
        counted.images,
        transfers.part_reference(store, project_id, task.export_id, 0, 0),
        [_iteration(store, task, section, record) for section, record in enumerate(records, 1)],
    )
    token = transfers.write_info(store, project_id, task.export_id, info)
    _begin(store, task)
    return ProjectExport(
        len(records) + 1,
        counted.images,
        len(tags) + sum(len(record.run.selected_tags) for record in records),
        counted.regions,
        BEGIN_MS + IMAGE_MS * counted.images + ITERATION_MS * len(records),
        token,
    )


def write_part(store: Store, task: WriteExport) -> WriteExport | None:
    """One step of an export. Returns the next; None when all is written, or the export is gone with its project."""
    info = transfers.read_info(store, task.project_id, task.export_id)
    if info is None:
        return None
    try:
        images = _workspace_part(store, info, task) if task.section == 0 else _iteration_part(store, task, info)
    except errors.ProjectNotFound:
        return None
    return _next(info, task, images)


def _begin(store: Store, task: WriteExport) -> None:
    rest: WriteExport | None = task
    for _ in range(PARTS_AT_ONCE):
        rest = rest and write_part(store, rest)
    if rest:
        queues.send(store, rest)


def _next(info: ExportInfo, task: WriteExport, images: list[ImageRecord]) -> WriteExport | None:
    if len(images) == PART:
        return replace(task, part=task.part + 1, after=images[-1].id)
    later = [n for n, exported in enumerate(info.iterations, 1) if n > task.section and exported.images]
    return WriteExport(task.project_id, task.export_id, later[0]) if later else None


def _workspace_part(store: Store, info: ExportInfo, task: WriteExport) -> list[ImageRecord]:
    images = transfers.images_after(store, task.project_id, task.after, PART)
    known = {tag.id for tag in info.tags}
    header = PartHeader(_after(store, task, images), ledger.revision(store, task.project_id))
    # Tags that were deleted, or created since, stay here.
    known_alone = [image.without_tags(image.tag_ids - known) for image in images]
    lines = [PartImage(image, _picture(store, task, image)) for image in known_alone]
    transfers.write_part(store, task.project_id, task.export_id, task.section, task.part, [header, *lines])
    return images


def _iteration_part(store: Store, task: WriteExport, info: ExportInfo) -> list[ImageRecord]:
    iteration = info.iterations[task.section - 1].record.iteration
    index = datasets.index(store, task.project_id, iteration.id)
    images = _slice(store, index, task.part * PART) if index else []
    header = PartHeader(_after(store, task, images), dataset=index.header if index else None)
    # What was in the workspace when its parts were written comes with them.
    there = {image.id for image in stored_images.get_many(store, task.project_id, [image.id for image in images])}
    lines = [PartImage(image, None if image.id in there else _picture(store, task, image)) for image in images]
    transfers.write_part(store, task.project_id, task.export_id, task.section, task.part, [header, *lines])
    return images


def _slice(store: Store, index: DatasetIndex, start: int) -> list[ImageRecord]:
    try:
        return datasets.records(store, index, range(start, min(start + PART, index.columns.size)))
    except errors.NotFound:
        # The iteration was deleted meanwhile: an import will miss its model and say so.
        return []


def _after(store: Store, task: WriteExport, images: list[ImageRecord]) -> str | None:
    if len(images) < PART:
        return None
    return transfers.part_reference(store, task.project_id, task.export_id, task.section, task.part + 1)


def _picture(store: Store, task: WriteExport, image: ImageRecord) -> str:
    return blobs.picture_reference(store, task.project_id, image.id, "original")


def _iteration(store: Store, task: WriteExport, section: int, record: IterationRecord) -> IterationExport:
    run = replace(record.run, notification_email_address=None, execution=None, logs=None, message="")
    iteration = replace(record.iteration, publish_name=None, original_publish_resource_id=None)
    if iteration.status != IterationStatus.COMPLETED:
        return IterationExport(IterationRecord(iteration, run))
    return IterationExport(
        IterationRecord(iteration, run),
        transfers.part_reference(store, task.project_id, task.export_id, section, 0),
        {name: transfers.model_reference(store, task.project_id, iteration.id, name) for name in FILES},
    )


def _without_secrets(project: Project) -> Project:
    """Addresses of the owner's own storage may be signed, and anybody may import the project."""
    settings = replace(project.settings, export_model_container_uri=UNSET, notification_queue_uri=UNSET)
    return replace(project, settings=settings, thumbnail_uri=None)
