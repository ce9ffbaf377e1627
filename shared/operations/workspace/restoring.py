"""Deleted images that come back."""

from collections.abc import Sequence
from uuid import UUID

from shared import errors
from shared.models.limits import Limits
from shared.models.workspace.images import ImageRestoreDuplicate, ImageRestoreSummary
from shared.operations.workspace import projects
from shared.storage.account.store import Store
from shared.storage.workspace import catalog, trash


def restore_images(store: Store, limits: Limits, project_id: UUID, image_ids: Sequence[UUID]) -> ImageRestoreSummary:
    """With their tags, boxes and metadata, but for tags that were deleted since. One that is there is no error."""
    projects.get_workspace(store, project_id)
    wanted = list(dict.fromkeys(image_ids))
    _check(store, limits, project_id, wanted)
    summary = ImageRestoreSummary([], [], [])
    found = store.bulk.map(lambda image_id: trash.restore(store, project_id, image_id), wanted)
    for image_id, image in zip(wanted, found, strict=True):
        if image is None:
            summary.gone.append(image_id)
        elif image.id == image_id:
            summary.restored.append(image_id)
        else:
            summary.duplicated.append(ImageRestoreDuplicate(image_id, image.id))
    return summary


def _check(store: Store, limits: Limits, project_id: UUID, image_ids: list[UUID]) -> None:
    if not image_ids:
        raise errors.MissingParameter("Name the images to restore in 'imageIds'.")
    if len(image_ids) > limits.ids_per_request:
        raise errors.ExceededBatchSize(
            f"'imageIds' has {len(image_ids):,} ids; send at most {limits.ids_per_request} in one call."
        )
    images = catalog.read(store, project_id).images
    # Far from the limit nobody looks through all that was deleted.
    if images + len(image_ids) <= limits.images_per_project:
        return
    if images + (coming := len(trash.ids(store, project_id).intersection(image_ids))) > limits.images_per_project:
        raise errors.ImageLimitExceeded(
            f"The project has {images:,} of {limits.images_per_project:,} images; delete others before you restore "
            f"{coming}."
        )
