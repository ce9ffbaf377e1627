"""The dataset of an iteration: frozen once, read by the job and by everything that looks back.

Beside it lies its index by columns, so that a page is read without the rest. What was deleted from all iterations
leaves that.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from io import BytesIO
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Struct

from shared.errors import NotFound
from shared.models.training.datasets import Dataset, DatasetHeader
from shared.models.workspace.filters import Condition
from shared.models.workspace.images import ImageRecord, OrderBy, TaggingStatus
from shared.storage.account import blobs, rows
from shared.storage.account.blobs import model_name
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.columns import arrays
from shared.storage.columns.columns import Entry
from shared.storage.columns.ids import ID, positions, uuids
from shared.storage.training import parts
from shared.storage.training.dataset_index import DatasetIndex, Line

NAME = "dataset.jsonl"
INDEX = "dataset.columns"
# What versions before wrote in its place; who wrote it matters no more, but what was dropped from it does.
FORMER_INDEX = "dataset.index"
REMEMBERED_SECONDS = 3_600.0

indexes = Memory(8, REMEMBERED_SECONDS)


class KnownIndex(Struct, frozen=True):
    index: DatasetIndex
    etag: str


def write(store: Store, header: DatasetHeader, images: Iterable[ImageRecord]) -> None:
    """The first to write it wins: what a job or a page has read never changes."""
    encode, data = msgspec.json.Encoder().encode, BytesIO()
    data.write(encode(header) + b"\n")

    def lines() -> Iterator[Line]:
        for image in images:
            start = data.tell()
            data.write(encode(image) + b"\n")
            yield Line(image.id, Entry.of(image), start, data.tell())

    index = DatasetIndex.of(header, lines())
    try:
        blobs.write(
            store, "models", model_name(header.project_id, header.iteration_id, NAME), data.getvalue(), new=True
        )
    except blobs.BlobChanged:
        return
    with suppress(blobs.BlobChanged):
        _write_index(store, index)


def frozen(store: Store, project_id: UUID, iteration_id: UUID) -> bool:
    return blobs.exists(store, "models", model_name(project_id, iteration_id, NAME))


def read(store: Store, project_id: UUID, iteration_id: UUID) -> Dataset | None:
    """None while the iteration's dataset has not been frozen."""
    try:
        data = blobs.model_read(store, project_id, iteration_id, NAME)
    except NotFound:
        return None
    return parse(data)


def parse(data: bytes) -> Dataset:
    first, _, rest = data.partition(b"\n")
    images = msgspec.json.Decoder(ImageRecord).decode_lines(rest)
    return Dataset(msgspec.json.decode(first, type=DatasetHeader), images)


def index(store: Store, project_id: UUID, iteration_id: UUID) -> DatasetIndex | None:
    """None while the iteration's dataset has not been frozen."""
    key, name = (store, project_id, iteration_id), model_name(project_id, iteration_id, INDEX)
    known = indexes.get(key)
    if isinstance(known, KnownIndex):
        blob = blobs.read_if_changed(store, "models", name, known.etag)
        if blob == "unchanged":
            return known.index
    else:
        blob = blobs.read(store, "models", name)
    if blob is None:
        return _derive(store, project_id, iteration_id)
    made = arrays.decode(blob.data, DatasetIndex)
    indexes.put(key, KnownIndex(made, blob.etag))
    return made


def drop(store: Store, project_id: UUID, iteration_id: UUID, image_ids: Iterable[UUID]) -> None:
    """No page shows these images any more. The file itself stays what the job has read."""
    for _ in rows.attempts():
        blob = blobs.read(store, "models", model_name(project_id, iteration_id, INDEX))
        if blob is None:
            return None
        index, gone = arrays.decode(blob.data, DatasetIndex), list(image_ids)
        if not index.find(gone):
            return None
        try:
            return _write_index(store, index.without(gone), blob.etag)
        except blobs.BlobChanged:
            continue
    return None


def get_many(store: Store, index: DatasetIndex, image_ids: Iterable[UUID]) -> list[ImageRecord]:
    """In the order of the ids, without those that are not there."""
    return records(store, index, index.find(dict.fromkeys(image_ids)))


def page(
    store: Store,
    index: DatasetIndex,
    *,
    status: TaggingStatus,
    tag_ids: Sequence[UUID],
    order: OrderBy,
    take: int,
    skip: int,
    keep: Condition | None = None,
) -> list[ImageRecord]:
    """The images of a page of the dataset, chosen as `images.page` chooses those of the workspace."""
    found = index.columns.having(status, frozenset(tag_ids), keep)
    chosen = positions(found, oldest=order is OrderBy.OLDEST, skip=skip, take=take)
    return records(store, index, chosen.tolist())


def count(index: DatasetIndex, *, status: TaggingStatus, tag_ids: Sequence[UUID], keep: Condition | None = None) -> int:
    return int(index.columns.having(status, frozenset(tag_ids), keep).sum())


def records(store: Store, index: DatasetIndex, at: Sequence[int]) -> list[ImageRecord]:
    """The images at these positions, in their order. Raises NotFound when the iteration was deleted meanwhile."""
    name = model_name(index.header.project_id, index.header.iteration_id, NAME)
    places = [(int(start), int(end)) for start, end in index.places[list(at)]]
    return list(map(msgspec.json.Decoder(ImageRecord).decode, parts.read(store, name, places)))


def _derive(store: Store, project_id: UUID, iteration_id: UUID) -> DatasetIndex | None:
    """The index of a dataset that has none: it was written before there were any, or its writer was cut off."""
    blob = blobs.read(store, "models", model_name(project_id, iteration_id, NAME))
    if blob is None:
        return None
    data, decode = BytesIO(blob.data), msgspec.json.Decoder(ImageRecord).decode
    header = msgspec.json.decode(data.readline(), type=DatasetHeader)
    images = ((decode(line), data.tell() - len(line), data.tell()) for line in data)
    made = DatasetIndex.of(header, (Line(image.id, Entry.of(image), *place) for image, *place in images))
    made = made.without(_dropped(store, project_id, iteration_id, made))
    with suppress(blobs.BlobChanged):
        _write_index(store, made)
    return made


class _Former(Struct):
    ids: bytes


def _dropped(store: Store, project_id: UUID, iteration_id: UUID, index: DatasetIndex) -> list[UUID]:
    """The images that a former version dropped from the index that it had."""
    blob = blobs.read(store, "models", model_name(project_id, iteration_id, FORMER_INDEX))
    if blob is None:
        return []
    former = np.frombuffer(msgspec.msgpack.decode(blob.data, type=_Former).ids, ID)
    return uuids(np.setdiff1d(index.columns.ids, former))


def _write_index(store: Store, index: DatasetIndex, etag: str | None = None) -> None:
    """In the place of that version, or as the first. Raises BlobChanged."""
    name = model_name(index.header.project_id, index.header.iteration_id, INDEX)
    blobs.write(store, "models", name, arrays.encode(index), etag=etag, new=etag is None)
