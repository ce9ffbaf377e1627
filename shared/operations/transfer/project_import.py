"""Importing a project: it is there at once as `Importing`, and upkeep takes in its export part by part."""

import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from hashlib import sha256
from itertools import count
from typing import NamedTuple
from uuid import UUID, uuid4, uuid5

import msgspec
from msgspec.structs import replace

from shared import errors
from shared.imaging import decode, resize
from shared.models.messages.tasks import PurgeProject, ReadImport
from shared.models.texts import DESCRIPTION_LENGTH, NAME_LENGTH, checked_name, folded
from shared.models.training.datasets import DatasetHeader
from shared.models.transfer import ExportInfo, ImportState, IterationExport, PartHeader, PartImage
from shared.models.wire import now
from shared.models.workspace.images import ImageRecord
from shared.models.workspace.projects import Project, ProjectStatus
from shared.models.workspace.tags import Tag
from shared.operations.transfer import exported
from shared.operations.transfer.exported import ExportSource, Unreachable, renamed
from shared.operations.workspace import projects
from shared.settings import Settings
from shared.storage.account import blobs, queues, signing
from shared.storage.account.store import Store
from shared.storage.training import datasets, evaluations
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import ledger, transfers
from shared.storage.workspace import projects as stored_projects
from shared.storage.workspace import tags as stored_tags

# Nothing of an export can be read for longer than this; whatever keeps an import from its end, that is one.
VALID = timedelta(hours=26)
# The project is written right after its first task; one that is not there by then was never written.
WRITTEN = timedelta(minutes=5)
# A part is waited for so often, longer each time, up to so many seconds.
WAITS, LONGEST_WAIT = 60, 30.0
# After so long a step leaves the rest of its pictures to the next: a slow host must not outlast functionTimeout.
STEP_SECONDS = 120.0
POOL = ThreadPoolExecutor(8, thread_name_prefix="import")


class Import(NamedTuple):
    """An import under way."""

    store: Store
    settings: Settings
    project_id: UUID
    state: ImportState

    @property
    def info(self) -> ExportInfo:
        return self.state.info

    @property
    def source(self) -> ExportSource:
        return ExportSource(self.store, self.settings, self.state.token)

    def ids(self, tags: Iterable[UUID] = ()) -> dict[UUID, UUID]:
        """The new ids of the project and its tags, and of `tags`; the same whenever a step is repeated."""
        old = {*(tag.id for tag in self.info.tags), *tags}
        return {self.info.project.id: self.project_id, **{id: uuid5(self.project_id, str(id)) for id in old}}


def import_project(store: Store, settings: Settings, *, token: str, name: str | None) -> Project:
    """Answers with a project in `Importing`, which ends as `Succeeded` or `Failed`."""
    others = stored_projects.list_all(store)
    projects.require_room(settings.limits, others)
    given = name and checked_name(name, "A project's", errors.BadProjectName)
    token = signing.at_storage(store, token)
    info = exported.read_info(ExportSource(store, settings, token))
    time = now()
    project = replace(
        info.project,
        id=uuid4(),
        name=given or _free_name(info.project.name, others),
        created=time,
        last_modified=time,
        status=ProjectStatus.IMPORTING,
    )
    transfers.begin_import(store, project.id, ImportState(token, time, info))
    # The task before the project: where we die in between, it removes what there is; a project is never left alone.
    queues.send(store, ReadImport(project.id), delay=1)
    stored_projects.insert(store, project)
    return project


def read_import(store: Store, settings: Settings, task: ReadImport) -> ReadImport | None:
    """One step of an import; returns the next. What the export is to blame for ends the project as `Failed`."""
    state = transfers.read_import(store, task.project_id)
    if state is None:
        return None
    try:
        if stored_projects.get(store, task.project_id).status != ProjectStatus.IMPORTING:
            return None
        if now() - state.started > VALID:
            raise errors.InvalidImportToken("It took longer than its token is valid.")
        return _step(Import(store, settings, task.project_id, state), task)
    except errors.ProjectNotFound:
        _without_project(store, task, state)
    except Unreachable:
        _wait(store, task)
    except (errors.ServiceUnavailable, errors.Conflict):
        raise
    except errors.ServiceError as error:
        _fail(store, task.project_id, error.message)
    return None


def _step(work: Import, task: ReadImport) -> ReadImport | None:
    if task.section > len(work.info.iterations):
        _finish(work, task)
        return None
    iteration = work.info.iterations[task.section - 1] if task.section else None
    following = ReadImport(task.project_id, task.section + 1, unchanged=task.unchanged)
    first = iteration.images if iteration else work.info.images
    if first is None:
        return following
    if iteration is None and task.part == 0:
        _create_tags(work)
    header, images = exported.read_part(work.source, task.url or first)
    total = task.images + len(images)
    if total > work.settings.limits.images_per_project:
        limit = work.settings.limits.images_per_project
        raise errors.ImageLimitExceeded(f"The export has more than {limit} images, as many as are allowed here.")
    take = partial(_take_dataset, work, task, header) if iteration else partial(_take_images, work)
    if not take(images):
        return replace(task, waits=0)
    if header.next:
        return replace(task, part=task.part + 1, url=header.next, images=total, waits=0)
    if iteration:
        _complete(work, task, iteration, header)
        return following
    return replace(following, unchanged=header.revision == work.info.revision)


def _create_tags(work: Import) -> None:
    ids = work.ids()

    def create(numbered: tuple[int, Tag]) -> None:
        number, tag = numbered
        created = work.state.started + timedelta(milliseconds=number)
        stored_tags.insert(work.store, work.project_id, replace(tag, id=ids[tag.id]), created)

    list(work.store.threads.map(create, enumerate(work.info.tags)))


def _take_images(work: Import, images: list[PartImage]) -> bool:
    """Whether all of a part of the workspace are in now."""
    tags = {tag.id: tag for tag in work.info.tags}
    exported.check_images(work.settings.limits, [entry.image for entry in images], tags)
    ids = work.ids()
    # One that was cut off lacks some of its many tags.
    whole = {entry.image.id: {ids[tag_id] for tag_id in entry.image.tag_ids} for entry in images}
    found = stored_images.get_many(work.store, work.project_id, whole)
    there = {record.id for record in found if record.tag_ids == whole[record.id]}
    kept, late = _keep_pictures(work, [entry for entry in images if entry.image.id not in there])
    stored_images.insert_many(work.store, work.project_id, [renamed(record, ids) for record in kept])
    return not late


def _take_dataset(work: Import, task: ReadImport, header: PartHeader, images: list[PartImage]) -> bool:
    """Whether all of a part of an iteration's images are in now: their records, and pictures that only it holds."""
    dataset = _dataset_of(header)
    tags = {tag.id: tag for tag in dataset.tags}
    exported.check_images(work.settings.limits, [entry.image for entry in images], tags)
    _, late = _keep_pictures(work, [entry for entry in images if entry.original and not _has_pictures(work, entry)])
    ids = work.ids(tags)
    records = [renamed(entry.image, ids) for entry in images]
    transfers.keep_records(work.store, work.project_id, task.section, task.part, records)
    return not late


def _complete(work: Import, task: ReadImport, iteration: IterationExport, header: PartHeader) -> None:
    """The model of an iteration, and its dataset, whose parts are all there."""
    store, project_id, iteration_id = work.store, work.project_id, iteration.record.iteration.id
    graph, spec, evaluation = exported.read_model(work.source, iteration, work.settings.limits)
    dataset = _dataset_of(header)
    ids = work.ids([*(tag.id for tag in dataset.tags), *(tag.id for tag in (*spec.tags, *evaluation.tags))])
    mine = {"project_id": project_id, "iteration_id": iteration_id}
    blobs.model_write(store, project_id, iteration_id, "model.onnx", graph)
    blobs.model_write(
        store, project_id, iteration_id, "model.json", msgspec.json.encode(replace(renamed(spec, ids), **mine))
    )
    evaluations.write(store, project_id, iteration_id, renamed(evaluation, ids))
    records = transfers.kept_records(store, project_id, task.section, task.part + 1)
    datasets.write(store, replace(renamed(dataset, ids), **mine), records)


def _finish(work: Import, task: ReadImport) -> None:
    """The iterations at last, as they say which state of the workspace they were trained on."""
    store, project_id = work.store, work.project_id
    # Pictures that were not there any more may have been deleted one by one, but not with the whole project.
    work.source.require()
    revision = ledger.revision(store, project_id)
    for iteration in work.info.iterations:
        same = task.unchanged and iteration.record.run.revision == work.info.revision
        ids = work.ids(iteration.record.run.selected_tags)
        stored_iterations.insert(store, exported.iteration(iteration, project_id, ids, revision if same else -1))
    stored_iterations.set_next_number(store, project_id, work.info.next_number)
    _end(store, project_id, ProjectStatus.SUCCEEDED)


def _fail(store: Store, project_id: UUID, reason: str) -> None:
    """What was read stays readable; the description says why it is not all."""
    logging.warning("The import of project %s failed: %s", project_id, reason)
    _end(store, project_id, ProjectStatus.FAILED, f"The import failed: {reason}"[:DESCRIPTION_LENGTH])


def _end(store: Store, project_id: UUID, status: ProjectStatus, description: str | None = None) -> None:
    def change(project: Project) -> Project:
        if project.status != ProjectStatus.IMPORTING:
            return project
        return replace(project, status=status, description=description or project.description, last_modified=now())

    stored_projects.update(store, project_id, change)
    transfers.end_import(store, project_id)


def _wait(store: Store, task: ReadImport) -> None:
    if task.waits < WAITS:
        queues.send(store, replace(task, waits=task.waits + 1), delay=min(2.0**task.waits, LONGEST_WAIT))
    else:
        _fail(store, task.project_id, "A part of the export could not be read; export the project again.")


def _without_project(store: Store, task: ReadImport, state: ImportState) -> None:
    """It is not written yet, never will be, or was deleted."""
    if now() - state.started < WRITTEN:
        queues.send(store, task, delay=LONGEST_WAIT)
    else:
        queues.send(store, PurgeProject(task.project_id))


def _keep_pictures(work: Import, images: list[PartImage]) -> tuple[list[ImageRecord], bool]:
    """Those whose pictures are there now, and whether there are others that come later.

    An image that was deleted since the export is left out. Raises Unreachable where none could be had, and
    InvalidImportToken where the whole export was deleted.
    """
    deadline = time.monotonic() + STEP_SECONDS
    outcomes = list(POOL.map(partial(_keep_picture, work, deadline), images))
    kept = [outcome for outcome in outcomes if isinstance(outcome, ImageRecord)]
    late = [outcome for outcome in outcomes if isinstance(outcome, Unreachable)]
    if len(kept) + len(late) < len(images):
        work.source.require()
    if late and not kept:
        raise late[0]
    return kept, bool(late)


def _keep_picture(work: Import, deadline: float, entry: PartImage) -> ImageRecord | Unreachable | None:
    """Checked as an upload is. The thumbnail last: where that is, the others are."""
    image, limits = entry.image, work.settings.limits
    if entry.original is None:
        raise errors.InvalidImportToken(f"The export has no picture of image {image.id}.")
    try:
        if time.monotonic() > deadline:
            raise Unreachable
        data = work.source.get(entry.original, limits.training_image_bytes)
    except Unreachable as reason:
        return reason
    if data is None:
        return None
    if sha256(data).hexdigest() != image.sha256:
        raise errors.InvalidImportToken(f"The picture of image {image.id} is not the one that was exported.")
    try:
        header, copies = decode.check(data, limits, limits.training_image_bytes), resize.copies(data)
    except errors.ServiceError as error:
        raise errors.InvalidImportToken(f"Image {image.id} can't be taken in. {error.message}") from None
    blobs.put_picture(work.store, work.project_id, image.id, "original", data, header.content_type)
    blobs.put_picture(work.store, work.project_id, image.id, "resized", copies.resized, "image/jpeg")
    blobs.put_picture(work.store, work.project_id, image.id, "thumbnail", copies.thumbnail, "image/jpeg")
    return replace(image, width=header.width, height=header.height)


def _has_pictures(work: Import, entry: PartImage) -> bool:
    return blobs.exists(work.store, "images", blobs.picture_name(work.project_id, entry.image.id, "thumbnail"))


def _dataset_of(header: PartHeader) -> DatasetHeader:
    if header.dataset is None:
        raise errors.InvalidImportToken("The export lacks the dataset of an iteration.")
    return header.dataset


def _free_name(name: str, others: list[Project]) -> str:
    """name (1), or the first number that no project has."""
    taken = {folded(project.name) for project in others}
    suffixes = (f" ({number})" for number in count(1))
    names = (name[: NAME_LENGTH - len(suffix)] + suffix for suffix in suffixes)
    return next(name for name in names if folded(name) not in taken)
