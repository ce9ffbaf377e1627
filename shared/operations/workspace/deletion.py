"""What deletions leave to do: to find pictures that no image and no iteration has any more, and to delete them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import islice
from uuid import UUID

from shared.models.messages.tasks import SETTLED, CollectPictures, DeleteAllImages, ReleaseImages
from shared.models.training.iterations import IterationStatus
from shared.models.wire import now
from shared.models.workspace.images import TaggingStatus
from shared.operations.step import AGAIN, NotYet
from shared.storage.account import blobs, queues
from shared.storage.account.store import Store
from shared.storage.training import datasets, embeddings, points
from shared.storage.training import iterations as stored_iterations
from shared.storage.training.dataset_index import DatasetIndex
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import trash

# So many pictures are released in one step.
PART = 256
# So many images are deleted in one step: some seconds of work.
DELETED = 2_000
# A deleted image can be restored so long; then whoever deleted it has ended, too.
RESTORABLE = timedelta(minutes=10)
RELEASED = RESTORABLE.total_seconds() + SETTLED


def release(store: Store, project_id: UUID, image_ids: list[UUID], all_iterations: bool) -> None:
    """Delete the pictures of images that neither the workspace nor (unless `all_iterations`) an iteration has.

    Images that can be restored keep theirs.
    """
    trash.empty(store, project_id, image_ids, now() - RESTORABLE)
    # Before and after, as images go from the workspace to the trash, and back.
    restorable = trash.ids(store, project_id)
    present = {record.id for record in stored_images.get_many(store, project_id, image_ids)}
    free = set(image_ids) - present - restorable - trash.ids(store, project_id)
    # Looked at after the workspace: a training that still found one of these images has its iteration by now.
    for index in _datasets(store, project_id) if free else ():
        if all_iterations:
            datasets.drop(store, project_id, index.header.iteration_id, free)
        else:
            free = {image_id for image_id in free if not index.find([image_id])}
    list(store.bulk.map(lambda image_id: blobs.delete_pictures(store, project_id, image_id), free))


def collect(store: Store, project_id: UUID, before: datetime) -> None:
    """Delete pictures that no image has, and what was seen of them: an upload that was cut off, or a deletion, leaves
    some.
    """
    found = sorted(blobs.pictures_before(store, project_id, before))
    for start in range(0, len(found), PART):
        release(store, project_id, found[start : start + PART], False)
    present = cache(partial(stored_images.digests, store, project_id))
    embeddings.keep_only(store, project_id, present)
    points.keep_only(store, project_id, present)


def delete_all_images(store: Store, task: DeleteAllImages) -> bool:
    """One step; repeat until it says True."""
    project_id = task.project_id
    everything = stored_images.each(store, project_id, TaggingStatus.ALL)
    doomed = list(islice((record.id for record in everything if record.created <= task.before), DELETED))
    if task.all_iterations:
        # First, so that a step that is cut off leaves no picture behind. They look when this step has ended.
        for start in range(0, len(doomed), PART):
            part = ReleaseImages(project_id, doomed[start : start + PART], True)
            queues.send(store, part, delay=AGAIN)
    stored_images.change_many(store, project_id, doomed, lambda _: None)
    if len(doomed) == DELETED:
        return False
    queues.send(store, CollectPictures(project_id, task.before), delay=SETTLED)
    return True


def _datasets(store: Store, project_id: UUID) -> Iterator[DatasetIndex]:
    """Those of all iterations. Raises NotYet while one is still being frozen."""
    for record in stored_iterations.list_all(store, project_id):
        index = datasets.index(store, project_id, record.iteration.id)
        if index is None and record.iteration.status == IterationStatus.TRAINING:
            raise NotYet
        if index:
            yield index
