"""Embeddings of pictures, made on all cores and kept by content: a retrain pays for its new pictures only."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from shared.arrays import Halves
from shared.learning.embedder import Embedder
from shared.models.training.preprocessing import Preprocessing

Report = Callable[[float, str], None]

# New embeddings are kept after so many pictures: what a killed job has to do again.
PORTION = 1024


class Picture(NamedTuple):
    """A picture by the SHA-256 of its original file, and how to read a file of it."""

    key: str
    read: Callable[[], bytes]


class Cache(NamedTuple):
    """Where embeddings lie between trainings, by a picture's key. A space is a backbone and its crop."""

    get: Callable[[str], Mapping[str, Halves]]
    put: Callable[[str, Mapping[str, Halves]], None]


def embed(
    graph: bytes,
    spec: Preprocessing,
    space: str,
    pictures: Sequence[Picture],
    cache: Cache,
    report: Report,
) -> Halves:
    """The pictures' embeddings, (N, width), by the graph of a backbone that sees the middle of what `spec` says.

    Raises what their `read` raises, and BadImageFormat.
    """
    vectors = dict(cache.get(space))
    new = list({picture.key: picture for picture in pictures if picture.key not in vectors}.values())
    if new:
        embedder = Embedder(graph, spec)
        # Twice as many threads as cores: half of them wait for storage.
        with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
            for start in range(0, len(new), PORTION):
                portion = new[start : start + PORTION]
                made = {}
                seen = pool.map(lambda picture: embedder.embedding(picture.read()), portion)
                for picture, vector in zip(portion, seen, strict=True):
                    made[picture.key] = vector
                    done = start + len(made)
                    report(done / len(new), f"Looked at {done} of {len(new)} new images")
                cache.put(space, made)
                vectors |= made
    return np.stack([vectors[picture.key] for picture in pictures])
