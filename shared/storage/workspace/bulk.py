"""Blobs of changes of many images: what is changed and how far it is, which images, and what was taken off them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import numpy as np

from shared.errors import NotFound
from shared.models.workspace.bulk import BulkChange, Part
from shared.models.workspace.filters import Condition
from shared.models.workspace.images import TaggingStatus
from shared.storage.account import blobs, rows
from shared.storage.account.store import Store
from shared.storage.columns.ids import ID, NOWHERE, find, ids_of, uuids
from shared.storage.workspace import catalog

FOLDER = "tasks"


def chosen(
    store: Store,
    project_id: UUID,
    *,
    status: TaggingStatus,
    tag_ids: Sequence[UUID],
    keep: Condition | None,
    but: Sequence[UUID],
) -> list[UUID]:
    """The images that `images.page` would show on all its pages, but for some."""
    columns = catalog.read(store, project_id).columns
    having = columns.having(status, frozenset(tag_ids), keep)
    left_out = find(columns.ids, ids_of(but))
    having[left_out[left_out != NOWHERE]] = False
    return uuids(columns.ids[having])


def present(store: Store, project_id: UUID, image_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the images that the workspace has, each once, the newest first."""
    columns = catalog.read(store, project_id).columns
    places = find(columns.ids, ids_of(image_ids))
    return uuids(columns.ids[np.unique(places[places != NOWHERE])])


def begin(store: Store, project_id: UUID, change: BulkChange, image_ids: Sequence[UUID]) -> BulkChange:
    """What is kept under this id: the change, or the one that has begun before."""
    task_id, data = change.task.id, b"".join(each.bytes for each in image_ids)
    blobs.write(store, "catalog", _name(project_id, task_id, str(change.images)), data)
    try:
        blobs.write(store, "catalog", _state(project_id, task_id), msgspec.json.encode(change), new=True)
    except blobs.BlobChanged:
        return get(store, project_id, task_id)
    return change


def get(store: Store, project_id: UUID, task_id: UUID) -> BulkChange:
    """Raises NotFound."""
    return _read(store, project_id, task_id)[0]


def update(store: Store, project_id: UUID, task_id: UUID, change: Callable[[BulkChange], BulkChange]) -> BulkChange:
    """Raises NotFound."""
    for _ in rows.attempts():
        old, etag = _read(store, project_id, task_id)
        new = change(old)
        if new == old:
            return old
        try:
            blobs.write(store, "catalog", _state(project_id, task_id), msgspec.json.encode(new), etag=etag)
        except blobs.BlobChanged:
            continue
        return new
    raise AssertionError("attempts() raises")


def images(store: Store, project_id: UUID, change: BulkChange, start: int, end: int) -> list[UUID]:
    name = _name(project_id, change.task.id, str(change.images))
    data = blobs.read_range(store, "catalog", name, start * ID.itemsize, end * ID.itemsize)
    return uuids(np.frombuffer(data, ID))


def put_part(store: Store, project_id: UUID, task_id: UUID, start: int, part: Part) -> Part:
    """What is kept of the images from that place on: the part, or what was found before anything changed."""
    try:
        blobs.write(store, "catalog", _part(project_id, task_id, start), msgspec.json.encode(part), new=True)
    except blobs.BlobChanged:
        return get_part(store, project_id, task_id, start) or part
    return part


def get_part(store: Store, project_id: UUID, task_id: UUID, start: int) -> Part | None:
    """None where none of them were changed."""
    blob = blobs.read(store, "catalog", _part(project_id, task_id, start))
    return msgspec.json.decode(blob.data, type=Part) if blob else None


def expire(store: Store, before: datetime) -> None:
    """Forget the changes that nobody has looked after since that time, in all projects."""
    blobs.delete_before(store, "catalog", FOLDER, before)


def _read(store: Store, project_id: UUID, task_id: UUID) -> tuple[BulkChange, str]:
    blob = blobs.read(store, "catalog", _state(project_id, task_id))
    if blob is None:
        raise NotFound(f"There is no task {task_id} in this project; tasks are kept for a week.")
    return msgspec.json.decode(blob.data, type=BulkChange), blob.etag


def _state(project_id: UUID, task_id: UUID) -> str:
    return _name(project_id, task_id, "state.json")


def _part(project_id: UUID, task_id: UUID, start: int) -> str:
    return _name(project_id, task_id, f"{start:07}.json")


def _name(project_id: UUID, task_id: UUID, name: str) -> str:
    return f"{project_id}/{FOLDER}/{task_id}/{name}"
