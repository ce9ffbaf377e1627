"""Training images created from data, files and URLs: each picture by itself, with a status of its own."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from hashlib import sha256
from operator import attrgetter
from threading import Event, Semaphore
from typing import NamedTuple, NoReturn, TypeVar
from uuid import UUID

from azure.core.exceptions import AzureError
from msgspec.structs import replace

from shared import errors
from shared.fetch import fetch
from shared.imaging import decode, resize
from shared.models.entries import Given, Unfit
from shared.models.limits import Limits
from shared.models.messages.tasks import EmbedImages
from shared.models.serving.predictions import ImageIdCreateEntry
from shared.models.wire import now
from shared.models.workspace.domains import DomainType
from shared.models.workspace.images import (
    ImageCreateResult,
    ImageCreateSummary,
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    ImageRecord,
    ImageUploadStatus,
    ImageUrlCreateBatch,
    ImageUrlCreateEntry,
    Region,
    new_image_ids,
)
from shared.models.workspace.metadata import merged
from shared.models.workspace.tags import Tag
from shared.operations.workspace import images, projects, regions
from shared.operations.workspace import metadata as metadata_of
from shared.settings import Settings
from shared.storage.account import blobs, queues, signing
from shared.storage.account.pool import Pool
from shared.storage.account.store import Store
from shared.storage.workspace import catalog
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import tags as stored_tags

E = TypeVar("E", ImageFileCreateEntry, ImageUrlCreateEntry, ImageIdCreateEntry)
STATUSES: dict[type[errors.ServiceError], ImageUploadStatus] = {
    errors.BadImageUrl: ImageUploadStatus.ERROR_SOURCE,
    errors.NotFound: ImageUploadStatus.ERROR_SOURCE,
    errors.BadImageFormat: ImageUploadStatus.ERROR_IMAGE_FORMAT,
    errors.BadImageSize: ImageUploadStatus.ERROR_IMAGE_SIZE,
    errors.BadImageDimensions: ImageUploadStatus.ERROR_IMAGE_DIMENSIONS,
    errors.BadImageAspectRatio: ImageUploadStatus.ERROR_IMAGE_DIMENSIONS,
    errors.BadMetadataKey: ImageUploadStatus.ERROR_LIMIT_EXCEED,
    errors.BadMetadataValue: ImageUploadStatus.ERROR_LIMIT_EXCEED,
    errors.ImageLimitExceeded: ImageUploadStatus.ERROR_LIMIT_EXCEED,
    errors.TagsPerImageExceeded: ImageUploadStatus.ERROR_TAG_LIMIT_EXCEED,
    errors.RegionsPerImageExceeded: ImageUploadStatus.ERROR_REGION_LIMIT_EXCEED,
    errors.BadImageRegions: ImageUploadStatus.ERROR_INVALID_REGION,
    errors.TagNotFound: ImageUploadStatus.ERROR_INVALID_TAG,
    errors.NegativeAndRegularTagOnSameImage: ImageUploadStatus.ERROR_NEGATIVE_AND_REGULAR,
}
# What an entry of a batch lacks by the field that can't be read.
FAULTS: dict[str, type[errors.ServiceError]] = {
    "contents": errors.BadImageFormat,
    "url": errors.BadImageUrl,
    "id": errors.NotFound,
    "tagIds": errors.TagNotFound,
    "regions": errors.BadImageRegions,
}
# Decoding is bound by the cores, storing by waiting: a few pictures at a time fill both.
POOL = Pool(8, "upload")
NOT_STORED = "Storage did not take it; send it again."
UNEXPECTED = "It could not be stored, and the log of the service says why; send it again."
# How often an identical image may be deleted between our look and our touch.
DELETED_MEANWHILE = 5
# Slow web sites hold up only others who upload by URL.
URL_POOL = Pool(16, "upload-url")


class Incoming(NamedTuple):
    """One picture to come: what the client calls it, how to get its bytes, and what marks it shall carry."""

    name: str | None
    read: Callable[[], bytes]
    tag_ids: list[UUID] = []
    regions: list[Region] = []
    metadata: Mapping[str, str | None] = {}


class UploadBatch(NamedTuple):
    """What the pictures of one call share. `room` is how many new ones the project has room for."""

    store: Store
    limits: Limits
    project_id: UUID
    detects: bool
    tags: Mapping[UUID, Tag]
    tag_ids: list[UUID]
    metadata: Mapping[str, str | None]
    room: Semaphore
    outage: Event


def create_images_from_data(
    store: Store,
    settings: Settings,
    project_id: UUID,
    files: Sequence[tuple[str, bytes]],
    tag_ids: list[UUID],
    name_key: str | None = None,
) -> ImageCreateSummary:
    """With a `name_key` the name of each file becomes metadata of its image, as far as a value is long."""

    def described(name: str) -> dict[str, str | None]:
        return {name_key: name[: settings.limits.metadata_value_length]} if name_key else {}

    metadata_of.check(settings.limits, described("any"))
    pictures = [Incoming(name, partial(_given, contents), metadata=described(name)) for name, contents in files]
    return create(store, settings, project_id, pictures, tag_ids, {}, "No valid image files")


def create_images_from_files(
    store: Store, settings: Settings, project_id: UUID, batch: ImageFileCreateBatch
) -> ImageCreateSummary:
    pictures = [incoming(each, "name", attrgetter("contents")) for each in batch.images or []]
    tag_ids, metadata = batch.tag_ids or [], batch.metadata or {}
    return create(store, settings, project_id, pictures, tag_ids, metadata, "No valid image files")


def create_images_from_urls(
    store: Store, settings: Settings, project_id: UUID, batch: ImageUrlCreateBatch
) -> ImageCreateSummary:
    limits = settings.limits

    def read(entry: ImageUrlCreateEntry) -> bytes:
        url = signing.at_storage(store, entry.url)
        return fetch(url, limit=limits.training_image_bytes, allow_private=settings.allow_private_urls)

    pictures = [incoming(each, "url", read) for each in batch.images or []]
    tag_ids, metadata = batch.tag_ids or [], batch.metadata or {}
    return create(store, settings, project_id, pictures, tag_ids, metadata, "No image urls provided", URL_POOL)


def incoming(given: Given[E], name: str, read: Callable[[E], bytes]) -> Incoming:
    """An entry of a batch, called after its field `name`; one that can't be read says so where its picture is read."""
    entry = given.entry
    if isinstance(entry, Unfit):
        return Incoming(entry.get(name, str), partial(_refuse, entry))
    called, marks = getattr(entry, name), (entry.tag_ids or [], entry.regions or [], entry.metadata or {})
    return Incoming(called and str(called), partial(read, entry), *marks)


def create(
    store: Store,
    settings: Settings,
    project_id: UUID,
    pictures: list[Incoming],
    tag_ids: list[UUID],
    metadata: Mapping[str, str | None],
    nothing: str,
    pool: Pool = POOL,
) -> ImageCreateSummary:
    limits, project = settings.limits, projects.get_workspace(store, project_id)
    _check(limits, pictures, tag_ids, nothing)
    metadata_of.check(limits, metadata)
    # Where only some pictures have boxes, each of these is refused by itself.
    if all(picture.regions for picture in pictures):
        regions.require_detection(project)
    detects = projects.domain_of(project).type == DomainType.OBJECT_DETECTION
    room = Semaphore(max(0, limits.images_per_project - catalog.read(store, project_id).images))
    tags = stored_tags.names(store, project_id)
    batch = UploadBatch(store, limits, project_id, detects, tags, tag_ids, metadata, room, Event())
    results = list(pool.map(partial(_create_one, batch), pictures, new_image_ids(len(pictures))))
    if settings.embed_at_upload and not detects:
        _have_looked_at(store, project_id, results)
    return ImageCreateSummary(all(result.status == ImageUploadStatus.OK for result in results), results)


def _have_looked_at(store: Store, project_id: UUID, results: Sequence[ImageCreateResult]) -> None:
    new = [result.image.id for result in results if result.image and result.status == ImageUploadStatus.OK]
    # The images are there; whoever asks for live suggestions finds those that nobody has looked at.
    with suppress(errors.ServiceError, AzureError):
        if new:
            queues.send(store, EmbedImages(project_id, new))


def _create_one(batch: UploadBatch, picture: Incoming, image_id: UUID) -> ImageCreateResult:
    if batch.outage.is_set():
        return _refused(picture, ImageUploadStatus.ERROR_STORAGE, NOT_STORED)
    try:
        _check_marks(batch, picture)
        status, record = _store(batch, picture, image_id)
    except errors.ServiceUnavailable:
        # Storage was tried for seconds; the pictures that wait behind this one need not find out each by itself.
        batch.outage.set()
        return _refused(picture, ImageUploadStatus.ERROR_STORAGE, NOT_STORED)
    except errors.ProjectNotFound:
        # Deleted meanwhile, which is the answer to the whole call.
        raise
    except errors.ServiceError as error:
        return _refused(picture, STATUSES.get(type(error), ImageUploadStatus.ERROR_UNKNOWN), error.message)
    except Exception:
        # The end of a thread of its own: what one picture does to us must not hide how the others of its batch ended.
        logging.exception("A picture of a batch of project %s could not be stored", batch.project_id)
        return _refused(picture, ImageUploadStatus.ERROR_UNKNOWN, UNEXPECTED)
    image = images.shown(batch.store, batch.project_id, record, batch.tags)
    return ImageCreateResult(picture.name, status, image)


def _refused(picture: Incoming, status: ImageUploadStatus, why: str) -> ImageCreateResult:
    return ImageCreateResult(picture.name, status, message=why)


def _store(batch: UploadBatch, picture: Incoming, image_id: UUID) -> tuple[ImageUploadStatus, ImageRecord]:
    data = picture.read()
    digest = sha256(data).hexdigest()
    for _ in range(DELETED_MEANWHILE):
        try:
            if existing := stored_images.find(batch.store, batch.project_id, digest):
                return ImageUploadStatus.OK_DUPLICATE, _mark_existing(batch, picture, existing)
            return _store_new(batch, picture, image_id, data, digest)
        except errors.ImageNotFound:
            continue
    raise errors.Conflict("The same picture is uploaded and deleted over and over; try again.")


def _store_new(
    batch: UploadBatch, picture: Incoming, image_id: UUID, data: bytes, digest: str
) -> tuple[ImageUploadStatus, ImageRecord]:
    """Beyond the project's limit a picture that is already there may still come again, but no new one."""
    header = decode.check(data, batch.limits, batch.limits.training_image_bytes)
    record = ImageRecord(image_id, now(), header.width, header.height, digest)
    record = _marked(batch, picture, record)
    if not batch.room.acquire(blocking=False):
        limit = f"The project is full with {batch.limits.images_per_project:,} images"
        raise errors.ImageLimitExceeded(f"{limit}: delete some, or begin another project.")
    with ExitStack() as unless_stored:
        unless_stored.callback(batch.room.release)
        existing = _insert(batch, record, data, header.content_type)
        if existing is None:
            unless_stored.pop_all()
            return ImageUploadStatus.OK, record
    return ImageUploadStatus.OK_DUPLICATE, _mark_existing(batch, picture, existing)


def _insert(batch: UploadBatch, record: ImageRecord, data: bytes, content_type: str) -> ImageRecord | None:
    """Pictures first and the row last: what a crash leaves behind is never seen by a client.

    None, or the image with the same content that came first.
    """
    store, project_id, copies = batch.store, batch.project_id, resize.copies(data)
    blobs.put_picture(store, project_id, record.id, "original", data, content_type)
    blobs.put_picture(store, project_id, record.id, "resized", copies.resized, "image/jpeg")
    blobs.put_picture(store, project_id, record.id, "thumbnail", copies.thumbnail, "image/jpeg")
    existing = stored_images.insert(store, project_id, record)
    if existing:
        # Nobody sees them, and upkeep would find them.
        with suppress(errors.ServiceError):
            blobs.delete_pictures(store, project_id, record.id)
    return existing


def _mark_existing(batch: UploadBatch, picture: Incoming, existing: ImageRecord) -> ImageRecord:
    return stored_images.update(batch.store, batch.project_id, existing.id, partial(_marked, batch, picture))


def _marked(batch: UploadBatch, picture: Incoming, record: ImageRecord) -> ImageRecord:
    """The record with the tags, regions and metadata that the batch and this picture ask for."""
    limits = batch.limits
    tag_ids = [*batch.tag_ids, *picture.tag_ids, *(region.tag_id for region in picture.regions)]
    tagged = images.with_tags(record, tag_ids, batch.tags, limits.tags_per_image)
    if not tagged.tag_ids.issuperset(tag_ids):
        raise errors.TagsPerImageExceeded(f"An image carries at most {limits.tags_per_image} tags.")
    marks = [regions.mark(record.id, region) for region in picture.regions]
    marked = regions.with_regions(tagged, marks, batch.tags, limits)
    if not regions.has_all(marked, picture.regions):
        raise errors.RegionsPerImageExceeded(f"An image carries at most {limits.regions_per_image} regions.")
    described = merged(record.metadata, {**batch.metadata, **picture.metadata})
    if len(described) > max(limits.metadata_pairs, len(record.metadata)):
        raise errors.BadMetadataKey(f"An image has at most {limits.metadata_pairs} keys of metadata.")
    return replace(marked, metadata=described)


def _check(limits: Limits, pictures: list[Incoming], tag_ids: list[UUID], nothing: str) -> None:
    if not pictures:
        raise errors.BadImageBatch(f"{nothing}: send 1 to {limits.images_per_batch} in one call.")
    if len(pictures) > limits.images_per_batch:
        raise errors.ExceededBatchSize(
            f"The batch has {len(pictures)} images; send at most {limits.images_per_batch} in one call."
        )
    if len(set(tag_ids)) > limits.tags_per_batch:
        raise errors.ExceededBatchSize(f"A batch takes at most {limits.tags_per_batch} tags at once.")


def _check_marks(batch: UploadBatch, picture: Incoming) -> None:
    """What of a picture's own marks can't be, whatever the picture is."""
    if len({*batch.tag_ids, *picture.tag_ids}) > batch.limits.tags_per_batch:
        raise errors.TagsPerImageExceeded(f"An image takes at most {batch.limits.tags_per_batch} tags at once.")
    metadata_of.check(batch.limits, picture.metadata)
    if picture.regions and not batch.detects:
        raise errors.BadImageRegions("Regions belong to object detection; this project classifies whole images.")


def _refuse(entry: Unfit) -> NoReturn:
    raise FAULTS.get(entry.field, errors.BadRequest)(entry.problem)


def _given(contents: bytes) -> bytes:
    return contents
