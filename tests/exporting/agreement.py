"""Whether a format says what the served graph says: probabilities, boxes, and grids as their consumers decode them."""

from collections.abc import Mapping, Sequence

import numpy as np

from shared.imaging.boxes import iou
from tests.exporting.making import decoded

Answers = Sequence[Mapping[str, np.ndarray]]
# Boxes that are surer have to be found again.
SEEN = 0.3
CLOSE, CLOSE_HALF = 1e-5, 0.02
OVERLAP, OVERLAP_HALF = 0.999, 0.98


def agree(served: Answers, given: Answers, *, half: bool = False) -> None:
    """`half` says that half precision is enough, which moves boxes, too, and now and then from a cell to the next."""
    pairs = list(zip(served, given, strict=True))
    if len(served[0]) == 1 and "model_outputs0" not in served[0]:
        for mine, other in pairs:
            agree_on_probabilities(*mine.values(), *other.values(), half=half)
        return
    again = [each for mine, other in pairs for each in seen_again(boxes(mine), boxes(other), half=half)]
    assert len(again) > 20
    assert np.mean(again) >= (0.99 if half else 1)


def agree_on_probabilities(mine: np.ndarray, other: np.ndarray, *, half: bool) -> None:
    assert other.shape == mine.shape
    assert np.abs(other - mine).max() < (CLOSE_HALF if half else CLOSE)
    assert other.argmax() == mine.argmax()


def seen_again(mine: np.ndarray, other: np.ndarray, *, half: bool) -> list[bool]:
    """Whether each that is seen by one is seen by the other: of rows of x1, y1, x2, y2, score and tag, (M, 6)."""
    assert half or len(mine) == len(other)
    sides = (mine, other), (other, mine)
    return [found(row, others, half=half) for rows, others in sides for row in rows[rows[:, 4] > SEEN]]


def found(row: np.ndarray, others: np.ndarray, *, half: bool) -> bool:
    """Whether one of the others is the same."""
    twins = others[others[:, 5] == row[5]]
    overlaps = iou(row[None, :4], twins[:, :4])[0] > (OVERLAP_HALF if half else OVERLAP)
    near = np.abs(twins - row)[:, 4 if half else 0 :].max(axis=1) < (CLOSE_HALF if half else CLOSE)
    return bool((overlaps & near).any())


def boxes(answer: Mapping[str, np.ndarray]) -> np.ndarray:
    """Rows of x1, y1, x2, y2, score and tag, (M, 6), without those that fill up."""
    if "model_outputs0" in answer:
        return decoded(answer["model_outputs0"][0])
    if "model_outputs" in answer:
        return decoded(answer["model_outputs"][0].transpose(2, 0, 1))
    corners, tags, scores = (answer[f"detected_{name}"] for name in ("boxes", "classes", "scores"))
    rows = np.column_stack([corners.reshape(-1, 4), scores.reshape(-1), tags.reshape(-1)]).astype(np.float64)
    return rows[rows[:, 4] > 0]
