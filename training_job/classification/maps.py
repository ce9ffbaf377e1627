"""What the frozen part of a classifier sees of pictures: maps, from which the part that is fine-tuned goes on."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import onnx
import torch
from PIL import Image
from torch import Tensor

from shared.arrays import Floats
from shared.imaging.resize import model_picture, preprocess
from shared.learning.embeddings import Picture, Report
from shared.models.training.preprocessing import Preprocessing
from training_job.graphs.classifier import INPUT
from training_job.graphs.running import session
from training_job.tuning.upper import frozen
from training_job.tuning.windows import looked_at, random_window, relit

SEED = 20261129


class Windows(NamedTuple):
    """So many random ones on each picture, as a model's input; every other one is `mirrored`, or none is."""

    each: int
    mirrored: bool

    def on(self, picture: Image.Image, spec: Preprocessing, random: np.random.Generator) -> Iterator[Floats]:
        for _ in range(self.each):
            pixels = relit(looked_at(picture, random_window(random), spec), random)
            yield np.ascontiguousarray(pixels[..., ::-1]) if self.mirrored and random.random() < 0.5 else pixels


class Maps(NamedTuple):
    """At each seam (N, 1 + windows, channels, rows, columns), half floats: of the picture as it is served, and of the
    windows on it.
    """

    seams: Sequence[str]
    values: Sequence[Tensor]

    @property
    def windows(self) -> int:
        return self.values[0].shape[1] - 1


def look(
    model: onnx.ModelProto,
    seams: Sequence[str],
    spec: Preprocessing,
    windows: Windows,
    pictures: Sequence[Picture],
    report: Report,
) -> Maps:
    """By the lower part of a classifier's graph. Raises what the pictures' `read` raises, and BadImageFormat."""
    lower = session(frozen(model, seams))

    def seen(place: int) -> list[Tensor]:
        picture, random = model_picture(pictures[place].read(), spec), np.random.default_rng([SEED, place])
        views = [preprocess(picture, spec), *windows.on(picture, spec, random)]
        of_views = [lower.run(None, {INPUT: view}) for view in views]
        return [torch.from_numpy(np.concatenate(each).astype(np.float16)) for each in zip(*of_views, strict=True)]

    values: list[Tensor] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for place, maps in enumerate(pool.map(seen, range(len(pictures)))):
            values = values or [torch.empty((len(pictures), *each.shape), dtype=each.dtype) for each in maps]
            for of_all, each in zip(values, maps, strict=True):
                of_all[place] = each
            report((place + 1) / len(pictures), f"Looked at windows on {place + 1} of {len(pictures)} images")
    return Maps(seams, values)
