"""Honest evaluation: which images are held out, and what the served graph finds in them."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import onnx

from shared.arrays import Floats, Ints
from shared.exporting.graph.selection import BOXES, SCORES, TAGS
from shared.imaging.resize import model_input
from shared.learning import holdout
from shared.metrics.detection import Judged, average_precisions, matches
from shared.models.training.preprocessing import Preprocessing
from training_job.detection.data import Example
from training_job.graphs.classifier import INPUT
from training_job.graphs.running import session

# As COCO has it.
OVERLAPS = [0.5 + 0.05 * step for step in range(10)]
# Cosines of pooled features, from which on two pictures count as shots of one scene: where they leave too few scenes,
# the next. Of 30 photographs of cutlery on tables, and of 205 blood smears, one pair in a hundred is over 0.94.
SIMILARITIES = (0.95, 0.98, 2.0)


class Found(NamedTuple):
    """What a detector sees in an image, the best first: boxes (n, 4), x1, y1, x2, y2 in 0..1; tags and scores (n,)."""

    boxes: Floats
    tags: Ints
    scores: Floats


def hold_out(pooled: Floats, tags: Sequence[Ints], parts: int, most: int) -> Ints:
    """The positions of about one in so many images, `most` at most, of which each tag has its share, and none of which
    has a near-duplicate among the others. From their features, pooled over the picture, (N, width), and their tags.
    """
    truths = np.zeros((len(tags), 1 + max((int(each.max(initial=0)) for each in tags), default=0)), np.float32)
    for position, each in enumerate(tags):
        truths[position, each] = 1
    candidates = holdout.sample(truths, parts * most)
    directions = pooled[candidates] / np.linalg.norm(pooled[candidates], axis=1, keepdims=True).clip(1e-9)
    groups = holdout.near_duplicates(directions, truths[candidates], SIMILARITIES)
    folds = holdout.folds(groups, truths[candidates], parts)
    # Large groups make uneven folds.
    fold = np.abs(np.bincount(folds, minlength=parts) - len(candidates) / parts).argmin()
    held: Ints = candidates[folds == fold]
    return held


def judge(model: onnx.ModelProto, examples: Sequence[Example], spec: Preprocessing) -> list[Found]:
    """By the graph as it is served. Raises what the examples' `read` raises, and BadImageFormat."""
    running = session(model)

    def look(example: Example) -> Found:
        boxes, tags, scores = running.run([BOXES, TAGS, SCORES], {INPUT: model_input(example.read(), spec)})
        return Found(boxes[0], tags[0], scores[0])

    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        return list(pool.map(look, examples))


def mean_precision(examples: Sequence[Example], found: Sequence[Found]) -> float:
    """COCO's mAP, over the overlaps from 0.5 to 0.95 and the tags; 0 where there is nothing to be found.

    It tells two detectors apart by fewer images than the mAP at 0.5 does: how well each box fits counts too.
    """
    precisions = [each for overlap in OVERLAPS for each in average_precisions(_judged(examples, found, overlap))]
    return float(np.mean([each for each in precisions if each is not None] or [0.0]))


def _judged(examples: Sequence[Example], found: Sequence[Found], overlap: float) -> Judged:
    right = [
        matches(each.boxes, each.tags, each.scores, example.boxes, example.tags, overlap)
        for example, each in zip(examples, found, strict=True)
    ]
    scores = np.concatenate([each.scores for each in found])
    order = np.argsort(-scores, kind="stable")
    truths = np.bincount(np.concatenate([example.tags for example in examples]))
    tags = np.concatenate([each.tags for each in found])
    return Judged(tags[order], scores[order], np.concatenate(right)[order], truths)
