"""The features that a frozen backbone sees in views of the images, made on all cores, and batches of them."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import onnx
import torch
from torch import Tensor

from shared.arrays import Floats, Halves, Ints
from shared.learning.embeddings import Report
from training_job.detection.augmentation import Augmentation, Augmented, plain, varied
from training_job.detection.batches import padded
from training_job.detection.data import Example
from training_job.graphs.running import session


class Features(NamedTuple):
    """Of S views: each scale's features (S, rows, columns, width), which is how torch likes them best, and the boxes
    and tags of each view.
    """

    scales: Sequence[Halves]
    boxes: list[Floats]
    tags: list[Ints]

    def pooled(self, views: int) -> Floats:
        """The coarsest features of each image's plain view, averaged over the picture, (N, width)."""
        return np.stack([each.mean(axis=(0, 1), dtype=np.float32) for each in self.scales[-1][::views]])

    @property
    def widths(self) -> list[int]:
        return [scale.shape[-1] for scale in self.scales]

    def batch(
        self, positions: Sequence[int], pixels: int, device: torch.device | str = "cpu"
    ) -> tuple[list[Tensor], Tensor, Tensor]:
        """Features as `BoxHead` takes them, true boxes (B, M, 4) in pixels, true tags (B, M), -1 where none is."""
        features = [torch.from_numpy(scale[positions]).to(device).float().permute(0, 3, 1, 2) for scale in self.scales]
        boxes, tags = padded([self.boxes[each] for each in positions], [self.tags[each] for each in positions])
        return features, (boxes * pixels).to(device), tags.to(device)


def featurise(
    backbone: onnx.ModelProto,
    examples: Sequence[Example],
    seen: Augmentation,
    views: int,
    report: Report,
    seed: int = 0,
) -> Features:
    """Of each example as many views, the plain one first, each at `position * views + view`. Raises what the examples'
    `read` raises, and BadImageFormat.
    """
    running = session(backbone)
    shapes = [[int(part) for part in output.shape[1:]] for output in running.get_outputs()]
    scales = [_on_disk(len(examples) * views, rows, columns, width) for width, rows, columns in shapes]
    boxes: list[Floats] = []
    tags: list[Ints] = []

    def look(position: int) -> list[tuple[Floats, Ints]]:
        told = []
        for view, each in enumerate(_views(examples[position], seen, views, np.random.default_rng([seed, position]))):
            for scale, values in zip(scales, running.run(None, {"pixels": each.pixels}), strict=True):
                scale[position * views + view] = values[0].transpose(1, 2, 0)
            told.append((each.boxes, each.tags))
        return told

    # Twice as many threads as cores: half of them wait for storage.
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        for done, told in enumerate(pool.map(look, range(len(examples))), 1):
            boxes += [view_boxes for view_boxes, _ in told]
            tags += [view_tags for _, view_tags in told]
            report(done / len(examples), f"Looked at {done} of {len(examples)} images")
    return Features(scales, boxes, tags)


def _on_disk(*shape: int) -> Halves:
    """An array in a file without a name: memory holds what fits, and nothing is left of it when the job is killed."""
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, np.float16, "w+", shape=shape)


def _views(example: Example, seen: Augmentation, count: int, random: np.random.Generator) -> Iterator[Augmented]:
    picture = seen.picture(example.read())
    yield plain(picture, example.boxes, example.tags, seen)
    for _ in range(count - 1):
        yield varied(picture, example.boxes, example.tags, seen, random)
