"""What a model said of the images that it was judged by, which it never saw: performance.json.

Beside it lies its index, so that a page is read without the rest, and a count without any of it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from shared.errors import NotFound
from shared.models.images import OrderBy
from shared.models.projects import ClassificationType
from shared.models.training import EvaluatedImage, Evaluation, ModelTag
from shared.storage.account import blobs
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.account.transport import unavailable
from shared.storage.training import parts
from shared.storage.training.dataset_index import numbers, packed

NAME = "performance.json"
INDEX = "performance.index"
PART = 256
# Bytes of an image that no other begins with: its id is among them.
BEGINNING = 64
REMEMBERED_SECONDS = 3_600.0

indexes = Memory(32, REMEMBERED_SECONDS)


class Index(Struct, frozen=True):
    """Which images performance.json has, and where each lies. Integers are packed; positions count from the newest."""

    etag: str
    """The version of performance.json that this is about."""
    tags: list[ModelTag]
    classification_type: ClassificationType | None
    starts: bytes
    ends: bytes
    tagged: dict[UUID, bytes]

    def __len__(self) -> int:
        return len(numbers(self.starts, "Q"))

    def positions(self, tag_ids: Sequence[UUID]) -> Sequence[int]:
        """Those of the images that carry any of the tags, or of all where none is given."""
        if not tag_ids:
            return range(len(self))
        return sorted(set[int]().union(*(numbers(self.tagged.get(tag_id, b"")) for tag_id in tag_ids)))


def write(store: Store, project_id: UUID, iteration_id: UUID, evaluation: Evaluation) -> None:
    data = msgspec.json.encode(evaluation)
    etag = blobs.write(store, "models", _name(project_id, iteration_id, NAME), data)
    _write_index(store, project_id, iteration_id, _index_of(data, etag))


def index(store: Store, project_id: UUID, iteration_id: UUID) -> Index:
    """Raises NotFound."""

    def read() -> Index:
        blob = blobs.read(store, "models", _name(project_id, iteration_id, INDEX))
        return msgspec.msgpack.decode(blob.data, type=Index) if blob else _derive(store, project_id, iteration_id)

    return indexes.once((store, project_id, iteration_id), read)


def page(
    store: Store, project_id: UUID, iteration_id: UUID, *, tag_ids: Sequence[UUID], order: OrderBy, take: int, skip: int
) -> list[EvaluatedImage]:
    """Of the images that carry any of the tags, or of all where none is given. Raises NotFound."""
    positions = index(store, project_id, iteration_id).positions(tag_ids)
    if order is OrderBy.OLDEST:
        positions = positions[::-1]
    return _images(store, project_id, iteration_id, positions[skip : skip + take])


def each(store: Store, project_id: UUID, iteration_id: UUID) -> Iterator[EvaluatedImage]:
    """All images, of which few are in memory at a time. Raises NotFound."""
    everything = range(len(index(store, project_id, iteration_id)))
    for start in everything[::PART]:
        yield from _images(store, project_id, iteration_id, everything[start : start + PART])


def _images(store: Store, project_id: UUID, iteration_id: UUID, positions: Sequence[int]) -> list[EvaluatedImage]:
    known = index(store, project_id, iteration_id)
    starts, ends = numbers(known.starts, "Q"), numbers(known.ends, "Q")
    places = [(starts[at], ends[at]) for at in positions]
    try:
        found = parts.read(store, _name(project_id, iteration_id, NAME), places, known.etag)
    except blobs.BlobChanged:
        # A job that was taken for dead wrote after the one that took its place: the next try finds what is there now.
        indexes.put((store, project_id, iteration_id), _derive(store, project_id, iteration_id))
        raise unavailable() from None
    return list(map(msgspec.json.Decoder(EvaluatedImage).decode, found))


def _derive(store: Store, project_id: UUID, iteration_id: UUID) -> Index:
    """The index of what was written before there were any, or whose writer was cut off."""
    blob = blobs.read(store, "models", _name(project_id, iteration_id, NAME))
    if blob is None:
        raise NotFound(f"Iteration {iteration_id} has no {NAME}.")
    made = _index_of(blob.data, blob.etag)
    _write_index(store, project_id, iteration_id, made)
    return made


class _Listed(Struct, rename="camel"):
    """performance.json with its images as they lie there."""

    tags: list[ModelTag]
    classification_type: ClassificationType | None
    images: list[Raw]


class _Image(Struct):
    created: datetime
    tags: list[UUID]


def _index_of(data: bytes, etag: str) -> Index:
    listed, decoder = msgspec.json.decode(data, type=_Listed), msgspec.json.Decoder(_Image)
    found: list[tuple[_Image, int, int]] = []
    end = 0
    for raw in listed.images:
        # Nothing but a comma lies between two of them, so that the next is where it can first begin.
        start = data.index(memoryview(raw)[:BEGINNING], end)
        end = start + len(memoryview(raw))
        found.append((decoder.decode(raw), start, end))
    found.sort(key=lambda each: each[0].created, reverse=True)
    tagged = defaultdict[UUID, list[int]](list)
    for position, (image, _, _) in enumerate(found):
        for tag_id in image.tags:
            tagged[tag_id].append(position)
    return Index(
        etag,
        listed.tags,
        listed.classification_type,
        packed((start for _, start, _ in found), "Q"),
        packed((end for _, _, end in found), "Q"),
        {tag_id: packed(positions) for tag_id, positions in tagged.items()},
    )


def _write_index(store: Store, project_id: UUID, iteration_id: UUID, index: Index) -> None:
    blobs.write(store, "models", _name(project_id, iteration_id, INDEX), msgspec.msgpack.encode(index))


def _name(project_id: UUID, iteration_id: UUID, name: str) -> str:
    return f"{project_id}/{iteration_id}/{name}"
