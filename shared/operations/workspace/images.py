"""Training images as clients see them, in the workspace or as an iteration had them; tags on and off; deletion."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from functools import partial
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import replace

from shared import errors
from shared.models.limits import Limits
from shared.models.messages.tasks import DeleteAllImages, ReleaseImages
from shared.models.wire import now
from shared.models.workspace import filters
from shared.models.workspace.images import (
    Image,
    ImageRecord,
    ImageRegion,
    ImageTag,
    ImageTagCreateEntry,
    ImageTagCreateSummary,
    OrderBy,
    TaggingStatus,
    TagMark,
)
from shared.models.workspace.tags import Tag, TagType
from shared.operations.workspace import projects
from shared.operations.workspace.deletion import RELEASED
from shared.operations.workspace.tags import require_tags
from shared.operations.workspace.trained_on import dataset_of
from shared.storage.account import blobs, queues
from shared.storage.account.store import Store
from shared.storage.training import datasets
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import tags as stored_tags


def get_images(
    store: Store,
    project_id: UUID,
    *,
    status: TaggingStatus,
    tag_ids: list[UUID],
    order: OrderBy,
    take: int,
    skip: int,
    iteration_id: UUID | None = None,
    filter: str | None = None,
) -> list[Image]:
    """A page of the workspace, or of what the iteration was trained on; several tags mean any of them."""
    keep = filters.parse(filter) if filter else None
    if iteration_id:
        index = dataset_of(store, project_id, iteration_id)
        tags, page = index.tags, partial(datasets.page, store, index)
        require_tags(tags, tag_ids)
    else:
        tags = tags_of(store, project_id, tag_ids)
        page = partial(stored_images.page, store, project_id)
    records = page(status=status, tag_ids=tag_ids, order=order, take=take, skip=skip, keep=keep)
    return [shown(store, project_id, record, tags) for record in records]


def get_image_count(
    store: Store,
    project_id: UUID,
    *,
    status: TaggingStatus,
    tag_ids: list[UUID],
    iteration_id: UUID | None = None,
    filter: str | None = None,
) -> int:
    keep = filters.parse(filter) if filter else None
    if iteration_id:
        index = dataset_of(store, project_id, iteration_id)
        require_tags(index.tags, tag_ids)
        return datasets.count(index, status=status, tag_ids=tag_ids, keep=keep)
    counting = store.threads.submit(stored_images.count, store, project_id, status=status, tag_ids=tag_ids, keep=keep)
    tags_of(store, project_id, tag_ids)
    return counting.result()


def get_images_by_ids(
    store: Store, project_id: UUID, image_ids: list[UUID], iteration_id: UUID | None = None
) -> list[Image]:
    """In the order of the ids. Raises ImageNotFound for one that the project, or the iteration, has not."""
    if iteration_id:
        index = dataset_of(store, project_id, iteration_id)
        tags, records = index.tags, datasets.get_many(store, index, image_ids)
    else:
        tags, records = tags_of(store, project_id, []), stored_images.get_many(store, project_id, image_ids)
    require_known(image_ids, {record.id for record in records})
    return [shown(store, project_id, record, tags) for record in records]


def delete_images(
    store: Store, project_id: UUID, image_ids: list[UUID], *, all_images: bool, all_iterations: bool
) -> bool:
    """Take images out of the workspace; what an iteration was trained on stays with it unless `all_iterations`.

    Images named by their ids can be restored for a while. Returns whether work goes on in the background. An id that is
    already gone is no error, so a retry succeeds.
    """
    projects.get_workspace(store, project_id)
    if all_images == bool(image_ids):
        raise errors.MissingParameter("Name the images to delete in 'imageIds', or send allImages=true, not both.")
    if all_images:
        queues.send(store, DeleteAllImages(project_id, now(), all_iterations))
        return True
    # First, so that a call that is cut off leaves no picture behind.
    queues.send(store, ReleaseImages(project_id, image_ids, all_iterations), delay=RELEASED)
    stored_images.change_many(store, project_id, image_ids, lambda _: None, trash=True)
    return all_iterations


def create_image_tags(
    store: Store, limits: Limits, project_id: UUID, entries: list[ImageTagCreateEntry], *, alone: bool = False
) -> ImageTagCreateSummary:
    """Tag images; `alone` puts these tags in the place of all others, whoever tags the image meanwhile.

    Everything is checked before the first image is touched, so a refused batch changes nothing.
    """
    check_batch(limits.images_per_batch, len(entries), "tags")
    tags = tags_of(store, project_id, [entry.tag_id for entry in entries], changing=True)
    wanted: dict[UUID, list[UUID]] = defaultdict(list)
    for entry in entries:
        wanted[entry.image_id].append(entry.tag_id)
    before: dict[UUID, set[UUID]] = {}
    after: dict[UUID, set[UUID]] = {}

    def tagged(record: ImageRecord) -> ImageRecord:
        tag_ids = wanted[record.id]
        kept = record.without_tags(record.tag_ids - set(tag_ids)) if alone else record
        return with_tags(kept, tag_ids, tags, limits.tags_per_image)

    def change(record: ImageRecord) -> ImageRecord:
        new = tagged(record)
        # Asked again, it may see its own work; what was there before, it saw at first.
        before.setdefault(record.id, record.tag_ids)
        after[record.id] = new.tag_ids
        return new

    for record in get_all(store, project_id, list(wanted)):
        tagged(record)
    stored_images.change_many(store, project_id, list(wanted), change)
    require_known(wanted, after)
    return _summary(entries, before, after)


def delete_image_tags(store: Store, project_id: UUID, image_ids: list[UUID], tag_ids: list[UUID]) -> None:
    """Take every one of the tags, and its regions, off every one of the images."""
    if not image_ids or not tag_ids:
        raise errors.MissingParameter("Both 'imageIds' and 'tagIds' are required.")
    tags_of(store, project_id, tag_ids, changing=True)
    gone = set(tag_ids)
    get_all(store, project_id, image_ids)
    stored_images.change_many(store, project_id, image_ids, lambda record: record.without_tags(gone))


def shown(store: Store, project_id: UUID, record: ImageRecord, tags: Mapping[UUID, Tag]) -> Image:
    """The image as clients see it: tags carry their present names, and deleted ones are gone."""
    shown_tags = [
        ImageTag(mark.tag_id, tags[mark.tag_id].name, mark.created) for mark in record.tags if mark.tag_id in tags
    ]
    shown_regions = [
        ImageRegion(r.region_id, tags[r.tag_id].name, r.created, r.tag_id, r.left, r.top, r.width, r.height)
        for r in record.regions
        if r.tag_id in tags
    ]
    return Image(
        record.id,
        record.created,
        record.width,
        record.height,
        resized_image_uri=blobs.picture_uri(store, project_id, record.id, "resized"),
        thumbnail_uri=blobs.picture_uri(store, project_id, record.id, "thumbnail"),
        original_image_uri=blobs.picture_uri(store, project_id, record.id, "original"),
        tags=shown_tags or UNSET,
        regions=shown_regions or UNSET,
        metadata=record.metadata or UNSET,
    )


def with_tags(
    record: ImageRecord, tag_ids: list[UUID], tags: Mapping[UUID, Tag], limit: int, time: datetime | None = None
) -> ImageRecord:
    """The record with those tags that it lacks added, as of now or that time, up to `limit`. Deleted tags that it still
    carries don't count.

    Raises TagNotFound, NegativeAndRegularTagOnSameImage.
    """
    require_tags(tags, tag_ids)
    present = record.tag_ids & tags.keys()
    new = [tag_id for tag_id in dict.fromkeys(tag_ids) if tag_id not in present][: max(0, limit - len(present))]
    both = present | set(new)
    if len(both) > 1 and any(tags[tag_id].type == TagType.NEGATIVE for tag_id in both):
        raise errors.NegativeAndRegularTagOnSameImage(
            "An image with the Negative tag carries no other tag; remove one of them first."
        )
    return replace(record, tags=[*record.tags, *(TagMark(tag_id, time or now()) for tag_id in new)]) if new else record


def check_batch(limit: int, size: int, what: str) -> None:
    if not size:
        raise errors.MissingParameter(f"The body's '{what}' is empty; send at least one.")
    if size > limit:
        raise errors.ExceededBatchSize(f"The batch has {size} {what}; send at most {limit} at once.")


def tags_of(store: Store, project_id: UUID, tag_ids: Iterable[UUID], *, changing: bool = False) -> dict[UUID, Tag]:
    """All tags of the project. Raises ProjectNotFound, and TagNotFound if one of `tag_ids` is not among them.

    For an operation that is `changing` what the project holds: WorkspaceCannotBeModified.
    """
    get = projects.get_workspace if changing else projects.get_project
    project = store.threads.submit(get, store, project_id)
    tags = stored_tags.names(store, project_id)
    project.result()
    require_tags(tags, tag_ids)
    return tags


def get_all(store: Store, project_id: UUID, image_ids: list[UUID]) -> list[ImageRecord]:
    """Raises ImageNotFound unless the workspace has every one."""
    records = stored_images.get_many(store, project_id, image_ids)
    require_known(image_ids, {record.id for record in records})
    return records


def require_known(image_ids: Iterable[UUID], known: Container[UUID]) -> None:
    """Raises ImageNotFound for the first that is not `known`."""
    missing = next((image_id for image_id in image_ids if image_id not in known), None)
    if missing:
        raise errors.ImageNotFound(f"There is no image {missing} in this project, or in the iteration that you named.")


def _summary(
    entries: list[ImageTagCreateEntry], before: Mapping[UUID, set[UUID]], after: Mapping[UUID, set[UUID]]
) -> ImageTagCreateSummary:
    """Each entry by what became of it; one that is there twice is created once."""
    summary = ImageTagCreateSummary([], [], [])
    seen = {(image_id, tag_id) for image_id, tag_ids in before.items() for tag_id in tag_ids}
    for entry in entries:
        mark = (entry.image_id, entry.tag_id)
        if mark in seen:
            summary.duplicated.append(entry)
        elif entry.tag_id in after[entry.image_id]:
            summary.created.append(entry)
            seen.add(mark)
        else:
            summary.exceeded.append(entry)
    return summary
