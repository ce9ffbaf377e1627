"""The dataset of an iteration: frozen once, read by the job and by everything that looks back.

Beside it lies an index, small enough to stay in memory, so that a page is read without the rest.
"""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct, structs

from shared.errors import NotFound
from shared.models.images import ImageRecord, OrderBy, TaggingStatus
from shared.models.tags import Tag
from shared.models.training import Dataset, DatasetHeader
from shared.storage import blobs
from shared.storage.images import Keep
from shared.storage.ranges import Memory
from shared.storage.store import Store

NAME = "dataset.jsonl"
INDEX = "dataset.index"
ID = 16
# Bytes between two images that are sooner read along than asked for apart.
GAP = 512 * 1024
PART = 256
REMEMBERED_SECONDS = 3_600.0

indexes = Memory(8, REMEMBERED_SECONDS)
kept = Memory(32, REMEMBERED_SECONDS)


class Index(Struct, frozen=True):
    """Which images a dataset has, and where: packed integers. Positions count from the newest image."""

    header: DatasetHeader
    ids: bytes
    starts: bytes
    sizes: bytes
    tagged: dict[UUID, bytes]
    untagged: bytes

    def __len__(self) -> int:
        return len(self.ids) // ID

    @property
    def tags(self) -> dict[UUID, Tag]:
        """As they were called then, with the number of images that each had."""
        sizes = {tag_id: len(_numbers(positions)) for tag_id, positions in self.tagged.items()}
        return {tag.id: structs.replace(tag, image_count=sizes.get(tag.id, 0)) for tag in self.header.tags}

    def find(self, image_id: UUID) -> int | None:
        """Its position."""
        wanted = image_id.bytes
        at = bisect_left(range(len(self)), wanted, key=lambda at: self.ids[at * ID : at * ID + ID])
        return at if self.ids[at * ID : at * ID + ID] == wanted else None

    def positions(self, status: TaggingStatus, tag_ids: Sequence[UUID]) -> Sequence[int]:
        """Those of the images with any of the tags (with none given: all of that status)."""
        if tag_ids and status is not TaggingStatus.UNTAGGED:
            found = [_numbers(self.tagged.get(tag_id, b"")) for tag_id in set(tag_ids)]
            return found[0] if len(found) == 1 else sorted(set[int]().union(*found))
        if status is TaggingStatus.ALL:
            return range(len(self))
        untagged = _numbers(self.untagged)
        if status is TaggingStatus.UNTAGGED:
            return [] if tag_ids else untagged
        return sorted(set(range(len(self))) - set(untagged)) if untagged else range(len(self))


class Line(NamedTuple):
    """Where one image lies in a dataset, in bytes."""

    image_id: bytes
    start: int
    size: int
    tag_ids: tuple[UUID, ...]


def write(store: Store, header: DatasetHeader, images: Iterable[ImageRecord]) -> None:
    """The first to write it wins: what a job or a page has read never changes."""
    encoder, lines = msgspec.json.Encoder(), []
    data = bytearray(encoder.encode(header) + b"\n")
    for image in images:
        start = len(data)
        encoder.encode_into(image, data, -1)
        data += b"\n"
        lines.append(_line(image, start, len(data) - start))
    try:
        blobs.write(store, "models", _name(header.project_id, header.iteration_id, NAME), bytes(data), new=True)
    except blobs.BlobChanged:
        return
    _write_index(store, _index(header, lines))


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
    key = (store, project_id, iteration_id)
    found = indexes.get(key)
    if isinstance(found, Index):
        return found
    blob = blobs.read(store, "models", _name(project_id, iteration_id, INDEX))
    made = msgspec.msgpack.decode(blob.data, type=Index) if blob else _derive(store, project_id, iteration_id)
    if made:
        indexes.put(key, made)
    return made


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
    starts, sizes = _numbers(index.starts, "Q"), _numbers(index.sizes)
    name = _name(index.header.project_id, index.header.iteration_id, NAME)
    spans = _spans([(starts[at], starts[at] + sizes[at]) for at in positions])

    def contents(span: tuple[int, int]) -> memoryview:
        return memoryview(blobs.read_range(store, "models", name, *span))

    parts, decoder = list(store.threads.map(contents, spans)), msgspec.json.Decoder(ImageRecord)
    firsts = [first for first, _ in spans]

    def record(at: int) -> ImageRecord:
        span = bisect_left(firsts, starts[at] + 1) - 1
        start = starts[at] - firsts[span]
        return decoder.decode(parts[span][start : start + sizes[at]])

    return [record(at) for at in positions]


def _kept(
    store: Store, index: Index, status: TaggingStatus, tag_ids: Sequence[UUID], keep: Keep | None
) -> Sequence[int]:
    """The positions of the images that `keep` keeps, remembered: it takes a look at each."""
    positions = index.positions(status, tag_ids)
    if keep is None:
        return positions
    key = (store, index.header.project_id, index.header.iteration_id, status, frozenset(tag_ids), keep)
    found = kept.get(key)
    if not isinstance(found, bytes):
        found = _packed(at for at, record in _each(store, index, positions) if keep(record))
        kept.put(key, found)
    return _numbers(found)


def _each(store: Store, index: Index, positions: Sequence[int]) -> Iterator[tuple[int, ImageRecord]]:
    for start in range(0, len(positions), PART):
        part = positions[start : start + PART]
        yield from zip(part, records(store, index, part), strict=True)


def _spans(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places, start and end of each, joined where they lie close together; in order."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if spans and start - spans[-1][1] <= GAP:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _derive(store: Store, project_id: UUID, iteration_id: UUID) -> Index | None:
    """The index of a dataset that has none: it was written before there were any, or its writer was cut off."""
    blob = blobs.read(store, "models", _name(project_id, iteration_id, NAME))
    if blob is None:
        return None
    data, lines, decoder = BytesIO(blob.data), [], msgspec.json.Decoder(ImageRecord)
    first = data.readline()
    for line in data:
        lines.append(_line(decoder.decode(line), data.tell() - len(line), len(line)))
    made = _index(msgspec.json.decode(first, type=DatasetHeader), lines)
    _write_index(store, made)
    return made


def _line(image: ImageRecord, start: int, size: int) -> Line:
    return Line(image.id.bytes, start, size, tuple(image.tag_ids))


def _index(header: DatasetHeader, lines: list[Line]) -> Index:
    lines.sort(key=lambda line: line.image_id)
    tagged: dict[UUID, list[int]] = defaultdict(list)
    for position, line in enumerate(lines):
        for tag_id in line.tag_ids:
            tagged[tag_id].append(position)
    return Index(
        header,
        b"".join(line.image_id for line in lines),
        _packed((line.start for line in lines), "Q"),
        _packed(line.size for line in lines),
        {tag_id: _packed(positions) for tag_id, positions in tagged.items()},
        _packed(position for position, line in enumerate(lines) if not line.tag_ids),
    )


def _write_index(store: Store, index: Index) -> None:
    name = _name(index.header.project_id, index.header.iteration_id, INDEX)
    blobs.write(store, "models", name, msgspec.msgpack.encode(index))


def _name(project_id: UUID, iteration_id: UUID, name: str) -> str:
    return f"{project_id}/{iteration_id}/{name}"


def _packed(numbers: Iterable[int], code: str = "I") -> bytes:
    return array(code, numbers).tobytes()


def _numbers(packed: bytes, code: Literal["I", "Q"] = "I") -> Sequence[int]:
    return memoryview(packed).cast(code)
