"""Doubts about labels that somebody has dismissed: one blob a project, models/{project}/live/dismissed."""

from collections.abc import Callable, Set
from contextlib import suppress
from uuid import UUID

import msgspec

from shared.storage.account import blobs, rows
from shared.storage.account.contents import Blob
from shared.storage.account.store import Store

# An image, and the tag that should have come or gone.
Dismissal = tuple[UUID, UUID]


def get(store: Store, project_id: UUID) -> Set[Dismissal]:
    return _decoded(blobs.read(store, "models", _name(project_id)))


def change(store: Store, project_id: UUID, changed: Callable[[Set[Dismissal]], Set[Dismissal]]) -> None:
    """Of those who change them at once, nobody undoes what another did."""
    for _ in rows.attempts():
        held = blobs.read(store, "models", _name(project_id))
        data = msgspec.json.encode(sorted(changed(_decoded(held))))
        with suppress(blobs.BlobChanged):
            blobs.write(store, "models", _name(project_id), data, etag=held.etag if held else None, new=held is None)
            return


def _decoded(held: Blob | None) -> Set[Dismissal]:
    return msgspec.json.decode(held.data, type=set[Dismissal]) if held else set()


def _name(project_id: UUID) -> str:
    return f"{project_id}/live/dismissed"
