"""What was taken for what, against numbers worked out by hand, and against precision and recall."""

from datetime import UTC, datetime
from random import Random
from uuid import UUID

import pytest

from shared.metrics import classification, confusion, detection
from shared.metrics.confusion import Outcomes
from shared.metrics.counts import performance, performance_curves
from shared.models.training.evaluations import EvaluatedBox, EvaluatedImage
from shared.models.training.model_spec import ModelTag
from shared.models.workspace.images import RegionMark
from shared.models.workspace.projects import ClassificationType

A, B, C = (UUID(int=n) for n in (1, 2, 3))
TAGS = [ModelTag(A, "a"), ModelTag(B, "b"), ModelTag(C, "c")]
TIME = datetime(2026, 11, 28, tzinfo=UTC)
MULTICLASS, MULTILABEL = ClassificationType.MULTICLASS, ClassificationType.MULTILABEL
LEFT, RIGHT = (0.0, 0.0, 0.4, 0.4), (0.5, 0.5, 0.4, 0.4)
# Overlaps LEFT by 3/4.
PART = (0.0, 0.0, 0.4, 0.3)
NOTHING = 3
Cells = dict[tuple[int, int], int]
Box = tuple[float, float, float, float]


def classified(*images: tuple[list[UUID], list[float]], kind: ClassificationType = MULTICLASS) -> Outcomes:
    judged = [EvaluatedImage(UUID(int=9), TIME, 1, 1, tags, probabilities) for tags, probabilities in images]
    return confusion.of_classifier(judged, TAGS, kind)


def detected(truths: list[tuple[UUID, Box]], found: list[tuple[int, float, Box]], overlap: float = 0.5) -> Outcomes:
    return confusion.of_detector([scene(truths, found)], TAGS, overlap)


def scene(truths: list[tuple[UUID, Box]], found: list[tuple[int, float, Box]]) -> EvaluatedImage:
    regions = [RegionMark(UUID(int=7), tag, TIME, *box) for tag, box in truths]
    boxes = [EvaluatedBox(tag, probability, *box) for tag, probability, box in found]
    return EvaluatedImage(UUID(int=9), TIME, 640, 480, [tag for tag, _ in truths], regions=regions, boxes=boxes)


def cells(outcomes: Outcomes, threshold: float) -> Cells:
    """Those that are not 0, by truth and what was said."""
    counts = outcomes.at(threshold).cells(len(TAGS)).tolist()
    return {(row, column): n for row, line in enumerate(counts) for column, n in enumerate(line) if n}


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_of_no_images_every_cell_is_empty(threshold: float) -> None:
    for kind in ClassificationType:
        assert cells(classified(kind=kind), threshold) == {}
    assert cells(confusion.of_detector([], TAGS, 0.5), threshold) == {}
    assert cells(detected([], []), threshold) == {}


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        (0.0, {(0, 0): 1, (0, 1): 1, (1, 1): 1, (0, 2): 1, (NOTHING, 1): 1}),
        (0.5, {(0, 0): 1, (0, 1): 1, (1, NOTHING): 1, (0, 2): 1, (NOTHING, 1): 1}),
        (0.95, {(0, NOTHING): 3, (1, NOTHING): 1}),
    ],
)
def test_a_multiclass_model_says_one_tag_or_nothing(threshold: float, expected: Cells) -> None:
    outcomes = classified(
        ([A], [0.7, 0.2, 0.1]),
        ([A], [0.4, 0.5, 0.1]),
        ([B], [0.3, 0.4, 0.3]),
        # Taken for c, where of its own tags a would have been next.
        ([A, B], [0.2, 0.1, 0.7]),
        ([], [0.1, 0.9, 0.0]),
    )
    assert cells(outcomes, threshold) == expected


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        (0.0, {(0, 0): 1, (1, 1): 1, (NOTHING, 2): 1}),
        # b is missed, and c said in its place.
        (0.2, {(0, 0): 1, (1, 2): 1}),
        (0.5, {(0, 0): 1, (1, 2): 1}),
        (0.7, {(0, 0): 1, (1, NOTHING): 1}),
        (0.9, {(0, NOTHING): 1, (1, NOTHING): 1}),
    ],
)
def test_a_multilabel_models_wrong_tag_stands_with_a_truth_that_is_missed(threshold: float, expected: Cells) -> None:
    assert cells(classified(([A, B], [0.8, 0.1, 0.6]), kind=MULTILABEL), threshold) == expected


def test_two_wrong_tags_stand_with_two_truths_and_a_third_with_nothing() -> None:
    tags = [*TAGS, ModelTag(UUID(int=4), "d"), ModelTag(UUID(int=5), "e")]
    image = EvaluatedImage(UUID(int=9), TIME, 1, 1, [A, B], [0.2, 0.1, 0.7, 0.9, 0.8])
    pairs = confusion.of_classifier([image], tags, MULTILABEL).at(0.5)
    assert sorted(zip(pairs.truths.tolist(), pairs.said.tolist(), strict=True)) == [(0, 4), (1, 3), (5, 2)]


@pytest.mark.parametrize(
    ("truths", "found", "threshold", "expected"),
    [
        ([(A, LEFT)], [(0, 0.9, LEFT)], 0.5, {(0, 0): 1}),
        ([(A, LEFT)], [(0, 0.9, LEFT)], 0.95, {(0, NOTHING): 1}),
        ([(A, LEFT)], [(0, 0.9, RIGHT)], 0.5, {(0, NOTHING): 1, (NOTHING, 0): 1}),
        ([], [(1, 0.9, LEFT)], 0.5, {(NOTHING, 1): 1}),
        ([(A, LEFT)], [(1, 0.9, LEFT)], 0.5, {(0, 1): 1}),
        # A second box on the same thing stands with nothing, be it of its tag or of another.
        ([(A, LEFT)], [(0, 0.9, LEFT), (0, 0.8, PART)], 0.5, {(0, 0): 1, (NOTHING, 0): 1}),
        ([(A, LEFT)], [(0, 0.9, LEFT), (1, 0.8, PART)], 0.5, {(0, 0): 1, (NOTHING, 1): 1}),
        ([(A, LEFT)], [(1, 0.9, LEFT), (2, 0.8, PART)], 0.5, {(0, 1): 1, (NOTHING, 2): 1}),
        # The surer box is wrong. Where the other one shows, it finds the truth.
        ([(A, LEFT)], [(1, 0.9, LEFT), (0, 0.6, LEFT)], 0.7, {(0, 1): 1}),
        ([(A, LEFT)], [(1, 0.9, LEFT), (0, 0.6, LEFT)], 0.5, {(0, 0): 1, (NOTHING, 1): 1}),
        # Of two truths that it overlaps a wrong box stands with the one that it overlaps most.
        ([(A, PART), (B, LEFT)], [(2, 0.9, LEFT)], 0.5, {(0, NOTHING): 1, (1, 2): 1}),
        ([(A, LEFT), (B, RIGHT)], [(1, 0.9, LEFT), (0, 0.8, RIGHT)], 0.5, {(0, 1): 1, (1, 0): 1}),
    ],
)
def test_a_detectors_wrong_box_stands_with_what_it_lies_on(
    truths: list[tuple[UUID, Box]], found: list[tuple[int, float, Box]], threshold: float, expected: Cells
) -> None:
    assert cells(detected(truths, found), threshold) == expected


def test_sureness_is_of_what_was_said_or_of_its_absence() -> None:
    pairs = classified(([A, B], [0.8, 0.1, 0.6]), kind=MULTILABEL).at(0.7)
    shown = zip(pairs.truths.tolist(), pairs.said.tolist(), pairs.sureness.tolist(), strict=True)
    assert sorted(shown) == [(0, 0, 0.8), (1, NOTHING, pytest.approx(0.4))]


def guesses(random: Random, number: int) -> list[EvaluatedImage]:
    """Images with both what a classifier and what a detector said of them."""
    boxes = [LEFT, RIGHT, PART]

    def image() -> EvaluatedImage:
        truths = [(random.choice([A, B, C]), random.choice(boxes)) for _ in range(random.randint(0, 3))]
        found = [(random.randrange(3), random.randint(0, 10) / 10, random.choice(boxes)) for _ in range(4)]
        made = scene(truths, found)
        tags, probabilities = sorted({tag for tag, _ in truths}), [random.randint(0, 10) / 10 for _ in TAGS]
        return EvaluatedImage(
            made.id, TIME, 640, 480, tags, probabilities=probabilities, regions=made.regions, boxes=made.boxes
        )

    return [image() for _ in range(number)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL, None])
def test_the_cells_agree_with_precision_and_recall(seed: int, kind: ClassificationType | None) -> None:
    images = guesses(Random(seed), 40)
    if kind:
        curves, outcomes = classification.curves(images, TAGS, kind), confusion.of_classifier(images, TAGS, kind)
    else:
        curves, outcomes = detection.curves(images, TAGS, 0.5), confusion.of_detector(images, TAGS, 0.5)
    for threshold in (0.0, 0.3, 0.5, 0.95, 1.0):
        counted = outcomes.at(threshold).cells(len(TAGS))
        for tag, curve in enumerate(curves):
            rates = curve.at(threshold)
            assert counted[tag, tag] == rates.hits
            assert counted[tag].sum() == curve.truths
            assert counted[:, tag].sum() == rates.hits + rates.false_alarms
        assert counted[NOTHING, NOTHING] == 0


@pytest.mark.parametrize("kind", [MULTICLASS, MULTILABEL])
def test_curves_are_the_performance_at_every_hundredth(kind: ClassificationType) -> None:
    curves = classification.curves(guesses(Random(9), 60), TAGS, kind)
    told = performance_curves(TAGS, curves)
    assert (told.thresholds[0], told.thresholds[7], told.thresholds[-1], len(told.thresholds)) == (0, 0.07, 1, 101)
    assert [each.truths for each in told.tags] == [curve.truths for curve in curves]
    for at, threshold in enumerate(told.thresholds):
        expected = performance(TAGS, curves, threshold)
        assert (told.overall.precision[at], told.overall.recall[at], told.overall.average_precision) == pytest.approx(
            (expected.precision, expected.recall, expected.average_precision), abs=1e-6
        )
        for tag, wanted in zip(told.tags, expected.per_tag_performance, strict=True):
            assert (tag.precision[at], tag.recall[at]) == pytest.approx((wanted.precision, wanted.recall), abs=1e-6)
            assert (tag.id, tag.name, tag.average_precision or 0) == (wanted.id, wanted.name, wanted.average_precision)


def test_curves_of_no_tags_and_no_images_are_flat() -> None:
    for tags in ([], TAGS):
        told = performance_curves(tags, classification.curves([], tags, MULTICLASS))
        assert (told.overall.truths, told.overall.average_precision) == (0, None)
        assert set(told.overall.precision + told.overall.recall) == {0}
        assert len(told.tags) == len(tags)
