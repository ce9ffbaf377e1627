"""Embeddings kept with a project's models, as immutable blobs: models/{project}/embeddings/{space}/{hash of keys}."""

from collections.abc import Mapping, Set
from hashlib import sha256
from io import BytesIO
from uuid import UUID

import numpy as np

from shared.arrays import Halves
from shared.learning.embeddings import Cache
from shared.storage.account import blobs
from shared.storage.account.store import Store

# A retrain adds a blob; beyond this many they are made one.
BLOBS = 32


def of_project(store: Store, project_id: UUID, wanted: Set[str]) -> Cache:
    """The project's embeddings, of which only those of `wanted` keys are read, and outlive a clean-up."""

    def get(space: str) -> dict[str, Halves]:
        prefix = f"{project_id}/embeddings/{space}/"
        names = sorted(blobs.names(store, "models", prefix))
        found: dict[str, Halves] = {}
        for vectors in store.threads.map(lambda name: _read(store, name), names):
            found |= {key: vector for key, vector in vectors.items() if key in wanted}
        if len(names) > BLOBS:
            # Nothing is kept of images that have all been replaced.
            kept = {_write(store, prefix, found)} if found else set()
            for name in set(names) - kept:
                blobs.delete(store, "models", name)
        return found

    def put(space: str, vectors: Mapping[str, Halves]) -> None:
        _write(store, f"{project_id}/embeddings/{space}/", vectors)

    return Cache(get, put)


def _read(store: Store, name: str) -> dict[str, Halves]:
    blob = blobs.read(store, "models", name)
    if blob is None:
        return {}
    with np.load(BytesIO(blob.data), allow_pickle=False) as arrays:
        return dict(zip(arrays["keys"].tolist(), arrays["vectors"], strict=True))


def _write(store: Store, prefix: str, vectors: Mapping[str, Halves]) -> str:
    """The name: the same keys make the same blob, so a restarted job rewrites what it wrote."""
    keys = sorted(vectors)
    name = f"{prefix}{sha256(''.join(keys).encode()).hexdigest()}.npz"
    buffer = BytesIO()
    np.savez(buffer, keys=np.array(keys), vectors=np.stack([vectors[key] for key in keys]))
    blobs.write(store, "models", name, buffer.getvalue())
    return name
