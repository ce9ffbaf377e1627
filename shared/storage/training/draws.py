"""What the live model said of images that were drawn at random, before they had a label: one blob a project,
models/{project}/live/drawn.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.storage.account import blobs, rows
from shared.storage.account.contents import Blob
from shared.storage.account.store import Store


class Draw(Struct, frozen=True, array_like=True):
    """An image, the tags that it seemed to have, and a number for whoever was asked about it."""

    image_id: UUID
    tag_ids: list[UUID]
    asked: int


def get(store: Store, project_id: UUID) -> list[Draw]:
    """The latest last."""
    return _decoded(blobs.read(store, "models", _name(project_id)))


def change(store: Store, project_id: UUID, changed: Callable[[Sequence[Draw]], list[Draw]]) -> list[Draw]:
    """What they are then. Of those who change them at once, nobody undoes what another did."""
    for _ in rows.attempts():
        held = blobs.read(store, "models", _name(project_id))
        before = _decoded(held)
        after = changed(before)
        if after == before:
            break
        data = msgspec.json.encode(after)
        with suppress(blobs.BlobChanged):
            blobs.write(store, "models", _name(project_id), data, etag=held.etag if held else None, new=held is None)
            break
    return after


def _decoded(held: Blob | None) -> list[Draw]:
    return msgspec.json.decode(held.data, type=list[Draw]) if held else []


def _name(project_id: UUID) -> str:
    return f"{project_id}/live/drawn"
