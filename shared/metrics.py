"""Precision, recall and average precision of a classifier at any threshold, from its stored per-image results."""

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from shared.models.performance import IterationPerformance, TagPerformance
from shared.models.projects import ClassificationType
from shared.models.training import EvaluatedImage, Evaluation, ModelTag


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


def iteration_performance(evaluation: Evaluation, threshold: float) -> IterationPerformance:
    """Per tag in the model's order, and over all: counts are summed over tags, average precisions averaged.

    A multilabel model predicts every tag whose probability reaches the threshold; a multiclass model its most
    probable tag only, where that reaches it. Each image is judged once by one model, so there is nothing to deviate:
    the standard deviations are 0, as in Custom Vision's own answers.
    """
    counts = [Counts(*row) for row in _count(evaluation, threshold)]
    total = Counts(*(sum(column) for column in zip(*counts, strict=True))) if counts else Counts(0, 0, 0)
    scores = _average_precisions(evaluation)
    judged = [score for score in scores if score is not None]
    return IterationPerformance(
        [_tag_performance(*row) for row in zip(evaluation.tags, counts, scores, strict=True)],
        total.precision,
        0.0,
        total.recall,
        0.0,
        sum(judged) / len(judged) if judged else 0.0,
    )


def average_precision(judged: Iterable[tuple[float, bool]]) -> float | None:
    """The area under the precision-recall curve of (probability, is true) pairs, as a sum of steps in recall.

    Equal probabilities make one step. None where nothing is true.
    """
    ranked = sorted(judged, key=lambda pair: -pair[0])
    truths = sum(true for _, true in ranked)
    if not truths:
        return None
    area, hits, seen = 0.0, 0, 0
    for _, step in groupby(ranked, key=lambda pair: pair[0]):
        answers = [true for _, true in step]
        hits, seen = hits + sum(answers), seen + len(answers)
        area += sum(answers) / truths * hits / seen
    return area


def _count(evaluation: Evaluation, threshold: float) -> list[list[int]]:
    """Hits, false alarms and misses of every tag."""
    positions = {tag.id: position for position, tag in enumerate(evaluation.tags)}
    counts = [[0, 0, 0] for _ in positions]
    for image in evaluation.images:
        truths = {positions[tag] for tag in image.tags}
        predicted = _predicted(image, evaluation.classification_type, threshold)
        for kind, tags in enumerate((predicted & truths, predicted - truths, truths - predicted)):
            for tag in tags:
                counts[tag][kind] += 1
    return counts


def _predicted(image: EvaluatedImage, kind: ClassificationType | None, threshold: float) -> set[int]:
    reached = {tag for tag, probability in enumerate(image.probabilities) if probability >= threshold}
    if kind == ClassificationType.MULTICLASS and reached:
        return {max(reached, key=lambda tag: image.probabilities[tag])}
    return reached


def _average_precisions(evaluation: Evaluation) -> list[float | None]:
    def judged(position: int, tag: UUID) -> Iterable[tuple[float, bool]]:
        return ((image.probabilities[position], tag in image.tags) for image in evaluation.images)

    return [average_precision(judged(position, tag.id)) for position, tag in enumerate(evaluation.tags)]


def _tag_performance(tag: ModelTag, count: Counts, score: float | None) -> TagPerformance:
    return TagPerformance(tag.id, tag.name, count.precision, 0.0, count.recall, 0.0, score or 0.0)
