"""Honest evaluation: which images are held out, and what the served graph finds in them."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import onnx

from shared.imaging.resize import model_input
from shared.models.preprocessing import Preprocessing
from training_job import evaluate
from training_job.detection.data import Example, session
from training_job.detection.export import BOXES, SCORES, TAGS
from training_job.detection.views import Floats, Ints
from training_job.export import INPUT


class Found(NamedTuple):
    """What a detector sees in an image, the best first: boxes (n, 4), x1, y1, x2, y2 in 0..1; tags and scores (n,)."""

    boxes: Floats
    tags: Ints
    scores: Floats


def hold_out(examples: Sequence[Example], tags: int, parts: int, most: int) -> Ints:
    """The positions of one in so many examples, in which each tag has its share; of `most` at most."""
    truths = np.zeros((len(examples), tags), np.float32)
    for position, example in enumerate(examples):
        truths[position, example.tags] = 1
    candidates = evaluate.sample(truths, parts * most)
    folds = evaluate.folds(np.arange(len(candidates)), truths[candidates], parts)
    held: Ints = candidates[folds == 0]
    return held


def judge(model: onnx.ModelProto, examples: Sequence[Example], spec: Preprocessing) -> list[Found]:
    """By the graph as it is served. Raises what the examples' `read` raises, and BadImageFormat."""
    running = session(model)

    def look(example: Example) -> Found:
        boxes, tags, scores = running.run([BOXES, TAGS, SCORES], {INPUT: model_input(example.read(), spec)})
        return Found(boxes[0], tags[0], scores[0])

    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        return list(pool.map(look, examples))
