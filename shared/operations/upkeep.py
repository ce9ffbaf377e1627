"""What goes on in the background, in steps that can be repeated."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from msgspec import structs

from shared.errors import IterationNotFound, ProjectNotFound
from shared.events import Publisher
from shared.models.events import EventType
from shared.models.images import TaggingStatus
from shared.models.iterations import EndedIteration, IterationStatus
from shared.models.limits import Limits
from shared.models.tasks import (
    SETTLED,
    Announce,
    AnyTask,
    BuildExport,
    CollectPictures,
    DeleteAllImages,
    DropIteration,
    ForgetIteration,
    NotifyExport,
    NotifyTraining,
    PrepareTraining,
    PurgeProject,
    ReadImport,
    ReleaseImages,
    StopTraining,
    SweepTag,
    WatchTraining,
    WriteExport,
)
from shared.models.wire import now
from shared.operations.notifications import destinations
from shared.operations.training import exports, train, watch
from shared.operations.training import iterations as operations_iterations
from shared.operations.transfer import project_export, project_import
from shared.settings import Settings
from shared.storage.account import blobs, queues
from shared.storage.account.store import Store
from shared.storage.serving import predictions, results
from shared.storage.training import datasets, iterations
from shared.storage.training.dataset_index import Index
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import projects, suggestions, tags, transfers
from shared.telemetry import counters

STEP = 256
# So many images are deleted in one step: some seconds of work.
DELETED = 2_000
FRAME_DAYS = 7
# A project's export can be read for a day, by an import that takes up to another.
EXPORT_DAYS = 2
# How soon a step is tried again that has to wait for something else.
AGAIN = 30.0


class NotYet(Exception):
    """The step has to wait for something that is under way."""


def do(store: Store, settings: Settings, publisher: Publisher, task: AnyTask) -> None:
    """One step of a task. What is left of it goes back to the queue."""
    rest: AnyTask | None = None
    try:
        match task:
            case PurgeProject(project_id):
                rest = None if projects.purge(store, project_id) else task
            case SweepTag(project_id, tag_id):
                rest = None if tags.sweep(store, project_id, tag_id) else task
            case ReleaseImages(project_id, image_ids, all_iterations):
                _release(store, project_id, image_ids, all_iterations)
            case CollectPictures(project_id, before):
                _collect(store, project_id, before)
            case DeleteAllImages():
                rest = _delete_all_images(store, task)
            case Announce():
                _announce(publisher, task)
            case WriteExport():
                rest = project_export.write_part(store, task)
            case ReadImport():
                rest = project_import.read_import(store, settings, task)
            case PrepareTraining():
                train.prepare(store, settings, task)
            case WatchTraining():
                watch.watch(store, settings, task)
            case StopTraining(execution):
                train.stop(settings, execution)
            case BuildExport():
                exports.build(store, task)
            case DropIteration(project_id, iteration_id):
                operations_iterations.drop(store, project_id, iteration_id)
            case ForgetIteration():
                rest = _forget(store, task)
            case NotifyTraining() | NotifyExport():
                if not destinations.notify(store, settings, task):
                    queues.send(store, "upkeep", task, delay=destinations.AGAIN)
    except NotYet:
        queues.send(store, "upkeep", task, delay=AGAIN)
    if rest:
        queues.send(store, "upkeep", rest)


def expire(store: Store, limits: Limits) -> None:
    """Drop stored predictions and suggestions past their retention, and what nothing refers to or can read any more."""
    retained = now() - timedelta(days=limits.prediction_retention_days)
    predictions.expire(store, retained)
    suggestions.expire(store, retained)
    results.expire_frames(store, now() - timedelta(days=FRAME_DAYS))
    transfers.expire_exports(store, now() - timedelta(days=EXPORT_DAYS))
    for project in projects.list_all(store):
        queues.send(store, "upkeep", CollectPictures(project.id, now() - timedelta(days=1)))


def _announce(publisher: Publisher, task: Announce) -> None:
    iteration = task.iteration
    if task.event in (EventType.ITERATION_TRAINED, EventType.ITERATION_FAILED):
        counters.training(counters.OK if task.event == EventType.ITERATION_TRAINED else "Failed")
        iteration = EndedIteration(
            **structs.asdict(iteration), notification_email_address=task.notification_email_address
        )
    publisher.publish(task.event, f"projects/{iteration.project_id}/iterations/{iteration.id}", iteration, task.id)


def _forget(store: Store, task: ForgetIteration) -> AnyTask | None:
    """No call shows these any more. An iteration that is there is left alone."""
    project_id, iteration_id = task.project_id, task.iteration_id
    with suppress(IterationNotFound, ProjectNotFound):
        iterations.get(store, project_id, iteration_id)
        return None
    if not suggestions.forget_iteration(store, project_id, iteration_id):
        return task
    beyond = predictions.forget_iteration(store, project_id, iteration_id, task.beyond)
    return structs.replace(task, beyond=beyond) if beyond else None


def _collect(store: Store, project_id: UUID, before: datetime) -> None:
    """Delete pictures that no image has: an upload that was cut off, or a deletion, leaves some."""
    found = sorted(blobs.pictures_before(store, project_id, before))
    for start in range(0, len(found), STEP):
        _release(store, project_id, found[start : start + STEP], False)


def _release(store: Store, project_id: UUID, image_ids: list[UUID], all_iterations: bool) -> None:
    """Delete the pictures of images that neither the workspace nor (unless `all_iterations`) an iteration has."""
    present = {record.id for record in stored_images.get_many(store, project_id, image_ids)}
    free = set(image_ids) - present
    # Looked at after the workspace: a training that still found one of these images has its iteration by now.
    for index in _datasets(store, project_id) if free else ():
        if all_iterations:
            datasets.drop(store, project_id, index.header.iteration_id, free)
        else:
            free = {image_id for image_id in free if not index.find([image_id])}
    list(store.bulk.map(lambda image_id: blobs.delete_pictures(store, project_id, image_id), free))


def _datasets(store: Store, project_id: UUID) -> Iterator[Index]:
    """Those of all iterations. Raises NotYet while one is still being frozen."""
    for record in iterations.list_all(store, project_id):
        index = datasets.index(store, project_id, record.iteration.id)
        if index is None and record.iteration.status == IterationStatus.TRAINING:
            raise NotYet
        if index:
            yield index


def _delete_all_images(store: Store, task: DeleteAllImages) -> AnyTask | None:
    project_id = task.project_id
    everything = stored_images.each(store, project_id, TaggingStatus.ALL)
    doomed = list(islice((record.id for record in everything if record.created <= task.before), DELETED))
    if task.all_iterations:
        # First, so that a step that is cut off leaves no picture behind. They look when this step has ended.
        for start in range(0, len(doomed), STEP):
            release = ReleaseImages(project_id, doomed[start : start + STEP], True)
            queues.send(store, "upkeep", release, delay=AGAIN)
    stored_images.change_many(store, project_id, doomed, lambda _: None)
    if len(doomed) == DELETED:
        return task
    queues.send(store, "upkeep", CollectPictures(project_id, task.before), delay=SETTLED)
    return None
