"""Which images an iteration's dataset has, and where each lies: small enough to stay in memory."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Self
from uuid import UUID

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from shared.models.training.datasets import DatasetHeader
from shared.models.workspace.filters import Condition
from shared.models.workspace.images import OrderBy, TaggingStatus
from shared.models.workspace.tags import Tag
from shared.storage.columns.columns import Columns, Entry
from shared.storage.columns.ids import NOWHERE, Flags, find, ids_of
from shared.storage.columns.terms import positions


class Line(NamedTuple):
    """Where one image lies in a dataset, in bytes."""

    entry: Entry
    start: int
    end: int


class DatasetIndex(NamedTuple):
    """`places` has the start and the end of each image; positions count from the newest."""

    header: DatasetHeader
    columns: Columns
    places: NDArray[np.uint64]

    @classmethod
    def of(cls, header: DatasetHeader, lines: Mapping[UUID, Line]) -> Self:
        columns = Columns.of({image_id: line.entry for image_id, line in lines.items()})
        places = [lines[image_id][1:] for image_id in sorted(lines, key=lambda image_id: image_id.bytes)]
        return cls(header, columns, np.array(places, np.uint64).reshape(-1, 2))

    @property
    def tags(self) -> dict[UUID, Tag]:
        """As they were called then, with the number of images that each had."""
        sizes = self.columns.tags.counts()
        return {tag.id: structs.replace(tag, image_count=sizes.get(tag.id, 0)) for tag in self.header.tags}

    def find(self, image_ids: Iterable[UUID]) -> list[int]:
        """The positions of those that are there, in the order of the ids."""
        return [at for at in find(self.columns.ids, ids_of(image_ids)).tolist() if at != NOWHERE]

    def having(self, status: TaggingStatus, tag_ids: Iterable[UUID], condition: Condition | None) -> Flags:
        """Which images have any of the tags (with none given: all of that status) and meet the condition."""
        return self.columns.having(status, frozenset(tag_ids), condition)

    def page(
        self,
        status: TaggingStatus,
        tag_ids: Iterable[UUID],
        condition: Condition | None,
        *,
        order: OrderBy,
        take: int,
        skip: int,
    ) -> Sequence[int]:
        """The positions of some of these."""
        found = self.having(status, tag_ids, condition)
        chosen: list[int] = positions(found, oldest=order is OrderBy.OLDEST, skip=skip, take=take).tolist()
        return chosen

    def without(self, image_ids: Iterable[UUID]) -> Self:
        gone = list(image_ids)
        return type(self)(self.header, self.columns.without(gone), np.delete(self.places, self.find(gone), axis=0))
