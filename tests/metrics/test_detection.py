"""Metrics of detectors against numbers worked out by hand, and against pycocotools on the same boxes."""

from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from uuid import UUID

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from shared.imaging.boxes import Reals
from shared.metrics.detection import average_precision, iteration_performance, matches
from shared.models.training.evaluations import EvaluatedBox, EvaluatedImage, Evaluation
from shared.models.training.model_spec import ModelTag
from shared.models.training.performance import IterationPerformance
from shared.models.workspace.images import RegionMark

A, B, C = (UUID(int=n) for n in (1, 2, 3))
TAGS = [ModelTag(A, "a"), ModelTag(B, "b"), ModelTag(C, "c")]
TIME = datetime(2026, 11, 21, tzinfo=UTC)
WIDTH, HEIGHT = 640, 480
Box = tuple[float, ...]
Found = tuple[int, float, Box]
Rates = tuple[float, float]
LEFT, RIGHT = (0.0, 0.0, 0.4, 0.4), (0.5, 0.5, 0.4, 0.4)
# Shares 3/4 of LEFT's area and nothing else, so its overlap with LEFT is 3/4.
PART = (0.0, 0.0, 0.4, 0.3)


def image(truths: list[tuple[UUID, Box]], found: list[Found]) -> EvaluatedImage:
    regions = [RegionMark(UUID(int=7), tag, TIME, *box) for tag, box in truths]
    boxes = [EvaluatedBox(tag, probability, *box) for tag, probability, box in found]
    return EvaluatedImage(UUID(int=9), TIME, WIDTH, HEIGHT, [tag for tag, _ in truths], regions=regions, boxes=boxes)


def performance(*images: EvaluatedImage, threshold: float = 0.5, overlap: float = 0.5) -> IterationPerformance:
    return iteration_performance(Evaluation(TAGS, None, list(images)), threshold, overlap)


@pytest.mark.parametrize(
    ("right", "truths", "expected"),
    [
        ([], 0, None),
        ([False], 0, None),
        ([], 1, 0.0),
        ([False, False], 1, 0.0),
        ([True], 1, 1.0),
        ([True, False], 1, 1.0),
        ([False, True], 1, 0.5),
        # Recalls 0 to 0.5 are 51 of the 101, reached at precision 1.
        ([True], 2, 51 / 101),
        # The other 50 are reached at precision 2/3.
        ([True, False, True], 2, (51 + 50 * 2 / 3) / 101),
        # What comes later and better counts for what came before: 2/3 throughout.
        ([False, True, True], 2, 2 / 3),
    ],
)
def test_average_precision(right: list[bool], truths: int, expected: float | None) -> None:
    found = average_precision(np.array(right, bool), truths)
    assert found == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("found", "truths", "overlap", "expected"),
    [
        ([], [], 0.5, []),
        ([], [(0, LEFT)], 0.5, []),
        ([(0, 0.9, LEFT)], [], 0.5, [False]),
        ([(0, 0.9, LEFT)], [(0, LEFT)], 1.0, [True]),
        ([(0, 0.9, PART)], [(0, LEFT)], 0.7, [True]),
        ([(0, 0.9, PART)], [(0, LEFT)], 0.8, [False]),
        ([(0, 0.9, LEFT)], [(1, LEFT)], 0.0, [False]),
        ([(0, 0.9, RIGHT)], [(0, LEFT)], 0.0, [True]),
        # A true box is taken once, by the more probable box, though the other fits better.
        ([(0, 0.8, LEFT), (0, 0.9, PART)], [(0, LEFT)], 0.5, [False, True]),
        # The more probable takes the true box that it overlaps most, and leaves the other.
        ([(0, 0.9, LEFT), (0, 0.8, PART)], [(0, PART), (0, LEFT)], 0.5, [True, True]),
        ([(0, 0.9, LEFT), (1, 0.8, LEFT)], [(1, LEFT), (0, LEFT)], 0.5, [True, True]),
    ],
)
def test_matches(found: list[Found], truths: list[tuple[int, Box]], overlap: float, expected: list[bool]) -> None:
    def corners(boxes: Sequence[Box]) -> Reals:
        array = np.array(boxes, float).reshape(-1, 4)
        return np.concatenate([array[:, :2], array[:, :2] + array[:, 2:]], axis=1)

    right = matches(
        corners([box for *_, box in found]),
        np.array([tag for tag, *_ in found]),
        np.array([probability for _, probability, _ in found], float),
        corners([box for _, box in truths]),
        np.array([tag for tag, _ in truths]),
        overlap,
    )
    assert right.tolist() == expected


def test_iteration_performance_of_no_images_is_all_zero() -> None:
    result = performance()
    assert (result.precision, result.recall, result.average_precision) == (0, 0, 0)
    assert [(tag.name, tag.precision, tag.recall, tag.average_precision) for tag in result.per_tag_performance] == [
        (name, 0, 0, 0) for name in "abc"
    ]


IMAGES = (
    image([(A, LEFT), (A, RIGHT)], [(0, 0.9, LEFT), (0, 0.6, PART), (0, 0.4, RIGHT)]),
    image([(B, LEFT)], [(0, 0.8, LEFT), (1, 0.7, PART)]),
    image([], [(1, 0.3, RIGHT)]),
)


@pytest.mark.parametrize(
    ("threshold", "overlap", "of_a", "of_b", "overall"),
    [
        (0.0, 0.5, (2 / 4, 2 / 2), (1 / 2, 1 / 1), (3 / 6, 3 / 3)),
        (0.5, 0.5, (1 / 3, 1 / 2), (1 / 1, 1 / 1), (2 / 4, 2 / 3)),
        (0.5, 0.9, (1 / 3, 1 / 2), (0 / 1, 0 / 1), (1 / 4, 1 / 3)),
        (0.7, 0.5, (1 / 2, 1 / 2), (1 / 1, 1 / 1), (2 / 3, 2 / 3)),
        (1.0, 0.5, (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)),
    ],
)
def test_iteration_performance_counts_boxes(
    threshold: float, overlap: float, of_a: Rates, of_b: Rates, overall: Rates
) -> None:
    result = performance(*IMAGES, threshold=threshold, overlap=overlap)
    tags = [(tag.precision, tag.recall) for tag in result.per_tag_performance]
    assert tags == [pytest.approx(of_a), pytest.approx(of_b), (0.0, 0.0)]
    assert (result.precision, result.recall) == pytest.approx(overall)
    assert result.precision_std_deviation == result.recall_std_deviation == 0


def test_iteration_performance_averages_over_the_tags_that_are_shown() -> None:
    # a: right, wrong, wrong, right: precision 1 up to recall 0.5, then 2/4. b: right, wrong. Nothing shows c.
    result = performance(*IMAGES, threshold=0.9)
    of_a = (51 + 50 * 2 / 4) / 101
    assert [tag.average_precision for tag in result.per_tag_performance] == pytest.approx([of_a, 1.0, 0.0])
    assert result.average_precision == pytest.approx((of_a + 1.0) / 2)


def test_iteration_performance_leaves_out_regions_of_tags_that_were_not_trained() -> None:
    result = performance(image([(UUID(int=99), LEFT), (A, RIGHT)], [(0, 0.9, RIGHT)]))
    assert (result.precision, result.recall, result.average_precision) == pytest.approx((1, 1, 1))


def scattered(seed: int, images: int) -> list[EvaluatedImage]:
    """Some true boxes on each, found more or less well, under wrong tags too; and boxes around nothing.

    Probabilities have two digits, so that many are equal.
    """
    random = np.random.default_rng(seed)

    def box(*near: float) -> Box:
        left, top, width, height = near or random.uniform([0, 0, 0.05, 0.05], [0.6, 0.6, 0.4, 0.4])
        moved = np.array([left, top, width, height]) + random.normal(0, 0.02 if near else 0, 4)
        return tuple(float(side) for side in moved.clip([0, 0, 0.01, 0.01], 1))

    def found(tag: int, truth: Box) -> Iterator[Found]:
        for _ in range(random.integers(0, 3)):
            wrong = random.random() < 0.15
            yield int(random.integers(3)) if wrong else tag, round(float(random.beta(3, 2)), 2), box(*truth)

    made = []
    for _ in range(images):
        truths = [(int(random.integers(3)), box()) for _ in range(random.integers(0, 6))]
        hits = [each for truth in truths for each in found(*truth)]
        noise = [(int(random.integers(3)), round(float(random.beta(1, 3)), 2), box()) for _ in range(3)]
        made.append(image([(TAGS[tag].id, truth) for tag, truth in truths], hits + noise))
    return made


class Coco:
    """What pycocotools says of the same images, all boxes taken and none a crowd; at one overlap."""

    def __init__(self, images: Sequence[EvaluatedImage], overlap: float, threshold: float = 0.0) -> None:
        positions = {tag.id: position for position, tag in enumerate(TAGS)}

        def entry(number: int, tag: int, at: RegionMark | EvaluatedBox) -> dict[str, object]:
            box = [at.left * WIDTH, at.top * HEIGHT, at.width * WIDTH, at.height * HEIGHT]
            return {"image_id": number, "category_id": tag, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}

        truths = [entry(n, positions[r.tag_id], r) for n, each in enumerate(images) for r in each.regions]
        found = [
            entry(n, box.tag, box) | {"score": box.probability}
            for n, each in enumerate(images)
            for box in each.boxes
            if box.probability >= threshold
        ]
        coco = COCO()
        coco.dataset = {
            "images": [{"id": number} for number in range(len(images))],
            "annotations": [each | {"id": number} for number, each in enumerate(truths, start=1)],
            "categories": [{"id": number} for number in range(3)],
        }
        with redirect_stdout(StringIO()):
            coco.createIndex()
            judge = COCOeval(coco, coco.loadRes(found), "bbox")
            judge.params.iouThrs, judge.params.maxDets = np.array([overlap]), [10_000]
            judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
            judge.evaluate()
            judge.accumulate()
        self.average_precisions = judge.eval["precision"][0, :, :, 0, 0].mean(axis=0)
        self.recalls = judge.eval["recall"][0, :, 0, 0]
        self.right = [np.concatenate([e["dtMatches"][0] > 0 for e in self._of(judge, tag)]) for tag in range(3)]

    @staticmethod
    def _of(judge: COCOeval, tag: int) -> list[dict[str, Reals]]:
        return [each for each in judge.evalImgs if each is not None and each["category_id"] == tag]


@pytest.mark.parametrize("overlap", [0.3, 0.5, 0.75, 0.9])
@pytest.mark.parametrize(("seed", "images"), [(1, 3), (2, 40), (3, 150)])
def test_average_precision_is_that_of_pycocotools(seed: int, images: int, overlap: float) -> None:
    judged = scattered(seed, images)
    expected = Coco(judged, overlap).average_precisions
    result = performance(*judged, overlap=overlap)
    assert [tag.average_precision for tag in result.per_tag_performance] == pytest.approx(expected, abs=1e-9)
    assert result.average_precision == pytest.approx(expected.mean(), abs=1e-9)


@pytest.mark.parametrize("overlap", [0.3, 0.5, 0.75])
@pytest.mark.parametrize("threshold", [0.2, 0.55, 0.8])
def test_precision_and_recall_are_those_of_pycocotools(threshold: float, overlap: float) -> None:
    judged = scattered(4, 100)
    expected = Coco(judged, overlap, threshold)
    result = performance(*judged, overlap=overlap, threshold=threshold)
    assert [tag.recall for tag in result.per_tag_performance] == pytest.approx(expected.recalls, abs=1e-9)
    precisions = [right.mean() for right in expected.right]
    assert [tag.precision for tag in result.per_tag_performance] == pytest.approx(precisions, abs=1e-9)
    assert result.precision == pytest.approx(np.concatenate(expected.right).mean(), abs=1e-9)
