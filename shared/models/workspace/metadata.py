"""Metadata: a few words that a client keeps with an image, by its own keys."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from shared.models.wire import Wire

# What a client sends: null and the empty text both mean that the image shall not have the key.
MetadataUpdate = dict[str, str | None]


class ImageMetadataUpdateStatus(StrEnum):
    OK = "OK"
    ERROR_IMAGE_NOT_FOUND = "ErrorImageNotFound"
    ERROR_LIMIT_EXCEED = "ErrorLimitExceed"


class ImageMetadataUpdateEntry(Wire, frozen=True):
    """`metadata` is all that the image has now."""

    image_id: UUID
    status: ImageMetadataUpdateStatus
    metadata: dict[str, str]


class ImageMetadataUpdateSummary(Wire, frozen=True):
    is_batch_successful: bool
    images: list[ImageMetadataUpdateEntry]


def merged(present: Mapping[str, str], update: Mapping[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in {**present, **update}.items() if value}
