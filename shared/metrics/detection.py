"""How well a detector does, as COCO counts it: each box counts once, found by the first that overlaps it enough."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np

from shared.arrays import Flags, Ints
from shared.imaging.boxes import Reals, iou, ltwh_to_xyxy
from shared.metrics.counts import Curve, performance
from shared.models.training.evaluations import EvaluatedBox, EvaluatedImage, Evaluation
from shared.models.training.model_spec import ModelTag
from shared.models.training.performance import IterationPerformance
from shared.models.workspace.images import RegionMark

# The recalls at which COCO asks for the precision.
RECALLS = np.linspace(0, 1, 101)
# A box that lies exactly so overlaps by 1, but for the rounding: COCO's own allowance.
EXACT = 1 - 1e-10
# In place of a true box, where there is none.
NONE = -1


class Judged(NamedTuple):
    """All boxes of all images, the most probable first: tag, probability and whether it is right, (N,) each.

    `truths` is how many boxes each tag has in truth, (tags,).
    """

    tags: Ints
    probabilities: Reals
    right: Flags
    truths: Ints


def iteration_performance(evaluation: Evaluation, threshold: float, overlap_threshold: float) -> IterationPerformance:
    """A box counts where its probability reaches the threshold, and is right where it overlaps a true one enough.

    The average precisions look at all boxes, whatever the threshold.
    """
    return performance(evaluation.tags, curves(evaluation.images, evaluation.tags, overlap_threshold), threshold)


def curves(images: Iterable[EvaluatedImage], tags: Sequence[ModelTag], overlap: float) -> list[Curve]:
    """One for each tag."""
    judged = judge(images, tags, overlap)
    of_tags = [judged.tags == tag for tag in range(len(tags))]
    columns = zip(of_tags, judged.truths.tolist(), average_precisions(judged), strict=True)
    return [Curve.of(judged.probabilities[mine], judged.right[mine], *rest) for mine, *rest in columns]


def judge(images: Iterable[EvaluatedImage], tags: Sequence[ModelTag], overlap: float) -> Judged:
    """Hold the boxes of every image against its regions; those of other tags count for nothing."""
    positions = {tag.id: position for position, tag in enumerate(tags)}
    found, right, truths = [np.zeros((0, 2))], [np.zeros(0, bool)], np.zeros(len(tags), np.int64)
    for image in images:
        true_boxes, true_tags = truths_of(image.regions, positions)
        mine = np.array([box_row(box) for box in image.boxes], float).reshape(-1, 6)
        truths += np.bincount(true_tags, minlength=len(tags))
        right.append(matches(ltwh_to_xyxy(mine[:, 2:]), mine[:, 0], mine[:, 1], true_boxes, true_tags, overlap))
        found.append(mine[:, :2])
    answers = np.concatenate(found)
    order = np.argsort(-answers[:, 1], kind="stable")
    return Judged(answers[order, 0].astype(np.int64), answers[order, 1], np.concatenate(right)[order], truths)


def matches(
    boxes_xyxy: Reals,
    tags: Ints | Reals,
    probabilities: Reals,
    true_xyxy: Reals,
    true_tags: Ints,
    overlap: float,
) -> Flags:
    """Which boxes of one image are right: (N, 4), (N,), (N,), (M, 4), (M,) -> (N,)."""
    right: Flags = matched(boxes_xyxy, tags, probabilities, true_xyxy, true_tags, overlap) != NONE
    return right


def matched(
    boxes_xyxy: Reals,
    tags: Ints | Reals,
    probabilities: Reals,
    true_xyxy: Reals,
    true_tags: Ints,
    overlap: float,
) -> Ints:
    """The true box that each box of one image finds, or NONE: (N, 4), (N,), (N,), (M, 4), (M,) -> (N,).

    Greedily, as COCO does: the most probable box chooses first, and takes the true box of its tag that it overlaps
    most, if by `overlap` or more; a true box is taken once.
    """
    found = np.full(len(boxes_xyxy), NONE)
    overlaps = np.where(tags[:, None] == true_tags[None], iou(boxes_xyxy, true_xyxy), -1)
    near = overlaps >= min(overlap, EXACT)
    order = np.argsort(-probabilities, kind="stable")
    for box in order[near[order].any(axis=1)]:
        choice = np.flatnonzero(near[box])
        if len(choice):
            # Of several that it overlaps alike COCO takes the last.
            best = choice[::-1][overlaps[box, choice[::-1]].argmax()]
            found[box], near[:, best] = best, False
    return found


def average_precisions(judged: Judged) -> list[float | None]:
    """That of each tag; None where no image shows it."""
    return [average_precision(judged.right[judged.tags == tag], truths) for tag, truths in enumerate(judged.truths)]


def average_precision(right: Flags, truths: int) -> float | None:
    """`right` says whether each of one tag's boxes is right, the most probable first, (N,). None without any truths.

    COCO's interpolation: at each of 101 recalls, 0 to 1, the best precision that is reached with that recall or more,
    and of those the mean. It is pycocotools' `precision` at one IoU threshold, with areaRng "all", no crowds, and
    maxDets beyond the number of boxes.
    """
    if not truths:
        return None
    hits = right.cumsum()
    precision = np.maximum.accumulate((hits / np.arange(1, len(hits) + 1))[::-1])[::-1]
    reached = np.searchsorted(hits / truths, RECALLS, side="left")
    return float(np.append(precision, 0.0)[reached].mean())


def box_row(box: EvaluatedBox) -> tuple[float, ...]:
    return box.tag, box.probability, box.left, box.top, box.width, box.height


def truths_of(regions: Sequence[RegionMark], positions: Mapping[UUID, int]) -> tuple[Reals, Ints]:
    """Boxes (M, 4) and tags (M,) of the regions whose tag the model has."""
    known = [region for region in regions if region.tag_id in positions]
    boxes = [(region.left, region.top, region.width, region.height) for region in known]
    tags = np.array([positions[region.tag_id] for region in known], np.int64)
    return ltwh_to_xyxy(np.array(boxes, float).reshape(-1, 4)), tags
