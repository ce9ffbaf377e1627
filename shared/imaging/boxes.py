"""Boxes as arrays: conversions, overlap and suppression. Pixels or fractions, as long as both sides agree."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

# Of any precision.
Reals: TypeAlias = npt.NDArray[np.floating]
Indices: TypeAlias = npt.NDArray[np.intp]


def xyxy_to_ltwh(boxes_xyxy: Reals) -> Reals:
    """Two corners -> left, top, width, height: (N, 4) -> (N, 4)."""
    return np.concatenate([boxes_xyxy[:, :2], boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]], axis=1)


def ltwh_to_xyxy(boxes_ltwh: Reals) -> Reals:
    """Left, top, width, height -> two corners: (N, 4) -> (N, 4)."""
    return np.concatenate([boxes_ltwh[:, :2], boxes_ltwh[:, :2] + boxes_ltwh[:, 2:]], axis=1)


def iou(boxes_xyxy: Reals, others_xyxy: Reals) -> Reals:
    """Intersection over union of every pair: (N, 4), (M, 4) -> (N, M). An empty box overlaps nothing."""
    corners = np.maximum(boxes_xyxy[:, None, :2], others_xyxy[None, :, :2])
    opposite = np.minimum(boxes_xyxy[:, None, 2:], others_xyxy[None, :, 2:])
    both = (opposite - corners).clip(0).prod(axis=2)
    union = _areas(boxes_xyxy)[:, None] + _areas(others_xyxy)[None] - both
    overlap: Reals = np.divide(both, union, out=np.zeros(both.shape), where=union > 0)
    return overlap


def suppress(boxes_xyxy: Reals, scores: Reals, overlap: float, most: int) -> Indices:
    """The best boxes, none of which overlaps a better one by more than `overlap`: (N, 4), (N,) -> (M,), best first."""
    left = np.argsort(-scores, kind="stable")
    kept: list[np.intp] = []
    while len(left) and len(kept) < most:
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[iou(boxes_xyxy[best][None], boxes_xyxy[left])[0] <= overlap]
    return np.array(kept, np.intp)


def _areas(boxes_xyxy: Reals) -> Reals:
    areas: Reals = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).clip(0).prod(axis=1)
    return areas
