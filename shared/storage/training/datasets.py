"""The dataset of an iteration: frozen once, read by the job and by everything that looks back.

Beside it lies its index, so that a page is read without the rest. What was deleted from all iterations leaves that.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from io import BytesIO
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.errors import NotFound
from shared.models.filters import Condition
from shared.models.images import ImageRecord, OrderBy, TaggingStatus
from shared.models.training import Dataset, DatasetHeader
from shared.storage.account import blobs, rows
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.training import parts
from shared.storage.training.dataset_index import Index, Line, build, numbers, packed
from shared.storage.workspace.ranges import Keep

NAME = "dataset.jsonl"
INDEX = "dataset.index"
PART = 256
REMEMBERED_SECONDS = 3_600.0

indexes = Memory(8, REMEMBERED_SECONDS)
kept = Memory(32, REMEMBERED_SECONDS)


class Known(Struct, frozen=True):
    index: Index
    etag: str


def write(store: Store, header: DatasetHeader, images: Iterable[ImageRecord]) -> None:
    """The first to write it wins: what a job or a page has read never changes."""
    encoder, lines = msgspec.json.Encoder(), []
    data = bytearray(encoder.encode(header) + b"\n")
    for image in images:
        start = len(data)
        encoder.encode_into(image, data, -1)
        data += b"\n"
        lines.append(Line.of(image, start, len(data) - start))
    try:
        blobs.write(store, "models", _name(header.project_id, header.iteration_id, NAME), bytes(data), new=True)
    except blobs.BlobChanged:
        return
    with suppress(blobs.BlobChanged):
        _write_index(store, build(header, lines))


def frozen(store: Store, project_id: UUID, iteration_id: UUID) -> bool:
    return blobs.exists(store, "models", _name(project_id, iteration_id, NAME))


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


def index(store: Store, project_id: UUID, iteration_id: UUID) -> Index | None:
    """None while the iteration's dataset has not been frozen."""
    key, name = (store, project_id, iteration_id), _name(project_id, iteration_id, INDEX)
    known = indexes.get(key)
    if isinstance(known, Known):
        blob = blobs.read_if_changed(store, "models", name, known.etag)
        if blob == "unchanged":
            return known.index
    else:
        blob = blobs.read(store, "models", name)
    if blob is None:
        return _derive(store, project_id, iteration_id)
    made = msgspec.msgpack.decode(blob.data, type=Index)
    indexes.put(key, Known(made, blob.etag))
    return made


def drop(store: Store, project_id: UUID, iteration_id: UUID, image_ids: Iterable[UUID]) -> None:
    """No page shows these images any more. The file itself stays what the job has read."""
    for _ in rows.attempts():
        blob = blobs.read(store, "models", _name(project_id, iteration_id, INDEX))
        if blob is None:
            return None
        index = msgspec.msgpack.decode(blob.data, type=Index)
        gone = {at for image_id in image_ids if (at := index.find(image_id)) is not None}
        if not gone:
            return None
        try:
            return _write_index(store, index.without(gone), blob.etag)
        except blobs.BlobChanged:
            continue
    return None


def get_many(store: Store, index: Index, image_ids: Iterable[UUID]) -> list[ImageRecord]:
    """In the order of the ids, without those that are not there."""
    found = [index.find(image_id) for image_id in dict.fromkeys(image_ids)]
    return records(store, index, [position for position in found if position is not None])


def page(
    store: Store,
    index: Index,
    *,
    status: TaggingStatus,
    tag_ids: Sequence[UUID],
    order: OrderBy,
    take: int,
    skip: int,
    keep: Keep | None = None,
) -> list[ImageRecord]:
    """As `images.page` does it for the workspace."""
    positions = _kept(store, index, status, tag_ids, keep)
    if order is OrderBy.OLDEST:
        positions = positions[::-1]
    return records(store, index, positions[skip : skip + take])


def count(
    store: Store, index: Index, *, status: TaggingStatus, tag_ids: Sequence[UUID], keep: Keep | None = None
) -> int:
    return len(_kept(store, index, status, tag_ids, keep))


def records(store: Store, index: Index, positions: Sequence[int]) -> list[ImageRecord]:
    """The images at these positions, in their order. Raises NotFound when the iteration was deleted meanwhile."""
    starts, sizes = numbers(index.starts, "Q"), numbers(index.sizes)
    name = _name(index.header.project_id, index.header.iteration_id, NAME)
    lines = parts.read(store, name, [(starts[at], starts[at] + sizes[at]) for at in positions])
    return list(map(msgspec.json.Decoder(ImageRecord).decode, lines))


def _kept(
    store: Store, index: Index, status: TaggingStatus, tag_ids: Sequence[UUID], keep: Keep | None
) -> Sequence[int]:
    """The positions of the images that `keep` keeps, remembered: where the index doesn't tell it looks at each."""
    positions = index.positions(status, tag_ids)
    if keep is None:
        return positions
    # Images only ever leave an index, so its length tells its versions apart.
    key = (store, index.header.project_id, index.header.iteration_id, len(index), status, frozenset(tag_ids), keep)
    found = kept.get(key)
    if not isinstance(found, bytes):
        if isinstance(keep, Condition) and index.pairs is not None:
            found = packed(index.kept(keep, positions))
        else:
            found = packed(at for at, record in _each(store, index, positions) if keep(record))
        kept.put(key, found)
    return numbers(found)


def _each(store: Store, index: Index, positions: Sequence[int]) -> Iterator[tuple[int, ImageRecord]]:
    for start in range(0, len(positions), PART):
        part = positions[start : start + PART]
        yield from zip(part, records(store, index, part), strict=True)


def _derive(store: Store, project_id: UUID, iteration_id: UUID) -> Index | None:
    """The index of a dataset that has none: it was written before there were any, or its writer was cut off."""
    blob = blobs.read(store, "models", _name(project_id, iteration_id, NAME))
    if blob is None:
        return None
    data, lines, decoder = BytesIO(blob.data), [], msgspec.json.Decoder(ImageRecord)
    first = data.readline()
    for line in data:
        lines.append(Line.of(decoder.decode(line), data.tell() - len(line), len(line)))
    made = build(msgspec.json.decode(first, type=DatasetHeader), lines)
    with suppress(blobs.BlobChanged):
        _write_index(store, made)
    return made


def _write_index(store: Store, index: Index, etag: str | None = None) -> None:
    """In the place of that version, or as the first. Raises BlobChanged."""
    name = _name(index.header.project_id, index.header.iteration_id, INDEX)
    blobs.write(store, "models", name, msgspec.msgpack.encode(index), etag=etag, new=etag is None)


def _name(project_id: UUID, iteration_id: UUID, name: str) -> str:
    return f"{project_id}/{iteration_id}/{name}"
