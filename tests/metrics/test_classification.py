"""Metrics of classifiers against numbers worked out by hand."""

from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import pytest

from shared.metrics.classification import average_precision, curves
from shared.metrics.counts import performance
from shared.models.training.evaluations import EvaluatedImage, Evaluation
from shared.models.training.model_spec import ModelTag
from shared.models.training.performance import IterationPerformance
from shared.models.workspace.projects import ClassificationType

A, B, C = (UUID(int=n) for n in (1, 2, 3))
TAGS = [ModelTag(A, "a"), ModelTag(B, "b"), ModelTag(C, "c")]
TIME = datetime(2026, 11, 21, tzinfo=UTC)


def evaluation(kind: ClassificationType, *images: tuple[list[UUID], list[float]]) -> Evaluation:
    judged = [EvaluatedImage(UUID(int=9), TIME, 1, 1, tags, probabilities) for tags, probabilities in images]
    return Evaluation(TAGS, kind, judged)


def iteration_performance(judged: Evaluation, threshold: float) -> IterationPerformance:
    return performance(judged.tags, curves(judged.images, judged.tags, judged.classification_type), threshold)


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        ([], None),
        ([(0.9, False)], None),
        ([(0.9, True)], 1.0),
        ([(0.9, True), (0.8, False), (0.7, True)], 0.5 * 1 + 0.5 * 2 / 3),
        ([(0.9, False), (0.8, True)], 0.5),
        ([(0.5, True), (0.5, False)], 0.5),
        ([(0.5, False), (0.5, True)], 0.5),
        ([(0.2, False), (0.9, True), (0.8, True)], 1.0),
    ],
)
def test_average_precision(judged: list[tuple[float, bool]], expected: float | None) -> None:
    probabilities, truths = np.array(judged, float).reshape(-1, 2).T
    assert average_precision(probabilities, truths > 0) == (None if expected is None else pytest.approx(expected))


def test_iteration_performance_of_no_images_is_all_zero() -> None:
    result = iteration_performance(evaluation(ClassificationType.MULTICLASS), 0.5)
    assert (result.precision, result.recall, result.average_precision) == (0, 0, 0)
    assert [(tag.name, tag.precision, tag.recall, tag.average_precision) for tag in result.per_tag_performance] == [
        (name, 0, 0, 0) for name in "abc"
    ]


MULTICLASS = evaluation(
    ClassificationType.MULTICLASS,
    ([A], [0.7, 0.2, 0.1]),  # right
    ([A], [0.4, 0.5, 0.1]),  # taken for b
    ([B], [0.3, 0.4, 0.3]),  # right, but unsure
    ([B], [0.1, 0.9, 0.0]),  # right
)


@pytest.mark.parametrize(
    ("threshold", "precision", "recall", "of_a", "of_b"),
    [
        (0.0, 3 / 4, 3 / 4, (1.0, 0.5), (2 / 3, 1.0)),
        (0.3, 3 / 4, 3 / 4, (1.0, 0.5), (2 / 3, 1.0)),
        (0.5, 2 / 3, 2 / 4, (1.0, 0.5), (0.5, 0.5)),
        (0.8, 1 / 1, 1 / 4, (0.0, 0.0), (1.0, 0.5)),
        (1.0, 0.0, 0.0, (0.0, 0.0), (0.0, 0.0)),
    ],
)
def test_multiclass_counts_the_most_probable_tag_only(
    threshold: float, precision: float, recall: float, of_a: tuple[float, float], of_b: tuple[float, float]
) -> None:
    result = iteration_performance(MULTICLASS, threshold)
    tags = [(tag.precision, tag.recall) for tag in result.per_tag_performance]
    assert (result.precision, result.recall) == pytest.approx((precision, recall))
    assert tags == [pytest.approx(of_a), pytest.approx(of_b), (0.0, 0.0)]


def test_multiclass_counts_an_image_of_several_tags_once_and_right_by_any() -> None:
    judged = evaluation(
        ClassificationType.MULTICLASS,
        ([A], [0.8, 0.1, 0.1]),  # right
        ([A, B], [0.3, 0.6, 0.1]),  # right, as b
        ([A, B], [0.2, 0.1, 0.7]),  # taken for c, where a would have been next
        ([A, B, C], [0.4, 0.4, 0.2]),  # right, as a
        ([], [0.1, 0.9, 0.0]),  # nothing to find
    )
    result = iteration_performance(judged, 0.35)
    assert (result.precision, result.recall) == (3 / 5, 3 / 4)
    tags = [(tag.precision, tag.recall) for tag in result.per_tag_performance]
    assert tags == [(1.0, 2 / 3), (1 / 2, 1.0), (0.0, 0.0)]


def test_multiclass_average_precision_ranks_every_image_by_each_tag() -> None:
    result = iteration_performance(MULTICLASS, 0.5)
    # a: 0.7 true, 0.4 true, then the rest. b: 0.9 true, 0.5 false, 0.4 true, 0.2 false. Nothing shows c.
    of_b = 0.5 * 1 + 0.5 * 2 / 3
    assert [tag.average_precision for tag in result.per_tag_performance] == pytest.approx([1.0, of_b, 0.0])
    assert result.average_precision == pytest.approx((1.0 + of_b) / 2)


@pytest.mark.parametrize(
    ("threshold", "precision", "recall"),
    [(0.0, 3 / 9, 1.0), (0.5, 2 / 3, 2 / 3), (0.85, 1 / 1, 1 / 3), (0.95, 0.0, 0.0)],
)
def test_multilabel_counts_every_tag_that_reaches_the_threshold(
    threshold: float, precision: float, recall: float
) -> None:
    judged = evaluation(
        ClassificationType.MULTILABEL,
        ([A, B], [0.9, 0.8, 0.1]),
        ([C], [0.6, 0.1, 0.4]),
        ([], [0.1, 0.2, 0.3]),
    )
    result = iteration_performance(judged, threshold)
    assert (result.precision, result.recall) == pytest.approx((precision, recall))
    assert result.precision_std_deviation == result.recall_std_deviation == 0
