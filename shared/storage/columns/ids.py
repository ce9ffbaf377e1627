"""A column of ids in ascending order, in which the newest image comes first."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

# An id has 16 bytes. Arrays of this type compare and sort as the bytes do.
ID = np.dtype("S16")
Ids = NDArray[np.bytes_]
Positions = NDArray[np.intp]
Flags = NDArray[np.bool_]

NOWHERE = -1


def ids_of(ids: Iterable[UUID]) -> Ids:
    """In the order given."""
    return np.frombuffer(b"".join(each.bytes for each in ids), ID)


def uuids(ids: Ids) -> list[UUID]:
    data = ids.tobytes()
    return [UUID(bytes=data[at : at + ID.itemsize]) for at in range(0, len(data), ID.itemsize)]


def find(ids: Ids, wanted: Ids) -> Positions:
    """Where each wanted id lies; NOWHERE for those that are not there."""
    if not len(ids):
        return np.full(len(wanted), NOWHERE)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[at] == wanted, at, NOWHERE)


def among(ids: Ids, others: Ids, flags: Flags) -> Flags:
    """What the flags of the others say of each of the ids; no for those that are not there."""
    at = find(others, ids)
    return (at != NOWHERE) & flags[at] if len(others) else np.zeros(len(ids), bool)


def positions(flags: Flags, *, oldest: bool, skip: int, take: int | None = None) -> Positions:
    """So many positions of those that the flags say, from either end."""
    found = np.flatnonzero(flags)
    chosen = found[::-1] if oldest else found
    return chosen[skip : None if take is None else skip + take]


class Merge(NamedTuple):
    """What becomes of a column of ids when some images leave it and others come.

    `stays` says of each former position whether its image stays; `moved` gives the new position of all that stay, and
    then of all that come.
    """

    ids: Ids
    stays: Flags
    moved: Positions

    @classmethod
    def of(cls, ids: Ids, gone: Ids, come: Ids) -> "Merge":
        """An image that changes both leaves and comes."""
        stays, at = np.ones(len(ids), bool), find(ids, gone)
        stays[at[at != NOWHERE]] = False
        both = np.concatenate([ids[stays], come])
        order = np.argsort(both, kind="stable")
        moved = np.empty(len(both), np.intp)
        moved[order] = np.arange(len(both))
        return cls(both[order], stays, moved)

    @property
    def left(self) -> Positions:
        """The new position of each former one; meaningless where the image left."""
        return self.moved[np.cumsum(self.stays) - 1] if len(self.moved) else np.zeros(len(self.stays), np.intp)

    @property
    def came(self) -> Positions:
        """The new position of each image that came."""
        return self.moved[np.count_nonzero(self.stays) :]
