"""Metadata of training images: set and taken away by key."""

from collections.abc import Mapping
from uuid import UUID

from msgspec.structs import replace

from shared import errors
from shared.models.limits import Limits
from shared.models.workspace.images import ImageRecord
from shared.models.workspace.metadata import (
    ImageMetadataUpdateEntry,
    ImageMetadataUpdateStatus,
    ImageMetadataUpdateSummary,
    merged,
)
from shared.operations.workspace import projects
from shared.storage.account.store import Store
from shared.storage.workspace import images as stored_images


def update_image_metadata(
    store: Store, limits: Limits, project_id: UUID, image_ids: list[UUID], update: Mapping[str, str | None]
) -> ImageMetadataUpdateSummary:
    """A merge into the metadata of every image. An image that it makes too much for keeps what it has."""
    projects.get_workspace(store, project_id)
    if not image_ids or not update:
        raise errors.MissingParameter("Name the images in 'imageIds', and send at least one key in the body.")
    check(limits, update)
    outcome: dict[UUID, ImageMetadataUpdateEntry] = {}

    def change(record: ImageRecord) -> ImageRecord:
        metadata = merged(record.metadata, update)
        if len(metadata) > max(limits.metadata_pairs, len(record.metadata)):
            status = ImageMetadataUpdateStatus.ERROR_LIMIT_EXCEED
            outcome[record.id] = ImageMetadataUpdateEntry(record.id, status, record.metadata)
            return record
        outcome[record.id] = ImageMetadataUpdateEntry(record.id, ImageMetadataUpdateStatus.OK, metadata)
        return replace(record, metadata=metadata)

    stored_images.change_many(store, project_id, image_ids, change)
    absent = ImageMetadataUpdateStatus.ERROR_IMAGE_NOT_FOUND
    entries = [outcome.get(image_id) or ImageMetadataUpdateEntry(image_id, absent, {}) for image_id in image_ids]
    return ImageMetadataUpdateSummary(all(entry.status == ImageMetadataUpdateStatus.OK for entry in entries), entries)


def check(limits: Limits, update: Mapping[str, str | None]) -> None:
    """Raises BadMetadataKey, BadMetadataValue."""
    pairs = sum(1 for value in update.values() if value)
    if pairs > limits.metadata_pairs or any(not 0 < len(key) <= limits.metadata_key_length for key in update):
        raise errors.BadMetadataKey(
            f"Metadata has at most {limits.metadata_pairs} keys of 1 to {limits.metadata_key_length} characters."
        )
    if any(value and len(value) > limits.metadata_value_length for value in update.values()):
        raise errors.BadMetadataValue(f"A metadata value has at most {limits.metadata_value_length} characters.")
