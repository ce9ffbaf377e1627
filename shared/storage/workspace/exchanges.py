"""The blobs of data sets on their way in and out: the zip, how far it is, and the shares that it is done in."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shared.errors import NotFound
from shared.models.workspace.exchange import DatasetWork
from shared.storage.account import blobs, rows, signing
from shared.storage.account.store import Store

FOLDER = "datasets"
ZIP = "dataset.zip"


def begin(store: Store, project_id: UUID, work: DatasetWork) -> DatasetWork:
    """What is kept under this id: the work, or that which has begun before."""
    try:
        blobs.write(store, "exports", _state(project_id, work.task.id), msgspec.json.encode(work), new=True)
    except blobs.BlobChanged:
        return get(store, project_id, work.task.id)
    return work


def get(store: Store, project_id: UUID, dataset_id: UUID) -> DatasetWork:
    """Raises NotFound."""
    return _read(store, project_id, dataset_id)[0]


def update(
    store: Store, project_id: UUID, dataset_id: UUID, change: Callable[[DatasetWork], DatasetWork]
) -> DatasetWork:
    """Raises NotFound."""
    for _ in rows.attempts():
        old, etag = _read(store, project_id, dataset_id)
        new = change(old)
        if new == old:
            return old
        try:
            blobs.write(store, "exports", _state(project_id, dataset_id), msgspec.json.encode(new), etag=etag)
        except blobs.BlobChanged:
            continue
        return new
    raise AssertionError("attempts() raises")


def put_zip(store: Store, project_id: UUID, dataset_id: UUID, data: bytes) -> None:
    blobs.write(store, "exports", _name(project_id, dataset_id, ZIP), data)


def put_piece(store: Store, project_id: UUID, dataset_id: UUID, block: str, data: bytes) -> None:
    """A piece of the zip, until `join` puts it together with the others."""
    blobs.stage(store, "exports", _name(project_id, dataset_id, ZIP), block, data)


def join(store: Store, project_id: UUID, dataset_id: UUID, blocks: Sequence[str], file: str | None = None) -> None:
    """The zip of these pieces, which people save as `file`. Raises NotFound where one is not there."""
    blobs.join(store, "exports", _name(project_id, dataset_id, ZIP), blocks, file)


def zip_size(store: Store, project_id: UUID, dataset_id: UUID) -> int:
    """In bytes. Raises NotFound."""
    size = blobs.size(store, "exports", _name(project_id, dataset_id, ZIP))
    if size is None:
        raise NotFound(f"The data set {dataset_id} is not there any more.")
    return size


def zip_reader(store: Store, project_id: UUID, dataset_id: UUID) -> Callable[[int, int], bytes]:
    """What reads the zip's bytes from a place up to another. It raises NotFound."""
    name = _name(project_id, dataset_id, ZIP)
    return lambda start, end: blobs.read_range(store, "exports", name, start, end)


def zip_uri(store: Store, project_id: UUID, dataset_id: UUID) -> str:
    """Anyone who has it can read the zip for a day."""
    return signing.uri(store, "exports", _name(project_id, dataset_id, ZIP))


def put_share(store: Store, project_id: UUID, dataset_id: UUID, name: str, data: bytes) -> bool:
    """Whether it is the first of its name; it stays."""
    try:
        blobs.write(store, "exports", _name(project_id, dataset_id, name), data, new=True)
    except blobs.BlobChanged:
        return False
    return True


def share(store: Store, project_id: UUID, dataset_id: UUID, name: str) -> bytes:
    """Raises NotFound."""
    blob = blobs.read(store, "exports", _name(project_id, dataset_id, name))
    if blob is None:
        raise NotFound(f"The data set {dataset_id} is not there any more.")
    return blob.data


def clear(store: Store, project_id: UUID, dataset_id: UUID, *, keep_zip: bool = False) -> None:
    """Delete all but how it ended, and the zip where that is to be kept."""
    kept = {_state(project_id, dataset_id)} | ({_name(project_id, dataset_id, ZIP)} if keep_zip else set())
    for name in list(blobs.names(store, "exports", _name(project_id, dataset_id, ""))):
        if name not in kept:
            blobs.delete(store, "exports", name)


def expire(store: Store, before: datetime) -> None:
    """Forget the data sets that nobody has looked after since that time, in all projects."""
    blobs.delete_before(store, "exports", FOLDER, before)


def _read(store: Store, project_id: UUID, dataset_id: UUID) -> tuple[DatasetWork, str]:
    blob = blobs.read(store, "exports", _state(project_id, dataset_id))
    if blob is None:
        raise NotFound(f"There is no data set {dataset_id} in this project; they are kept for a week.")
    return msgspec.json.decode(blob.data, type=DatasetWork), blob.etag


def _state(project_id: UUID, dataset_id: UUID) -> str:
    return _name(project_id, dataset_id, "state.json")


def _name(project_id: UUID, dataset_id: UUID, name: str) -> str:
    return f"{project_id}/{FOLDER}/{dataset_id}/{name}"
