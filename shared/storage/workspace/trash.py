"""Deleted images that can come back: a row each, until their pictures go."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from shared.models.workspace.images import ImageRecord, TrashedImage
from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, RowChanged, RowExists, RowMissing
from shared.storage.workspace import catalog, image_rows, images, ledger
from shared.storage.workspace.image_rows import TRASH


def restore(store: Store, project_id: UUID, image_id: UUID) -> ImageRecord | None:
    """The image, without the tags that were deleted since; or the one that has its content by now.

    None where it is neither in the trash nor in the workspace. Raises ProjectNotFound.
    """
    for _ in rows.attempts():
        row = rows.read(store.catalog, str(project_id), image_rows.in_trash(image_id))
        if row is None:
            ledger.require_project(store, project_id)
            return next(iter(images.get_many(store, project_id, [image_id])), None)
        image = _with_living_tags(store, project_id, row.decode(TrashedImage).image)
        turn = image_rows.turn(None, image)
        taken_out = [*turn.changes, Change("delete", row.key, etag=row.etag)]
        try:
            image_rows.commit(store, project_id, [turn._replace(changes=taken_out)])
        except RowExists:
            # Or it was sent twice, as the first answer was lost.
            if existing := images.find(store, project_id, image.sha256):
                return existing
        except (RowMissing, RowChanged):
            continue
        else:
            return image
    raise AssertionError("attempts() raises")


def ids(store: Store, project_id: UUID) -> set[UUID]:
    found = rows.starting(store.catalog, str(project_id), TRASH, keys_only=True)
    return {UUID(row.key.removeprefix(TRASH)) for row in found}


def empty(store: Store, project_id: UUID, image_ids: Iterable[UUID], before: datetime) -> None:
    """Throw those of the images away that were deleted before that time."""
    wanted = {image_rows.in_trash(image_id) for image_id in image_ids}
    found = [row for row in rows.starting(store.catalog, str(project_id), TRASH) if row.key in wanted]
    old = [row for row in found if row.decode(TrashedImage).deleted < before]
    rows.delete_unchanged(store.catalog, str(project_id), old)


def _with_living_tags(store: Store, project_id: UUID, image: ImageRecord) -> ImageRecord:
    keys = {tag_id: f"{catalog.LIVE}{tag_id}" for tag_id in image.tag_ids}
    return image.without_tags(
        {tag_id for tag_id, key in keys.items() if rows.read(store.catalog, str(project_id), key) is None}
    )
