"""What a consumer computes by a package as it was exported, written down from how it is documented."""

from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple

import numpy as np
import onnx
from PIL import Image

from training_job.graphs.running import session

ANCHORS = np.array([[0.573, 0.677], [1.87, 2.06], [3.34, 5.47], [7.88, 3.53], [9.77, 9.17]])
SAME, LEAST, MOST = 0.45, 0.01, 64


class Seen(NamedTuple):
    """A box: x1, y1, x2, y2 in 0..1."""

    tag: int
    score: float
    box: np.ndarray


def pixels_of(picture: bytes, side: int, *, bgr: bool, unit: bool) -> np.ndarray:
    """Squashed by Pillow's own filter, (1, 3, side, side)."""
    image = Image.open(BytesIO(picture)).convert("RGB").resize((side, side))
    planes = np.asarray(image, np.float32).transpose(2, 0, 1)[None]
    planes = planes[:, ::-1] if bgr else planes
    return np.ascontiguousarray(planes / 255 if unit else planes)


def run(model: onnx.ModelProto, pixels: np.ndarray) -> list[np.ndarray]:
    running = session(model)
    return running.run(None, {running.get_inputs()[0].name: pixels})


def decoded(grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(channels, rows, columns) -> corners (N, 4) and scores (N, tags)."""
    _, rows, columns = grid.shape
    cells = grid.transpose(1, 2, 0).reshape(rows, columns, len(ANCHORS), -1).astype(np.float64)
    x = (logistic(cells[..., 0]) + np.arange(columns)[None, :, None]) / columns
    y = (logistic(cells[..., 1]) + np.arange(rows)[:, None, None]) / rows
    width = np.exp(cells[..., 2]) * ANCHORS[:, 0] / columns
    height = np.exp(cells[..., 3]) * ANCHORS[:, 1] / rows
    corners = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=-1)
    likely = np.exp(cells[..., 5:] - cells[..., 5:].max(axis=-1, keepdims=True))
    scores = likely / likely.sum(axis=-1, keepdims=True) * logistic(cells[..., 4:5])
    return corners.reshape(-1, 4), scores.reshape(len(corners.reshape(-1, 4)), -1)


def suppressed(corners: np.ndarray, scores: np.ndarray, same: float = SAME, most: int = MOST) -> list[Seen]:
    """The surest score of all, and no other of its tag of a box that overlaps it, again and again."""
    found: list[Seen] = []
    left = scores.copy()
    while len(found) < most and left.max(initial=0) >= LEAST:
        place, tag = np.unravel_index(left.argmax(), left.shape)
        found.append(Seen(int(tag), float(left[place, tag]), corners[place].clip(0, 1)))
        left[overlap(corners[place], corners) > same, tag] = 0
        left[place, tag] = 0
    return found


def overlap(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    low, high = np.maximum(one[:2], others[:, :2]), np.minimum(one[2:], others[:, 2:])
    common = (high - low).clip(0).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    return common / (np.prod(one[2:] - one[:2]) + areas - common)


def logistic(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def agree(wanted: Sequence[Seen], found: Sequence[Seen], most: float = 1e-4) -> None:
    """Each wanted box is found, and none that would be among the surest is too much."""
    last = wanted[-1].score
    assert abs(sum(each.score > last + most for each in found) - sum(each.score > last + most for each in wanted)) == 0
    for each in wanted:
        twins = [
            other
            for other in found
            if other.tag == each.tag
            and abs(other.score - each.score) <= most
            and np.abs(other.box - each.box).max() <= most
        ]
        assert twins, each
