"""Training images of the training API."""

from uuid import UUID

from functions.call import Call
from functions.edge import Answer, training
from shared.models.images import (
    Image,
    ImageCreateSummary,
    ImageFileCreateBatch,
    ImageTagCreateBatch,
    ImageTagCreateSummary,
    ImageUrlCreateBatch,
    OrderBy,
    TaggingStatus,
)
from shared.operations import images, uploads


@training("POST", "projects/{project_id}/images")
def create_images_from_data(call: Call, project_id: UUID) -> Answer:
    tag_ids = call.ids("tagIds", call.limits.tags_per_batch)
    return _created(uploads.create_images_from_data(call.store, call.limits, project_id, call.files(), tag_ids))


@training("POST", "projects/{project_id}/images/files")
def create_images_from_files(call: Call, project_id: UUID) -> Answer:
    batch = call.json(ImageFileCreateBatch)
    return _created(uploads.create_images_from_files(call.store, call.limits, project_id, batch))


@training("POST", "projects/{project_id}/images/urls")
def create_images_from_urls(call: Call, project_id: UUID) -> Answer:
    batch = call.json(ImageUrlCreateBatch)
    return _created(uploads.create_images_from_urls(call.store, call.runtime.settings, project_id, batch))


@training("GET", "projects/{project_id}/images")
def get_images(call: Call, project_id: UUID) -> list[Image]:
    return _page(call, project_id, call.choice("taggingStatus", TaggingStatus.ALL))


@training("GET", "projects/{project_id}/images/tagged")
def get_tagged_images(call: Call, project_id: UUID) -> list[Image]:
    return _page(call, project_id, TaggingStatus.TAGGED)


@training("GET", "projects/{project_id}/images/untagged")
def get_untagged_images(call: Call, project_id: UUID) -> list[Image]:
    return _page(call, project_id, TaggingStatus.UNTAGGED)


@training("GET", "projects/{project_id}/images/count")
def get_image_count(call: Call, project_id: UUID) -> int:
    return _count(call, project_id, call.choice("taggingStatus", TaggingStatus.ALL))


@training("GET", "projects/{project_id}/images/tagged/count")
def get_tagged_image_count(call: Call, project_id: UUID) -> int:
    return _count(call, project_id, TaggingStatus.TAGGED)


@training("GET", "projects/{project_id}/images/untagged/count")
def get_untagged_image_count(call: Call, project_id: UUID) -> int:
    return _count(call, project_id, TaggingStatus.UNTAGGED)


@training("GET", "projects/{project_id}/images/id")
def get_images_by_ids(call: Call, project_id: UUID) -> list[Image]:
    call.require_workspace()
    return images.get_images_by_ids(call.store, project_id, call.ids("imageIds", call.limits.ids_per_request))


@training("DELETE", "projects/{project_id}/images")
def delete_images(call: Call, project_id: UUID) -> Answer:
    goes_on = images.delete_images(
        call.store,
        project_id,
        call.ids("imageIds", call.limits.ids_per_request),
        all_images=call.flag("allImages", False),
        all_iterations=call.flag("allIterations", False),
    )
    return Answer(202 if goes_on else 204)


@training("POST", "projects/{project_id}/images/tags")
def create_image_tags(call: Call, project_id: UUID) -> ImageTagCreateSummary:
    return images.create_image_tags(call.store, call.limits, project_id, call.json(ImageTagCreateBatch).tags or [])


@training("DELETE", "projects/{project_id}/images/tags")
def delete_image_tags(call: Call, project_id: UUID) -> None:
    image_ids = call.ids("imageIds", call.limits.images_per_batch)
    images.delete_image_tags(call.store, project_id, image_ids, call.ids("tagIds", call.limits.tags_per_batch))


def _page(call: Call, project_id: UUID, status: TaggingStatus) -> list[Image]:
    call.require_workspace()
    return images.get_images(
        call.store,
        call.limits,
        project_id,
        status=status,
        tag_ids=call.ids("tagIds", images.TAGS_PER_FILTER),
        order=call.choice("orderBy", OrderBy.NEWEST),
        take=call.integer("take", 50),
        skip=call.integer("skip", 0),
    )


def _count(call: Call, project_id: UUID, status: TaggingStatus) -> int:
    call.require_workspace()
    tag_ids = call.ids("tagIds", images.TAGS_PER_FILTER)
    return images.get_image_count(call.store, project_id, status=status, tag_ids=tag_ids)


def _created(summary: ImageCreateSummary) -> Answer:
    return Answer(200 if summary.is_batch_successful else 207, summary)
