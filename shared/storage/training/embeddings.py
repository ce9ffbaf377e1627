"""Embeddings of a project's pictures, by the digests of their contents: models/{project}/embeddings/{space}/{keys}.npz.

A blob never changes. Uploads and trainings add small ones, and whoever adds one joins small ones to larger ones, so
that there are few however they came. A space is all that an embedding depends on beside the picture.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from hashlib import sha256
from io import BytesIO
from typing import NamedTuple
from uuid import UUID

import numpy as np

from shared.arrays import Halves
from shared.storage.account import blobs
from shared.storage.account.store import Store

FOLDER = "embeddings"
# Of so many blobs below the first of these sizes one is made, and of so many between both. A hundred thousand images of
# 8 kB, 64 an upload, make some two hundred blobs then, of which one is read at a time, and each is written twice.
SIZES, JOINED = (2**20, 2**22), 8

Vectors = Mapping[str, Halves]


class Table(NamedTuple):
    """Keys with a row of vectors, (N, width), each."""

    keys: list[str]
    vectors: Halves


def get(store: Store, project_id: UUID, space: str, wanted: Set[str]) -> dict[str, Halves]:
    """Those of the wanted keys that are kept."""
    found: dict[str, Halves] = {}
    for vectors in store.threads.map(lambda name: read(store, name), names(store, project_id, space)):
        found |= {key: vector for key, vector in vectors.items() if key in wanted}
    return found


def put(store: Store, project_id: UUID, space: str, vectors: Vectors) -> None:
    if vectors:
        _write(store, _folder(project_id, space), vectors)
        _join(store, _folder(project_id, space))


def names(store: Store, project_id: UUID, space: str) -> list[str]:
    """The blobs that there are."""
    return sorted(blobs.names(store, "models", _folder(project_id, space)))


def sizes(store: Store, project_id: UUID, space: str) -> dict[str, int]:
    """The blobs that there are, with their bytes."""
    return blobs.sizes(store, "models", _folder(project_id, space))


def read(store: Store, name: str) -> dict[str, Halves]:
    """What a blob has; nothing where it was joined with others meanwhile."""
    table = read_table(store, name)
    return dict(zip(table.keys, table.vectors, strict=True))


def read_table(store: Store, name: str) -> Table:
    """The same, without an object for each vector."""
    blob = blobs.read(store, "models", name)
    if blob is None:
        return Table([], np.empty((0, 0), np.float16))
    with np.load(BytesIO(blob.data), allow_pickle=False) as arrays:
        return Table(arrays["keys"].tolist(), arrays["vectors"])


def has(store: Store, project_id: UUID, space: str, keys: Collection[str]) -> bool:
    """Whether exactly these were put together, and lie so still."""
    return blobs.exists(store, "models", _name(_folder(project_id, space), sorted(keys)))


def keep_only(store: Store, project_id: UUID, present: Callable[[], Set[str]]) -> None:
    """Nothing is kept of pictures but those that are `present`, in any space.

    The key of a part of a picture is the picture's, a colon, and more.
    """
    there = list(blobs.names(store, "models", _folder(project_id)))
    # Asked afterwards: what these blobs have was there before them.
    keys = present() if there else set()
    for name in there:
        vectors = read(store, name)
        left = {key: vector for key, vector in vectors.items() if key.partition(":")[0] in keys}
        if len(left) < len(vectors):
            _replace(store, [name], left)


def _join(store: Store, folder: str) -> None:
    """Of two who do so at once both write what the other one writes, or more of it."""
    there = blobs.sizes(store, "models", folder)
    for least, most in zip((0, *SIZES), SIZES, strict=False):
        small = [name for name, size in there.items() if least <= size < most]
        if len(small) >= JOINED:
            _replace(store, small, dict(_all(store, small)))
            return


def _all(store: Store, names: Sequence[str]) -> Iterator[tuple[str, Halves]]:
    for name in names:
        yield from read(store, name).items()


def _replace(store: Store, names: Sequence[str], vectors: Vectors) -> None:
    """First the new one, then the end of the others: what is cut off leaves some embeddings twice, and none lost."""
    kept = {_write(store, names[0].rpartition("/")[0] + "/", vectors)} if vectors else set()
    for name in set(names) - kept:
        blobs.delete(store, "models", name)


def _write(store: Store, folder: str, vectors: Vectors) -> str:
    keys = sorted(vectors)
    name, buffer = _name(folder, keys), BytesIO()
    np.savez(buffer, keys=np.array(keys), vectors=np.stack([vectors[key] for key in keys]))
    blobs.write(store, "models", name, buffer.getvalue())
    return name


def _name(folder: str, keys: Sequence[str]) -> str:
    """The same keys make the same blob: what is done again is written again, and not twice."""
    return f"{folder}{sha256(''.join(keys).encode()).hexdigest()}.npz"


def _folder(project_id: UUID, space: str = "") -> str:
    return f"{project_id}/{FOLDER}/" + (f"{space}/" if space else "")
