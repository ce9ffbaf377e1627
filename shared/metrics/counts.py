"""What was found, missed and seen wrongly, counted at one threshold, and the performance that follows from it."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.models.performance import IterationPerformance, TagPerformance
from shared.models.training import ModelTag


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


def summary(
    tags: Sequence[ModelTag], counts: Sequence[Counts], average_precisions: Sequence[float | None]
) -> IterationPerformance:
    """Per tag in the model's order, and over all: counts are summed over tags, average precisions averaged.

    Tags that no image shows have no average precision, and count for nothing in the mean. Each image is judged once
    by one model, so there is nothing to deviate: the standard deviations are 0, as in Custom Vision's own answers.
    """
    total = Counts(*(sum(column) for column in zip(*counts, strict=True))) if counts else Counts(0, 0, 0)
    judged = [score for score in average_precisions if score is not None]
    return IterationPerformance(
        [_tag_performance(*row) for row in zip(tags, counts, average_precisions, strict=True)],
        total.precision,
        0.0,
        total.recall,
        0.0,
        sum(judged) / len(judged) if judged else 0.0,
    )


def _tag_performance(tag: ModelTag, count: Counts, score: float | None) -> TagPerformance:
    return TagPerformance(tag.id, tag.name, count.precision, 0.0, count.recall, 0.0, score or 0.0)
