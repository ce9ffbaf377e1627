"""Blobs of batches: how far each is, which blobs were listed for it, and its results, part by part."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shared.errors import NotFound
from shared.models.serving.batches import BatchPage, BatchRecord, BatchRow
from shared.storage.account import blobs, rows
from shared.storage.account.store import Store

PAGES = "pages"


def begin(store: Store, record: BatchRecord) -> BatchRecord:
    """What is kept under this id: the record, or the one that has begun before."""
    batch = record.batch
    try:
        blobs.write(store, "batches", _state(batch.project_id, batch.id), msgspec.json.encode(record), new=True)
    except blobs.BlobChanged:
        return get(store, batch.project_id, batch.id)
    return record


def get(store: Store, project_id: UUID, batch_id: UUID) -> BatchRecord:
    """Raises NotFound."""
    return _read(store, project_id, batch_id)[0]


def update(store: Store, project_id: UUID, batch_id: UUID, change: Callable[[BatchRecord], BatchRecord]) -> BatchRecord:
    """The record as `change` makes it. Raises NotFound."""
    for _ in rows.attempts():
        old, etag = _read(store, project_id, batch_id)
        new = change(old)
        if new == old:
            return old
        try:
            blobs.write(store, "batches", _state(project_id, batch_id), msgspec.json.encode(new), etag=etag)
        except blobs.BlobChanged:
            continue
        return new
    raise AssertionError("attempts() raises")


def list_all(store: Store, project_id: UUID) -> list[BatchRecord]:
    names = blobs.names(store, "batches", f"{project_id}/")
    found = store.threads.map(lambda name: blobs.read(store, "batches", name), names)
    return [msgspec.json.decode(blob.data, type=BatchRecord) for blob in found if blob]


def put_page(store: Store, batch_id: UUID, number: int, page: BatchPage) -> BatchPage:
    """What is kept as that page: this one, or the one that was listed first."""
    try:
        blobs.write(store, "batches", _page(batch_id, number), msgspec.json.encode(page), new=True)
    except blobs.BlobChanged:
        return get_page(store, batch_id, number) or page
    return page


def get_page(store: Store, batch_id: UUID, number: int) -> BatchPage | None:
    blob = blobs.read(store, "batches", _page(batch_id, number))
    return msgspec.json.decode(blob.data, type=BatchPage) if blob else None


def put_part(store: Store, prefix: str, number: int, lines: Sequence[BatchRow]) -> list[BatchRow]:
    """The rows that are kept as that part of the results: these, or the ones that were there first."""
    data = msgspec.json.Encoder().encode_lines(lines)
    try:
        blobs.write(store, "results", _part(prefix, number), data, new=True)
    except blobs.BlobChanged:
        return get_part(store, prefix, number) or list(lines)
    return list(lines)


def get_part(store: Store, prefix: str, number: int) -> list[BatchRow] | None:
    """None where it is not written yet."""
    blob = blobs.read(store, "results", _part(prefix, number))
    return msgspec.json.Decoder(BatchRow).decode_lines(blob.data) if blob else None


def expire(store: Store, before: datetime) -> None:
    """Forget the batches in which nothing has happened since that time; their results stay."""
    for name in blobs.names_before(store, "batches", before):
        blobs.delete(store, "batches", name)


def _read(store: Store, project_id: UUID, batch_id: UUID) -> tuple[BatchRecord, str]:
    blob = blobs.read(store, "batches", _state(project_id, batch_id))
    if blob is None:
        raise NotFound(f"There is no batch {batch_id} in this project; batches are kept for 30 days.")
    return msgspec.json.decode(blob.data, type=BatchRecord), blob.etag


def _state(project_id: UUID, batch_id: UUID) -> str:
    return f"{project_id}/{batch_id}.json"


def _page(batch_id: UUID, number: int) -> str:
    return f"{PAGES}/{batch_id}/{number:06}.json"


def _part(prefix: str, number: int) -> str:
    return f"{prefix}{number:07}.jsonl"
