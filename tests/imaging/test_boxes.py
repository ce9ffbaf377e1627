"""Boxes: conversions, overlap and suppression, with numbers worked out by hand."""

import numpy as np
import numpy.typing as npt
import pytest

from shared.imaging.boxes import iou, ltwh_to_xyxy, suppress, xyxy_to_ltwh

EMPTY = np.zeros((0, 4))


@pytest.mark.parametrize(
    ("xyxy", "ltwh"),
    [(EMPTY, EMPTY), ([[1, 2, 4, 8], [0, 0, 0, 0]], [[1, 2, 3, 6], [0, 0, 0, 0]])],
)
def test_conversions_go_both_ways(xyxy: npt.ArrayLike, ltwh: npt.ArrayLike) -> None:
    assert np.array_equal(xyxy_to_ltwh(np.array(xyxy)), ltwh)
    assert np.array_equal(ltwh_to_xyxy(np.array(ltwh)), xyxy)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([0, 0, 2, 2], 1),
        ([0, 0, 1, 2], 1 / 2),
        ([1, 1, 3, 3], 1 / 7),
        ([2, 0, 4, 2], 0),
        ([5, 5, 6, 6], 0),
        ([1, 1, 1, 1], 0),
        ([-1, -1, 3, 3], 4 / 16),
    ],
)
def test_iou_of_a_box_with_a_square_of_two(box: list[int], expected: float) -> None:
    square = np.array([[0, 0, 2, 2]])
    assert iou(np.array([box]), square) == pytest.approx(np.array([[expected]]))
    assert iou(square, np.array([box])) == pytest.approx(np.array([[expected]]))


def test_iou_of_empty_boxes_is_0_and_of_no_boxes_has_no_values() -> None:
    assert iou(np.zeros((1, 4)), np.zeros((2, 4))).tolist() == [[0, 0]]
    assert iou(EMPTY, np.ones((3, 4))).shape == (0, 3)
    assert iou(np.ones((3, 4)), EMPTY).shape == (3, 0)


def test_suppress_keeps_the_best_of_those_that_overlap() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10], [0, 0, 10, 4]])
    scores = np.array([0.5, 0.9, 0.7, 0.1])
    # The first overlaps the second by 90 / 110; the last overlaps it by 36 / 114.
    assert suppress(boxes, scores, overlap=0.5, most=9).tolist() == [1, 2, 3]
    assert suppress(boxes, scores, overlap=0.3, most=9).tolist() == [1, 2]
    assert suppress(boxes, scores, overlap=0.9, most=9).tolist() == [1, 2, 0, 3]
    assert suppress(boxes, scores, overlap=0.5, most=1).tolist() == [1]


def test_suppress_of_nothing_is_nothing() -> None:
    kept = suppress(EMPTY, np.zeros(0), overlap=0.5, most=9)
    assert np.zeros((5, 4))[kept].shape == (0, 4)
