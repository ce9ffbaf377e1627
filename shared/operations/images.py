"""Training images as clients see them: pages, counts, tags on and off, deletion."""

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import replace

from shared import errors
from shared.models.images import (
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
from shared.models.jobs import DeleteAllImages, ReleaseImages
from shared.models.limits import Limits
from shared.models.tags import Tag, TagType
from shared.models.wire import now
from shared.operations import projects
from shared.operations.tags import require_tags
from shared.storage import blobs, queues
from shared.storage import images as stored
from shared.storage import tags as stored_tags
from shared.storage.store import Store

TAGS_PER_FILTER = 20


def get_images(
    store: Store,
    limits: Limits,
    project_id: UUID,
    *,
    status: TaggingStatus,
    tag_ids: list[UUID],
    order: OrderBy,
    take: int,
    skip: int,
) -> list[Image]:
    """A page of the workspace; several tags mean any of them."""
    check_page(limits, take, skip)
    tags = _tags_of(store, project_id, tag_ids)
    records = stored.page(store, project_id, status=status, tag_ids=tag_ids, order=order, take=take, skip=skip)
    return [view(store, project_id, record, tags) for record in records]


def get_image_count(store: Store, project_id: UUID, *, status: TaggingStatus, tag_ids: list[UUID]) -> int:
    if tag_ids:
        _tags_of(store, project_id, tag_ids)
    else:
        projects.get_project(store, project_id)
    return stored.count(store, project_id, status=status, tag_ids=tag_ids)


def get_images_by_ids(store: Store, project_id: UUID, image_ids: list[UUID]) -> list[Image]:
    """In the order of the ids. Raises ImageNotFound for one that the project has not."""
    tags = _tags_of(store, project_id, [])
    found = {record.id: record for record in stored.get_many(store, project_id, image_ids)}
    _require_all(image_ids, found)
    return [view(store, project_id, found[image_id], tags) for image_id in image_ids]


def delete_images(
    store: Store, project_id: UUID, image_ids: list[UUID], *, all_images: bool, all_iterations: bool
) -> bool:
    """Take images out of the workspace; what an iteration was trained on stays with it unless `all_iterations`.

    Returns whether work goes on in the background. An id that is already gone is no error, so a retry succeeds.
    """
    projects.get_project(store, project_id)
    if all_images == bool(image_ids):
        raise errors.MissingParameter("Name the images to delete in 'imageIds', or send allImages=true, not both.")
    if all_images:
        queues.send(store, "upkeep", DeleteAllImages(project_id, now(), all_iterations))
        return True
    list(store.threads.map(lambda image_id: stored.delete(store, project_id, image_id), image_ids))
    queues.send(store, "upkeep", ReleaseImages(project_id, image_ids, all_iterations))
    return all_iterations


def create_image_tags(
    store: Store, limits: Limits, project_id: UUID, entries: list[ImageTagCreateEntry]
) -> ImageTagCreateSummary:
    """Tag images. Everything is checked before the first image is touched, so a refused batch changes nothing."""
    _check_batch(limits, len(entries), "tags")
    tags = _tags_of(store, project_id, [entry.tag_id for entry in entries])
    wanted: dict[UUID, list[UUID]] = defaultdict(list)
    for entry in entries:
        wanted[entry.image_id].append(entry.tag_id)
    found = {record.id: record for record in stored.get_many(store, project_id, list(wanted))}
    _require_all(list(wanted), found)
    for image_id, tag_ids in wanted.items():
        with_tags(found[image_id], tag_ids, tags, limits.tags_per_image)

    def tagged(image_id: UUID) -> ImageTagCreateSummary:
        return _tag_image(store, limits, project_id, image_id, wanted[image_id], tags)

    parts = list(store.threads.map(tagged, wanted))
    return ImageTagCreateSummary(
        [entry for part in parts for entry in part.created],
        [entry for part in parts for entry in part.duplicated],
        [entry for part in parts for entry in part.exceeded],
    )


def delete_image_tags(store: Store, project_id: UUID, image_ids: list[UUID], tag_ids: list[UUID]) -> None:
    """Take every one of the tags, and its regions, off every one of the images."""
    if not image_ids or not tag_ids:
        raise errors.MissingParameter("Both 'imageIds' and 'tagIds' are required.")
    _tags_of(store, project_id, tag_ids)
    gone = set(tag_ids)

    def change(record: ImageRecord) -> ImageRecord:
        return replace(
            record,
            tags=[mark for mark in record.tags if mark.tag_id not in gone],
            regions=[mark for mark in record.regions if mark.tag_id not in gone],
        )

    _require_all(image_ids, {record.id: record for record in stored.get_many(store, project_id, image_ids)})
    list(store.threads.map(lambda image_id: stored.update(store, project_id, image_id, change), image_ids))


def view(store: Store, project_id: UUID, record: ImageRecord, tags: Mapping[UUID, Tag]) -> Image:
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


def with_tags(record: ImageRecord, tag_ids: list[UUID], tags: Mapping[UUID, Tag], limit: int) -> ImageRecord:
    """The record with those tags that it lacks added, up to `limit`.

    Raises TagNotFound, NegativeAndRegularTagOnSameImage.
    """
    require_tags(tags, tag_ids)
    present = [mark for mark in record.tags if mark.tag_id in tags]
    kept = {mark.tag_id for mark in present}
    new = [tag_id for tag_id in dict.fromkeys(tag_ids) if tag_id not in kept][: max(0, limit - len(kept))]
    both = kept | set(new)
    if len(both) > 1 and any(tags[tag_id].type == TagType.NEGATIVE for tag_id in both):
        raise errors.NegativeAndRegularTagOnSameImage(
            "An image with the Negative tag carries no other tag; remove one of them first."
        )
    return replace(record, tags=[*present, *(TagMark(tag_id, now()) for tag_id in new)]) if new else record


def check_page(limits: Limits, take: int, skip: int) -> None:
    if not 0 <= take <= limits.page_size or skip < 0:
        raise errors.BadRequest(f"'take' is 0 to {limits.page_size} and 'skip' 0 or more, not {take} and {skip}.")


def _tag_image(
    store: Store, limits: Limits, project_id: UUID, image_id: UUID, tag_ids: list[UUID], tags: Mapping[UUID, Tag]
) -> ImageTagCreateSummary:
    """Tag one image, and sort each entry by what became of it."""
    before: set[UUID] = set()

    def change(current: ImageRecord) -> ImageRecord:
        before.clear()
        before.update(current.tag_ids)
        return with_tags(current, tag_ids, tags, limits.tags_per_image)

    after = stored.update(store, project_id, image_id, change).tag_ids
    summary, seen = ImageTagCreateSummary([], [], []), set(before)
    for tag_id in tag_ids:
        outcome = summary.duplicated if tag_id in seen else summary.created if tag_id in after else summary.exceeded
        outcome.append(ImageTagCreateEntry(image_id, tag_id))
        seen.add(tag_id)
    return summary


def _tags_of(store: Store, project_id: UUID, tag_ids: list[UUID]) -> dict[UUID, Tag]:
    """All tags of the project. Raises ProjectNotFound, and TagNotFound if one of `tag_ids` is not among them."""
    project = store.threads.submit(projects.get_project, store, project_id)
    tags = stored_tags.names(store, project_id)
    project.result()
    require_tags(tags, tag_ids)
    return tags


def _require_all(image_ids: list[UUID], found: Mapping[UUID, ImageRecord]) -> None:
    missing = [image_id for image_id in image_ids if image_id not in found]
    if missing:
        raise errors.ImageNotFound(f"There is no image {missing[0]} in this project.")


def _check_batch(limits: Limits, size: int, what: str) -> None:
    if not size:
        raise errors.MissingParameter(f"The body's '{what}' is empty; send at least one.")
    if size > limits.images_per_batch:
        raise errors.ExceededBatchSize(f"The batch has {size} {what}; send at most {limits.images_per_batch} at once.")
