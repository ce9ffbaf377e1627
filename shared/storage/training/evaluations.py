"""What a model said of the images that it was judged by, which it never saw: performance.json.

Beside it lies its index, so that a page is read without the rest, and a count without any of it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Raw, Struct
from numpy.typing import NDArray

from shared.errors import NotFound
from shared.models.training.evaluations import EvaluatedImage, Evaluation
from shared.models.training.model_spec import ModelTag
from shared.models.workspace.projects import ClassificationType
from shared.storage.account import blobs
from shared.storage.account.blobs import model_name
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.account.transport import unavailable
from shared.storage.columns import arrays
from shared.storage.columns.ids import Flags
from shared.storage.columns.terms import Terms
from shared.storage.training import parts

NAME = "performance.json"
INDEX = "performance.columns"
PART = 256
# Bytes of an image that no other begins with: its id is among them.
BEGINNING = 64
REMEMBERED_SECONDS = 3_600.0

indexes = Memory(32, REMEMBERED_SECONDS)


class EvaluationIndex(NamedTuple):
    """Which images performance.json has, and the start and the end of each; positions count from the newest."""

    etag: str
    """The version of performance.json that this is about."""
    tags: list[ModelTag]
    classification_type: ClassificationType | None
    places: NDArray[np.uint64]
    tagged: Terms[UUID]

    @property
    def size(self) -> int:
        return len(self.places)

    def having(self, tag_ids: Sequence[UUID]) -> Flags:
        """Which images carry any of the tags, or all where none is given."""
        return self.tagged.having(tag_ids, self.size) if tag_ids else np.ones(self.size, bool)


def write(store: Store, project_id: UUID, iteration_id: UUID, evaluation: Evaluation) -> None:
    data = msgspec.json.encode(evaluation)
    etag = blobs.write(store, "models", model_name(project_id, iteration_id, NAME), data)
    made = _index_of(data, etag)
    _write_index(store, project_id, iteration_id, made)
    # That of an imported model may be there already, and be another.
    indexes.put((store, project_id, iteration_id), made)


def index(store: Store, project_id: UUID, iteration_id: UUID) -> EvaluationIndex:
    """Raises NotFound."""

    def read() -> EvaluationIndex:
        blob = blobs.read(store, "models", model_name(project_id, iteration_id, INDEX))
        return arrays.decode(blob.data, EvaluationIndex) if blob else _derive(store, project_id, iteration_id)

    known = indexes.once((store, project_id, iteration_id), read)
    # An imported model may be judged at any moment.
    return known if known.size else read()


def each(store: Store, project_id: UUID, iteration_id: UUID) -> Iterator[EvaluatedImage]:
    """All images, of which few are in memory at a time. Raises NotFound."""
    everything = range(index(store, project_id, iteration_id).size)
    for start in everything[::PART]:
        yield from at(store, project_id, iteration_id, everything[start : start + PART])


def at(store: Store, project_id: UUID, iteration_id: UUID, places: Sequence[int]) -> list[EvaluatedImage]:
    """The images at these positions, in this order. Raises NotFound."""
    known = index(store, project_id, iteration_id)
    ranges = [(int(start), int(end)) for start, end in known.places[list(places)]]
    try:
        found = parts.read(store, model_name(project_id, iteration_id, NAME), ranges, known.etag)
    except blobs.BlobChanged:
        # A job that was taken for dead wrote after the one that took its place: the next try finds what is there now.
        indexes.put((store, project_id, iteration_id), _derive(store, project_id, iteration_id))
        raise unavailable() from None
    return list(map(msgspec.json.Decoder(EvaluatedImage).decode, found))


def _derive(store: Store, project_id: UUID, iteration_id: UUID) -> EvaluationIndex:
    """The index of what was written before there were any, or whose writer was cut off."""
    blob = blobs.read(store, "models", model_name(project_id, iteration_id, NAME))
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


def _index_of(data: bytes, etag: str) -> EvaluationIndex:
    listed, decoder = msgspec.json.decode(data, type=_Listed), msgspec.json.Decoder(_Image)
    found: list[tuple[_Image, int, int]] = []
    end = 0
    for raw in listed.images:
        # Nothing but a comma lies between two of them, so that the next is where it can first begin.
        start = data.index(memoryview(raw)[:BEGINNING], end)
        end = start + len(memoryview(raw))
        found.append((decoder.decode(raw), start, end))
    found.sort(key=lambda each: each[0].created, reverse=True)
    places = np.array([place for _, *place in found], np.uint64).reshape(-1, 2)
    tagged = Terms.of(image.tags for image, _, _ in found)
    return EvaluationIndex(etag, listed.tags, listed.classification_type, places, tagged)


def _write_index(store: Store, project_id: UUID, iteration_id: UUID, index: EvaluationIndex) -> None:
    blobs.write(store, "models", model_name(project_id, iteration_id, INDEX), arrays.encode(index))
