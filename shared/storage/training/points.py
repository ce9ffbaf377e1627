"""Where a project's images lie along its principal axes: one blob a space, models/{project}/points/{space}.

A process begins with it, and reads beside it what was embedded since. Without it all is read again.
"""

from collections.abc import Callable, Set
from contextlib import suppress
from typing import NamedTuple, Self
from uuid import UUID

import numpy as np
from msgspec import MsgspecError
from numpy.typing import NDArray

from shared.arrays import Floats, Halves, Ints
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.columns import arrays
from shared.storage.columns.ids import ID, Flags, Ids, find

# The digest of a picture's content, as its 64 letters.
DIGEST = np.dtype("S64")
Digests = NDArray[np.bytes_]


class Points(NamedTuple):
    """`places` has a row for each of the `digests`, which stand in order; `contents` has the digest of each image.

    `mean` and `axes` are of the first `made_of` embeddings, and the `read` blobs of embeddings are in all this.
    """

    ids: Ids = np.empty(0, ID)
    contents: Digests = np.empty(0, DIGEST)
    digests: Digests = np.empty(0, DIGEST)
    places: Halves = np.empty((0, 0), np.float16)
    mean: Floats = np.empty(0, np.float32)
    axes: Floats = np.empty((0, 0), np.float32)
    made_of: int = 0
    read: frozenset[str] = frozenset()

    @property
    def nbytes(self) -> int:
        """About how many bytes they take in memory."""
        return sum(each.nbytes for each in self if isinstance(each, np.ndarray))

    @property
    def rows(self) -> Ints:
        """The row of each image among the places; -1 where it is not embedded yet."""
        return np.asarray(find(self.digests, self.contents), np.int64)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        return arrays.decode(data, cls)

    def encode(self) -> bytes:
        return arrays.encode(self)

    def with_places(self, digests: Digests, places: Halves) -> Self:
        """With those of more embeddings. What is there already stays."""
        coming, first = np.unique(digests, return_index=True)
        new = find(self.digests, coming) < 0
        at = np.searchsorted(self.digests, coming[new])
        held = self.places if len(self.digests) else np.empty((0, places.shape[1]), np.float16)
        every, all_places = np.insert(self.digests, at, coming[new]), np.insert(held, at, places[first[new]], axis=0)
        return self._replace(digests=every, places=all_places)

    def of_images(self, kept: Flags, ids: Ids, contents: Digests) -> Self:
        """With these images besides, and of those that there were with some."""
        every = np.concatenate([self.ids[kept], ids])
        order = np.argsort(every, kind="stable")
        return self._replace(ids=every[order], contents=np.concatenate([self.contents[kept], contents])[order])

    def without_strangers(self) -> Self:
        """Without what none of its images has any more."""
        kept = np.isin(self.digests, self.contents)
        if kept.all():
            return self
        return self._replace(digests=self.digests[kept], places=self.places[kept])


class StoredPoints(NamedTuple):
    """Points as they lie in storage, with the blob's ETag; none where there is no blob."""

    points: Points
    etag: str


def get(store: Store, project_id: UUID, space: str, known: str = "") -> StoredPoints | None:
    """None where they are as they were with the `known` ETag."""
    name = _name(project_id, space)
    blob = blobs.read_if_changed(store, "models", name, known) if known else blobs.read(store, "models", name)
    if blob == "unchanged":
        return None
    if blob:
        # One that another version wrote is made anew.
        with suppress(MsgspecError, TypeError, ValueError):
            return StoredPoints(Points.decode(blob.data), blob.etag)
    return StoredPoints(Points(), blob.etag if blob else "")


def put(store: Store, project_id: UUID, space: str, points: Points, etag: str) -> str:
    """In the place of that version; the new one. Raises BlobChanged."""
    data = points.without_strangers().encode()
    name = _name(project_id, space)
    return blobs.write(store, "models", name, data, etag=etag or None, new=not etag)


def keep_only(store: Store, project_id: UUID, present: Callable[[], Set[str]]) -> None:
    """Drop what has other pictures than those that are `present`: it is made again of what is left."""
    for name in list(blobs.names(store, "models", _name(project_id, ""))):
        blob, keys = blobs.read(store, "models", name), np.array(sorted(present()), DIGEST)
        with suppress(MsgspecError, TypeError, ValueError):
            if blob and np.isin(Points.decode(blob.data).digests, keys).all():
                continue
        blobs.delete(store, "models", name)


def _name(project_id: UUID, space: str) -> str:
    return f"{project_id}/points/{space}"
