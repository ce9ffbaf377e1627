"""What was found, missed and seen wrongly, counted at any threshold, and the performance that follows from it."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from shared.imaging.boxes import Reals
from shared.models.training.model_spec import ModelTag
from shared.models.training.performance import IterationPerformance, TagPerformance

Flags = npt.NDArray[np.bool_]


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
        """Of the predictions whose probability reaches the threshold."""
        below = int(np.searchsorted(self.probabilities, threshold))
        all_right, right_below = (int(self.right[end - 1]) if end else 0 for end in (len(self.right), below))
        hits = all_right - right_below
        return Counts(hits, len(self.probabilities) - below - hits, self.truths - hits)


def performance(tags: Sequence[ModelTag], curves: Sequence[Curve], threshold: float) -> IterationPerformance:
    """Per tag in the model's order, and over all: counts are summed over tags, average precisions averaged.

    Tags that no image shows have no average precision, and count for nothing in the mean. Each image is judged once
    by one model, so there is nothing to deviate: the standard deviations are 0, as in Custom Vision's own answers.
    """
    counts = [curve.at(threshold) for curve in curves]
    total = Counts(*(sum(column) for column in zip(*counts, strict=True))) if counts else Counts(0, 0, 0)
    judged = [curve.average_precision for curve in curves if curve.average_precision is not None]
    return IterationPerformance(
        [_tag_performance(*row) for row in zip(tags, counts, curves, strict=True)],
        total.precision,
        0.0,
        total.recall,
        0.0,
        sum(judged) / len(judged) if judged else 0.0,
    )


def _tag_performance(tag: ModelTag, count: Counts, curve: Curve) -> TagPerformance:
    return TagPerformance(tag.id, tag.name, count.precision, 0.0, count.recall, 0.0, curve.average_precision or 0.0)
