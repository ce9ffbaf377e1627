"""Pointers: which iterations a published name serves. Prediction reads nothing else of the catalog's world."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import msgspec

from shared.errors import InvalidPublishName, IterationNotFound
from shared.models.serving.predictions import Pointer
from shared.storage.account import blobs, rows
from shared.storage.account.contents import Blob
from shared.storage.account.store import Store


def put(store: Store, pointer: Pointer, *, replace: bool) -> None:
    """Idempotent; what the name served before goes into its history.

    Raises InvalidPublishName where another iteration has the name, unless it is to be replaced.
    """
    name = _name(store, pointer.project_id, pointer.publish_name)
    for _ in rows.attempts():
        held = blobs.read(store, "published", name)
        if held is not None and not replace:
            _require_same(_pointer(held), pointer)
        data = _encoded(pointer.after(_pointer(held)) if held else pointer)
        try:
            blobs.write(store, "published", name, data, etag=held and held.etag, new=held is None)
        except blobs.BlobChanged:
            continue
        return


def update(store: Store, project_id: UUID, publish_name: str, change: Callable[[Pointer], Pointer]) -> Pointer:
    """The pointer as `change` makes it. Raises IterationNotFound."""
    name = _name(store, project_id, publish_name)
    for _ in rows.attempts():
        held = blobs.read(store, "published", name)
        if held is None:
            raise _absent(publish_name)
        pointer = change(_pointer(held))
        with suppress(blobs.BlobChanged):
            blobs.write(store, "published", name, _encoded(pointer), etag=held.etag)
            return pointer
    raise AssertionError("attempts() raises")


def get(store: Store, project_id: UUID, name: str) -> tuple[Pointer, str]:
    """The pointer and its ETag. Raises IterationNotFound."""
    blob = blobs.read(store, "published", _name(store, project_id, name))
    if blob is None:
        raise _absent(name)
    return _pointer(blob), blob.etag


def get_if_changed(store: Store, project_id: UUID, name: str, etag: str) -> tuple[Pointer, str] | None:
    """None while the pointer is as it was at this ETag. Raises IterationNotFound."""
    blob = blobs.read_if_changed(store, "published", _name(store, project_id, name), etag)
    if blob is None:
        raise _absent(name)
    return None if blob == "unchanged" else (_pointer(blob), blob.etag)


def delete(store: Store, project_id: UUID, name: str, iteration_id: UUID) -> bool:
    """Whether it was there and pointed to this iteration."""
    for _ in rows.attempts():
        held = blobs.read(store, "published", _name(store, project_id, name))
        if held is None or _pointer(held).iteration_id != iteration_id:
            return False
        try:
            return blobs.delete(store, "published", _name(store, project_id, name), etag=held.etag)
        except blobs.BlobChanged:
            continue
    raise AssertionError("attempts() raises")


def list_all(store: Store, project_id: UUID) -> list[Pointer]:
    found = (blobs.read(store, "published", name) for name in blobs.names(store, "published", f"{project_id}/"))
    return [_pointer(blob) for blob in found if blob]


def _name(store: Store, project_id: UUID, name: str) -> str:
    """Where its pointer lies, which may have been written under the key of before."""
    key, former = (f"{project_id}/{key}.json" for key in (rows.name_key(name), rows.former_name_key(name)))
    held = blobs.read(store, "published", former) if former != key else None
    return former if held and rows.name_key(_pointer(held).publish_name) == rows.name_key(name) else key


def _encoded(pointer: Pointer) -> bytes:
    # Versions without shares read the iteration.
    return msgspec.json.encode({**msgspec.to_builtins(pointer), "iterationId": pointer.iteration_id})


def _pointer(blob: Blob) -> Pointer:
    """One that a version without shares wrote names its iteration alone."""
    fields = msgspec.json.decode(blob.data, type=dict[str, object])
    return msgspec.convert({"shares": [{"iterationId": fields["iterationId"]}], **fields}, Pointer)


def _require_same(held: Pointer, wanted: Pointer) -> None:
    if held.iteration_id != wanted.iteration_id:
        raise InvalidPublishName(
            f"'{wanted.publish_name}' is the name of another published iteration; unpublish that first, or overwrite."
        )


def _absent(name: str) -> IterationNotFound:
    return IterationNotFound(f"Nothing is published under the name '{name}' in this project.")
