"""What was found, missed and seen wrongly, counted at any threshold, and the performance that follows from it."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from shared.arrays import Flags, Ints
from shared.imaging.boxes import Reals
from shared.models.training.model_spec import ModelTag
from shared.models.training.performance import (
    IterationPerformance,
    PerformanceCurve,
    PerformanceCurves,
    TagPerformance,
    TagPerformanceCurve,
)

THRESHOLDS = [hundredth / 100 for hundredth in range(101)]
# More of a curve is below what anybody sees, and would be most of its bytes.
DIGITS = 6


class Counts(NamedTuple):
    """Predictions right and wrong, and truths missed, at one threshold."""

    hits: int
    false_alarms: int
    misses: int

    @property
    def precision(self) -> float:
        """TP / (TP + FP); 0 where nothing was predicted."""
        predicted = self.hits + self.false_alarms
        return self.hits / predicted if predicted else 0.0

    @property
    def recall(self) -> float:
        """TP / (TP + FN); 0 where there was nothing to find."""
        truths = self.hits + self.misses
        return self.hits / truths if truths else 0.0


class Curve(NamedTuple):
    """One tag's predictions, the least probable first: the probability of each, and how many up to it are right, (N,).

    The average precision is None where no image shows the tag.
    """

    probabilities: Reals
    right: npt.NDArray[np.int32]
    truths: int
    average_precision: float | None

    @classmethod
    def of(cls, probabilities: Reals, right: Flags, truths: int, average_precision: float | None) -> Self:
        order = np.argsort(probabilities)
        return cls(probabilities[order], right[order].cumsum(dtype=np.int32), truths, average_precision)

    def at(self, threshold: float) -> Counts:
        """Counts the predictions whose probability reaches the threshold."""
        [hits], [answers] = self.counts([threshold])
        return Counts(int(hits), int(answers - hits), int(self.truths - hits))

    def counts(self, thresholds: Sequence[float]) -> tuple[Ints, Ints]:
        """How many predictions that reach each threshold are right, and how many do, (T,) each."""
        below = np.searchsorted(self.probabilities, thresholds)
        right = np.concatenate([[0], self.right])
        return right[-1] - right[below], len(self.probabilities) - below


def performance(tags: Sequence[ModelTag], curves: Sequence[Curve], threshold: float) -> IterationPerformance:
    """Per tag in the model's order, and over all: counts are summed over tags, average precisions averaged.

    Tags that no image shows have no average precision, and count for nothing in the mean. Each image is judged once
    by one model, so there is nothing to deviate: the standard deviations are 0, as in Custom Vision's own answers.
    """
    counts = [curve.at(threshold) for curve in curves]
    total = Counts(*(sum(column) for column in zip(*counts, strict=True))) if counts else Counts(0, 0, 0)
    return IterationPerformance(
        [_tag_performance(*row) for row in zip(tags, counts, curves, strict=True)],
        total.precision,
        0.0,
        total.recall,
        0.0,
        mean_average_precision(curves) or 0.0,
    )


def performance_curves(tags: Sequence[ModelTag], curves: Sequence[Curve]) -> PerformanceCurves:
    """What `performance` says at every hundredth, at once."""
    counted = [curve.counts(THRESHOLDS) for curve in curves]
    of_tags = [
        TagPerformanceCurve(
            curve.truths, curve.average_precision, *_over(*counts, curve.truths), id=tag.id, name=tag.name
        )
        for tag, curve, counts in zip(tags, curves, counted, strict=True)
    ]
    truths = sum(curve.truths for curve in curves)
    hits, answers = np.array(counted, np.int64).reshape(-1, 2, len(THRESHOLDS)).sum(axis=0)
    overall = PerformanceCurve(truths, mean_average_precision(curves), *_over(hits, answers, truths))
    return PerformanceCurves(THRESHOLDS, overall, of_tags)


def mean_average_precision(curves: Sequence[Curve]) -> float | None:
    """None where no image shows any of the tags."""
    judged = [curve.average_precision for curve in curves if curve.average_precision is not None]
    return sum(judged) / len(judged) if judged else None


def _over(hits: Ints, answers: Ints, truths: int) -> tuple[list[float], list[float]]:
    """Precision and recall at each threshold."""
    precision, recall = hits / np.maximum(answers, 1), hits / max(truths, 1)
    return precision.round(DIGITS).tolist(), recall.round(DIGITS).tolist()


def _tag_performance(tag: ModelTag, count: Counts, curve: Curve) -> TagPerformance:
    return TagPerformance(tag.id, tag.name, count.precision, 0.0, count.recall, 0.0, curve.average_precision or 0.0)
