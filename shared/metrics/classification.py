"""How well a classifier does: each image counts once for each of its tags."""

from collections.abc import Iterable
from itertools import groupby
from uuid import UUID

from shared.metrics.counts import Counts, summary
from shared.models.performance import IterationPerformance
from shared.models.projects import ClassificationType
from shared.models.training import EvaluatedImage, Evaluation


def iteration_performance(evaluation: Evaluation, threshold: float) -> IterationPerformance:
    """A multilabel model predicts every tag whose probability reaches the threshold; a multiclass model its most
    probable tag only, where that reaches it.
    """
    counts = [Counts(*row) for row in _count(evaluation, threshold)]
    return summary(evaluation.tags, counts, _average_precisions(evaluation))


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
