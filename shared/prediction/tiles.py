"""Small objects: a detector looks at parts of a picture, too, and what several of them show counts once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from shared.imaging.boxes import Reals, suppress
from shared.prediction.outputs import Found

# Neighbours show the same fifth of their sides, so that what one of them cuts off another shows whole.
OVERLAP = 0.2
# A box that ends this near to where a tile is cut off, in sides of the tile, is of a part of an object.
CUT = 0.01
# As in the graphs that we train: a box that overlaps a better one of its tag by more is of the same object.
SAME = 0.5


class Tile(NamedTuple):
    """A part of a picture, by its corners in 0..1."""

    left: float
    top: float
    right: float
    bottom: float

    def of(self, size_wh: tuple[int, int]) -> tuple[float, float, float, float]:
        """Its corners in pixels of a picture of that size."""
        width, height = size_wh
        return self.left * width, self.top * height, self.right * width, self.bottom * height


WHOLE = Tile(0, 0, 1, 1)


def tiles(count: int) -> list[Tile]:
    """The whole picture; and where the count is 2 or more, that many tiles by as many."""
    if count < 2:
        return [WHOLE]
    side = (1 + OVERLAP) / count
    begins = np.linspace(0, 1 - side, count).tolist()
    return [WHOLE, *(Tile(left, top, left + side, top + side) for top in begins for left in begins)]


def together(found: Sequence[tuple[Tile, Found]]) -> Found:
    """What was found in each tile, by its corners in the tile -> in the picture."""
    if len(found) == 1:
        return found[0][1]
    boxes, tags, probabilities = (np.concatenate(each) for each in zip(*(_moved(*each) for each in found), strict=True))
    kept = [
        each[suppress(boxes[each], probabilities[each], SAME, len(each))]
        for each in (np.flatnonzero(tags == tag) for tag in np.unique(tags))
    ]
    places = np.concatenate([np.zeros(0, np.intp), *kept])
    return Found(boxes[places], tags[places], probabilities[places])


def _moved(tile: Tile, found: Found) -> Found:
    whole = _whole(tile, found.boxes)
    origin, size = np.array(tile[:2] * 2), np.tile([tile.right - tile.left, tile.bottom - tile.top], 2)
    return Found(origin + found.boxes[whole] * size, found.tags[whole], found.probabilities[whole])


def _whole(tile: Tile, boxes_xyxy: Reals) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which boxes, (N,), don't end where the tile does, unless the picture ends there as well."""
    inner = np.array(tile) != WHOLE
    cut = np.concatenate([boxes_xyxy[:, :2] < CUT, boxes_xyxy[:, 2:] > 1 - CUT], axis=1)
    whole: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = ~(cut & inner).any(axis=1)
    return whole
