"""Which tiles a detector looks at, and what becomes of what several of them show."""

import numpy as np
import pytest

from shared.prediction.outputs import Found
from shared.prediction.tiles import WHOLE, Tile, tiles, together

LEFT, RIGHT = Tile(0, 0, 0.6, 1), Tile(0.4, 0, 1, 1)


def found(*boxes: tuple[float, ...], tag: int = 0, probability: float = 0.5) -> Found:
    count = len(boxes)
    return Found(np.array(boxes).reshape(count, 4), np.full(count, tag), np.full(count, probability))


@pytest.mark.parametrize(("count", "side"), [(2, 0.6), (3, 0.4), (4, 0.3)])
def test_tiles_cover_the_picture_and_each_other_s_edges(count: int, side: float) -> None:
    whole, *parts = tiles(count)
    assert (whole, len(parts)) == (WHOLE, count**2)
    assert parts[0] == pytest.approx((0, 0, side, side))
    assert parts[-1] == pytest.approx((1 - side, 1 - side, 1, 1))
    lefts = sorted({part.left for part in parts})
    assert np.diff(lefts) == pytest.approx((1 - side) / (count - 1))
    assert np.diff(lefts).max() < side


def test_one_tile_is_the_whole_picture() -> None:
    assert tiles(1) == [WHOLE]
    alone = found((0, 0, 0.5, 0.5), (0, 0, 0.5, 0.5))
    assert together([(WHOLE, alone)]) is alone


def test_a_box_of_a_tile_is_moved_into_the_picture() -> None:
    nothing, moved = found(), together([(WHOLE, found()), (Tile(0.5, 0.25, 1, 0.75), found((0.5, 0.5, 1, 0.75)))])
    assert moved.boxes.tolist() == [[0.75, 0.5, 1, 0.625]]
    assert (moved.tags.tolist(), moved.probabilities.tolist()) == ([0], [0.5])
    assert len(together([(WHOLE, nothing), (LEFT, nothing)]).tags) == 0


def test_what_several_tiles_show_counts_once_and_other_tags_beside_it() -> None:
    middle = (0.45, 0.2, 0.55, 0.6)
    in_left = (0.45 / 0.6, 0.2, 0.55 / 0.6, 0.6)
    in_right = (0.05 / 0.6, 0.2, 0.15 / 0.6, 0.6)
    once = together(
        [
            (WHOLE, found(middle, probability=0.3)),
            (LEFT, found(in_left, probability=0.9)),
            (RIGHT, found(in_right, tag=1, probability=0.2)),
        ]
    )
    assert once.boxes == pytest.approx(np.array([middle, middle]))
    assert (once.tags.tolist(), once.probabilities.tolist()) == ([0, 1], [0.9, 0.2])


def test_what_a_tile_cuts_off_is_left_to_its_neighbour() -> None:
    cut, at_the_picture_s_edge = (0.8, 0.2, 1, 0.4), (0, 0, 0.3, 1)
    assert together([(WHOLE, found()), (LEFT, found(cut, at_the_picture_s_edge))]).boxes == pytest.approx(
        np.array([[0, 0, 0.18, 1]])
    )
