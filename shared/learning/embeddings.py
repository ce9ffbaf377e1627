"""Embeddings of pictures, made on all cores and kept by content: a retrain pays for its new pictures only."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import onnxruntime

from shared.arrays import Halves
from shared.imaging.resize import model_input
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
    embedder: bytes,
    spec: Preprocessing,
    space: str,
    pictures: Sequence[Picture],
    cache: Cache,
    report: Report,
) -> Halves:
    """The pictures' embeddings, (N, width), by an ONNX graph that is fed as `spec` says.

    Raises what their `read` raises, and BadImageFormat.
    """
    vectors = dict(cache.get(space))
    new = list({picture.key: picture for picture in pictures if picture.key not in vectors}.values())
    if new:
        run = _running(embedder, spec)
        # Twice as many threads as cores: half of them wait for storage.
        with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
            for start in range(0, len(new), PORTION):
                portion = new[start : start + PORTION]
                made = {}
                for picture, vector in zip(portion, pool.map(run, portion), strict=True):
                    made[picture.key] = vector
                    done = start + len(made)
                    report(done / len(new), f"Looked at {done} of {len(new)} new images")
                cache.put(space, made)
                vectors |= made
    return np.stack([vectors[picture.key] for picture in pictures])


def _running(embedder: bytes, spec: Preprocessing) -> Callable[[Picture], Halves]:
    """A function that embeds one picture, (width,), and can run in many threads."""
    options = onnxruntime.SessionOptions()
    # A picture a core is faster than all cores on one picture.
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(embedder, options, providers=["CPUExecutionProvider"])
    (pixels,) = session.get_inputs()

    def run(picture: Picture) -> Halves:
        vector: Halves = session.run(None, {pixels.name: model_input(picture.read(), spec)})[0][0].astype(np.float16)
        return vector

    return run
