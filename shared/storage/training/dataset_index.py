"""Which images an iteration's dataset has, and where each lies: small enough to stay in memory."""

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple, Self
from uuid import UUID

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from shared.models.training.datasets import DatasetHeader
from shared.models.workspace.tags import Tag
from shared.storage.columns.columns import Columns, Entry
from shared.storage.columns.ids import ID, NOWHERE, find, ids_of

# So many images are held as objects while an index is made of them.
PART = 8_192


class Line(NamedTuple):
    """Where one image lies in a dataset, in bytes."""

    image_id: UUID
    entry: Entry
    start: int
    end: int


class DatasetIndex(NamedTuple):
    """`places` has the start and the end of each image; positions count from the newest."""

    header: DatasetHeader
    columns: Columns
    places: NDArray[np.uint64]

    @classmethod
    def of(cls, header: DatasetHeader, lines: Iterable[Line]) -> Self:
        columns, ids, places, left = Columns(), [np.empty(0, ID)], [np.empty((0, 2), np.uint64)], iter(lines)
        while part := list(islice(left, PART)):
            columns = columns.with_changes({line.image_id: line.entry for line in part})
            ids.append(ids_of(line.image_id for line in part))
            places.append(np.array([(line.start, line.end) for line in part], np.uint64))
        return cls(header, columns, np.concatenate(places)[np.argsort(np.concatenate(ids))])

    @property
    def tags(self) -> dict[UUID, Tag]:
        """As they were called then, with the number of images that each had."""
        sizes = self.columns.tags.counts()
        return {tag.id: structs.replace(tag, image_count=sizes.get(tag.id, 0)) for tag in self.header.tags}

    def find(self, image_ids: Iterable[UUID]) -> list[int]:
        """The positions of those that are there, in the order of the ids."""
        return [at for at in find(self.columns.ids, ids_of(image_ids)).tolist() if at != NOWHERE]

    def without(self, image_ids: Iterable[UUID]) -> Self:
        gone = list(image_ids)
        return type(self)(self.header, self.columns.without(gone), np.delete(self.places, self.find(gone), axis=0))
