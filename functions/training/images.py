"""Training images of the training API."""

from uuid import UUID

from functions.edge.body.parts import File
from functions.edge.call import Call
from functions.edge.decorators import training
from functions.edge.operation import Answer
from functions.edge.parameters import BatchImageIds, BatchTagIds, Filter, FilterTagIds, ImageIds, Take
from shared.courtesy import courtesy
from shared.models.access.roles import LABELERS, READERS
from shared.models.workspace.images import (
    Image,
    ImageCreateSummary,
    ImageFileCreateBatch,
    ImageTagCreateBatch,
    ImageTagCreateSummary,
    ImageUrlCreateBatch,
    OrderBy,
    TaggingStatus,
)
from shared.models.workspace.metadata import ImageMetadataUpdateSummary, MetadataUpdate
from shared.operations.workspace import images, metadata, uploads

OK_OR_MIXED = (200, 207)


@training("POST", "projects/{project_id}/images", LABELERS, statuses=OK_OR_MIXED)
def create_images_from_data(
    call: Call, project_id: UUID, tag_ids: BatchTagIds, files: list[File], name_key: str | None = None
) -> Answer[ImageCreateSummary]:
    settings = call.runtime.settings
    return _created(uploads.create_images_from_data(call.store, settings, project_id, files, tag_ids, name_key))


@training("POST", "projects/{project_id}/images/files", LABELERS, statuses=OK_OR_MIXED)
def create_images_from_files(call: Call, project_id: UUID, body: ImageFileCreateBatch) -> Answer[ImageCreateSummary]:
    return _created(uploads.create_images_from_files(call.store, call.runtime.settings, project_id, body))


@training("POST", "projects/{project_id}/images/urls", LABELERS, statuses=OK_OR_MIXED)
def create_images_from_urls(call: Call, project_id: UUID, body: ImageUrlCreateBatch) -> Answer[ImageCreateSummary]:
    return _created(uploads.create_images_from_urls(call.store, call.runtime.settings, project_id, body))


@training("GET", "projects/{project_id}/images", READERS)
def get_images(
    call: Call,
    project_id: UUID,
    tag_ids: FilterTagIds,
    tagging_status: TaggingStatus = TaggingStatus.ALL,
    order_by: OrderBy = OrderBy.NEWEST,
    take: Take = 50,
    skip: int = 0,
    iteration_id: UUID | None = None,
    filter: Filter = None,
) -> list[Image]:
    # Whoever has a page of images asks for their pictures next.
    courtesy.asked()
    return images.get_images(
        call.store,
        project_id,
        iteration_id=iteration_id,
        status=tagging_status,
        tag_ids=tag_ids,
        filter=filter,
        order=order_by,
        take=take,
        skip=skip,
    )


@training("GET", "projects/{project_id}/images/tagged", READERS)
def get_tagged_images(
    call: Call,
    project_id: UUID,
    tag_ids: FilterTagIds,
    order_by: OrderBy = OrderBy.NEWEST,
    take: Take = 50,
    skip: int = 0,
    iteration_id: UUID | None = None,
) -> list[Image]:
    return get_images(call, project_id, tag_ids, TaggingStatus.TAGGED, order_by, take, skip, iteration_id)


@training("GET", "projects/{project_id}/images/untagged", READERS)
def get_untagged_images(
    call: Call,
    project_id: UUID,
    order_by: OrderBy = OrderBy.NEWEST,
    take: Take = 50,
    skip: int = 0,
    iteration_id: UUID | None = None,
) -> list[Image]:
    return get_images(call, project_id, [], TaggingStatus.UNTAGGED, order_by, take, skip, iteration_id)


@training("GET", "projects/{project_id}/images/count", READERS)
def get_image_count(
    call: Call,
    project_id: UUID,
    tag_ids: FilterTagIds,
    tagging_status: TaggingStatus = TaggingStatus.ALL,
    iteration_id: UUID | None = None,
    filter: Filter = None,
) -> int:
    return images.get_image_count(
        call.store, project_id, iteration_id=iteration_id, status=tagging_status, tag_ids=tag_ids, filter=filter
    )


@training("GET", "projects/{project_id}/images/tagged/count", READERS)
def get_tagged_image_count(
    call: Call, project_id: UUID, tag_ids: FilterTagIds, iteration_id: UUID | None = None
) -> int:
    return get_image_count(call, project_id, tag_ids, TaggingStatus.TAGGED, iteration_id)


@training("GET", "projects/{project_id}/images/untagged/count", READERS)
def get_untagged_image_count(call: Call, project_id: UUID, iteration_id: UUID | None = None) -> int:
    return get_image_count(call, project_id, [], TaggingStatus.UNTAGGED, iteration_id)


@training("GET", "projects/{project_id}/images/id", READERS)
def get_images_by_ids(
    call: Call, project_id: UUID, image_ids: ImageIds, iteration_id: UUID | None = None
) -> list[Image]:
    return images.get_images_by_ids(call.store, project_id, image_ids, iteration_id)


@training("POST", "projects/{project_id}/images/metadata", LABELERS, statuses=OK_OR_MIXED)
def update_image_metadata(
    call: Call, project_id: UUID, image_ids: ImageIds, body: MetadataUpdate
) -> Answer[ImageMetadataUpdateSummary]:
    summary = metadata.update_image_metadata(call.store, call.limits, project_id, image_ids, body)
    return Answer(200 if summary.is_batch_successful else 207, summary)


@training(
    "DELETE",
    "projects/{project_id}/images",
    LABELERS,
    statuses=(204, 202),
    audit=("project_id", "image_ids", "all_images", "all_iterations"),
)
def delete_images(
    call: Call, project_id: UUID, image_ids: ImageIds, all_images: bool = False, all_iterations: bool = False
) -> Answer[None]:
    goes_on = images.delete_images(
        call.store, project_id, image_ids, all_images=all_images, all_iterations=all_iterations
    )
    return Answer(202 if goes_on else 204, None)


@training("POST", "projects/{project_id}/images/tags", LABELERS)
def create_image_tags(
    call: Call, project_id: UUID, body: ImageTagCreateBatch, alone: bool = False
) -> ImageTagCreateSummary:
    return images.create_image_tags(call.store, call.limits, project_id, body.tags or [], alone=alone)


@training("DELETE", "projects/{project_id}/images/tags", LABELERS)
def delete_image_tags(call: Call, project_id: UUID, image_ids: BatchImageIds, tag_ids: BatchTagIds) -> None:
    images.delete_image_tags(call.store, project_id, image_ids, tag_ids)


def _created(summary: ImageCreateSummary) -> Answer[ImageCreateSummary]:
    return Answer(200 if summary.is_batch_successful else 207, summary)
