"""What a training learns from: the project's images of the moment, each with those of its tags that are wanted."""

from collections.abc import Iterator, Set
from uuid import UUID

from msgspec.structs import replace

from shared.models.workspace.images import ImageRecord, TaggingStatus
from shared.storage.account.store import Store
from shared.storage.workspace import images as stored_images

# The metadata of an untagged image that shows none of a detector's objects: {"background": "true"}.
BACKGROUND = "background"


def of_classifier(store: Store, project_id: UUID, wanted: Set[UUID]) -> Iterator[ImageRecord]:
    """The images with a wanted tag."""
    for image in stored_images.each(store, project_id):
        marks = [mark for mark in image.tags if mark.tag_id in wanted]
        if marks:
            yield replace(image, tags=marks)


def of_detector(store: Store, project_id: UUID, wanted: Set[UUID]) -> Iterator[ImageRecord]:
    """The images with a box of a wanted tag, and then the background.

    A tag without a box does not say where its object is, so it counts for nothing.
    """
    taken = set()
    for image in stored_images.each(store, project_id):
        regions = [region for region in image.regions if region.tag_id in wanted]
        boxed = {region.tag_id for region in regions}
        if boxed:
            taken.add(image.id)
            yield replace(image, tags=[mark for mark in image.tags if mark.tag_id in boxed], regions=regions)
    for image in stored_images.each(store, project_id, TaggingStatus.UNTAGGED):
        # One that has lost its boxes meanwhile is there already.
        if is_background(image) and image.id not in taken:
            yield image


def is_background(image: ImageRecord) -> bool:
    return not image.tags and image.metadata.get(BACKGROUND, "").lower() == "true"
