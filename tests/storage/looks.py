"""How images look to a backbone, put where it would put that: each as one of a few kinds, with something of its own."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np

from shared.arrays import Halves
from shared.models.workspace.images import ImageRecord
from shared.operations.labelling.embedding import View
from shared.storage.account.store import Store
from shared.storage.training import embeddings
from shared.storage.workspace import projects

WIDTH, KINDS = 64, 8


def look(kind: int, seed: int, own: float = 0.5) -> Halves:
    """An embedding of length 1."""
    kinds = np.random.default_rng(0).normal(size=(KINDS, WIDTH))
    vector = kinds[kind] + own * np.random.default_rng(seed + 1).normal(size=WIDTH)
    return np.asarray(vector / np.linalg.norm(vector), np.float16)


def put_looks(
    store: Store, project_id: UUID, images: Sequence[ImageRecord], kinds: Sequence[int], own: float = 0.5
) -> None:
    view = View.of(projects.get(store, project_id).settings)
    assert view
    vectors = {image.sha256: look(kind, at, own) for at, (image, kind) in enumerate(zip(images, kinds, strict=True))}
    embeddings.put(store, project_id, view.space, vectors)
