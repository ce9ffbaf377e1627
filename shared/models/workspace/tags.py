"""Tags: what an image shows."""

from enum import StrEnum
from uuid import UUID

from msgspec import UNSET, UnsetType

from shared.models.wire import Wire


class TagType(StrEnum):
    REGULAR = "Regular"
    NEGATIVE = "Negative"
    GENERAL_PRODUCT = "GeneralProduct"


class Tag(Wire, frozen=True):
    id: UUID
    name: str
    description: str | None
    type: TagType = TagType.REGULAR
    image_count: int = 0


class TagUpdate(Wire, frozen=True):
    """The body of a PATCH: a merge into the tag."""

    name: str | None | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    type: str | None | UnsetType = UNSET
