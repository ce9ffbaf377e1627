"""What goes on in the background, in steps that can be repeated: each says whether it is done."""

from datetime import timedelta
from uuid import UUID

from shared.events import Publisher
from shared.models.images import OrderBy, TaggingStatus
from shared.models.jobs import Announce, DeleteAllImages, PurgeProject, ReleaseImages, SweepTag, Task
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
            rest = _release(store, project_id, image_ids, all_iterations)
        case DeleteAllImages():
            rest = _delete_all_images(store, task)
        case Announce(event, event_id, iteration):
            subject = f"projects/{iteration.project_id}/iterations/{iteration.id}"
            publisher.publish(event, subject, iteration, event_id)
    if rest:
        queues.send(store, "upkeep", rest)


def expire(store: Store, limits: Limits) -> None:
    """Drop stored predictions past their retention, and frames that nothing came to fetch."""
    predictions.expire(store, now() - timedelta(days=limits.prediction_retention_days))
    results.expire_frames(store, now() - timedelta(days=1))


def _release(store: Store, project_id: UUID, image_ids: list[UUID], all_iterations: bool) -> Task | None:
    """Delete the pictures of images that are neither in the workspace nor, if that counts, in an iteration."""
    step, rest = image_ids[:STEP], image_ids[STEP:]
    held = {record.id for record in stored_images.get_many(store, project_id, step)}
    if not all_iterations:
        for record in iterations.list_all(store, project_id):
            dataset = datasets.read(store, project_id, record.iteration.id)
            held |= {image.id for image in dataset.images} if dataset else set()
    for image_id in step:
        if image_id not in held:
            blobs.delete_pictures(store, project_id, image_id)
    return ReleaseImages(project_id, rest, all_iterations) if rest else None


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
