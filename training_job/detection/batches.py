"""The batches of an epoch: new views of the images, made by threads while the batch before is learned from."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from shared.arrays import Floats, Ints
from training_job.detection.augmentation import Augmented, plain, varied
from training_job.detection.data import Example
from training_job.detection.detector import Batch, Detector

Made = TypeVar("Made")
# Of so many views one shows the picture as it is served.
PLAIN = 8


def batches(detector: Detector, examples: Sequence[Example], rows: Ints, size: int, seed: int) -> Iterator[Batch]:
    """Views of the examples at `rows`, in random order, in batches of about that size. Raises what their `read`
    raises, and BadImageFormat.
    """
    order = np.random.default_rng(seed).permutation(rows)
    device = next(detector.module.parameters()).device
    parts = np.array_split(np.arange(len(order)), max(round(len(order) / size), 1))

    def look(place: int) -> Augmented:
        view = _view(detector, examples[order[place]], np.random.default_rng([seed, place]))
        return view._replace(pixels=detector.see(view.pixels))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        views = _ahead(pool, [partial(look, place) for place in range(len(order))], 3 * size)
        for part in parts:
            yield Batch(*(each.to(device) for each in together(list(islice(views, len(part))))))


def together(views: Sequence[Augmented]) -> Batch:
    boxes, tags = padded([view.boxes for view in views], [view.tags for view in views])
    return Batch(torch.from_numpy(np.concatenate([view.pixels for view in views])), boxes, tags)


def padded(boxes: Sequence[Floats], tags: Sequence[Ints]) -> tuple[Tensor, Tensor]:
    """The boxes (m, 4) and tags (m,) of each view -> (B, M, 4) and (B, M): 0 and -1 where a view has none."""
    most = max(1, *map(len, tags))
    all_boxes, all_tags = torch.zeros(len(tags), most, 4), torch.full((len(tags), most), -1)
    for row, (own_boxes, own_tags) in enumerate(zip(boxes, tags, strict=True)):
        all_boxes[row, : len(own_tags)] = torch.from_numpy(own_boxes)
        all_tags[row, : len(own_tags)] = torch.from_numpy(own_tags)
    return all_boxes, all_tags


def _view(detector: Detector, example: Example, random: np.random.Generator) -> Augmented:
    picture = detector.views.picture(example.read())
    if random.integers(PLAIN) == 0:
        return plain(picture, example.boxes, example.tags, detector.views)
    return varied(picture, example.boxes, example.tags, detector.views, random)


def _ahead(pool: ThreadPoolExecutor, calls: Iterable[Callable[[], Made]], count: int) -> Iterator[Made]:
    """Their answers in order; no more than `count` are made or in the making at a time."""
    calls = iter(calls)
    waiting: deque[Future[Made]] = deque(pool.submit(call) for call in islice(calls, count))
    while waiting:
        yield waiting.popleft().result()
        waiting.extend(pool.submit(call) for call in islice(calls, 1))
