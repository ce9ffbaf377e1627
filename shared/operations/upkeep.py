"""What goes on in the background, in steps that can be repeated: each says whether it is done."""

from datetime import datetime, timedelta
from uuid import UUID

from shared.events import Publisher
from shared.models.images import OrderBy, TaggingStatus
from shared.models.jobs import Announce, CollectPictures, DeleteAllImages, PurgeProject, ReleaseImages, SweepTag, Task
from shared.models.limits import Limits
from shared.models.wire import now
from shared.storage import blobs, datasets, iterations, predictions, projects, queues, results, tags
from shared.storage import images as stored_images
from shared.storage.store import Store

STEP = 256


def do(store: Store, publisher: Publisher, task: Task) -> None:
    """One step of a task; what is left goes back to the queue as a task of its own."""
    rest: Task | None = None
    match task:
        case PurgeProject(project_id):
            rest = None if projects.purge(store, project_id) else task
        case SweepTag(project_id, tag_id):
            rest = None if tags.sweep(store, project_id, tag_id) else task
        case ReleaseImages(project_id, image_ids, all_iterations):
            trained = set[UUID]() if all_iterations else _trained_on(store, project_id)
            _release(store, project_id, image_ids, trained)
        case CollectPictures(project_id, before):
            _collect(store, project_id, before)
        case DeleteAllImages():
            rest = _delete_all_images(store, task)
        case Announce(event, event_id, iteration):
            subject = f"projects/{iteration.project_id}/iterations/{iteration.id}"
            publisher.publish(event, subject, iteration, event_id)
    if rest:
        queues.send(store, "upkeep", rest)


def expire(store: Store, limits: Limits) -> None:
    """Drop stored predictions past their retention, and frames and pictures that nothing refers to."""
    yesterday = now() - timedelta(days=1)
    predictions.expire(store, now() - timedelta(days=limits.prediction_retention_days))
    results.expire_frames(store, yesterday)
    for project in projects.list_all(store):
        queues.send(store, "upkeep", CollectPictures(project.id, yesterday))


def _collect(store: Store, project_id: UUID, before: datetime) -> None:
    """Delete pictures that no image has: an upload that was cut off, or the deletion of an iteration, leaves some."""
    found = sorted(blobs.pictures_before(store, project_id, before))
    trained = _trained_on(store, project_id)
    for start in range(0, len(found), STEP):
        _release(store, project_id, found[start : start + STEP], trained)


def _release(store: Store, project_id: UUID, image_ids: list[UUID], trained: set[UUID]) -> None:
    """Delete the pictures of images that are neither in the workspace nor `trained` on."""
    held = trained | {record.id for record in stored_images.get_many(store, project_id, image_ids)}
    for image_id in image_ids:
        if image_id not in held:
            blobs.delete_pictures(store, project_id, image_id)


def _trained_on(store: Store, project_id: UUID) -> set[UUID]:
    """The images of all iterations."""
    read = (datasets.read(store, project_id, record.iteration.id) for record in iterations.list_all(store, project_id))
    return {image.id for dataset in read if dataset for image in dataset.images}


def _delete_all_images(store: Store, task: DeleteAllImages) -> Task | None:
    page = stored_images.page(
        store,
        task.project_id,
        status=TaggingStatus.ALL,
        tag_ids=[],
        order=OrderBy.OLDEST,
        take=STEP,
        skip=0,
    )
    doomed = [record.id for record in page if record.created <= task.before]
    for image_id in doomed:
        stored_images.delete(store, task.project_id, image_id)
    if doomed:
        queues.send(store, "upkeep", ReleaseImages(task.project_id, doomed, task.all_iterations))
    return task if len(doomed) == STEP else None
