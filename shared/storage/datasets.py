"""The dataset of an iteration: frozen by the train call, read by the job and by everything that looks back."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from shared.errors import NotFound
from shared.models.images import ImageRecord
from shared.models.training import Dataset, DatasetHeader
from shared.storage import blobs
from shared.storage.store import Store

NAME = "dataset.jsonl"


def write(store: Store, header: DatasetHeader, images: Iterable[ImageRecord]) -> None:
    lines = msgspec.json.Encoder().encode_lines([header, *images])
    blobs.model_write(store, header.project_id, header.iteration_id, NAME, lines)


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
