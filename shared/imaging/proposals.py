"""Boxes around what stands out of a picture, whatever it is: no model, only the picture's own colours.

A map for each of three distances (from the picture's median colour, and from the mean of a small and of a large
neighbourhood) is cut at five levels; each connected part of a cut is a candidate. It scores by how much it differs from
the ring around it in colour and in detail, and by how well it fills its box; larger ones come first among equals.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from shared.imaging.boxes import Indices, Reals, suppress, xyxy_to_ltwh

# All is measured on a square copy of so many pixels a side, whatever the picture's size and proportions.
SIDE = 96
NEIGHBOURHOODS = (SIDE // 12, SIDE // 5)
# Of the picture, and by how much its pixels differ at least: noise and shading are no objects.
SHARES_LEFT_OUT = (0.5, 0.65, 0.8, 0.9, 0.95)
LEAST_DIFFERENCE = 8.0
# Opposed colours (red to green, yellow to blue) tell objects apart better than brightness, which shadows change.
COLOUR_WEIGHT = 1.5
SMALLEST_SIDE, SMALLEST_SHARE, LARGEST_SHARE = 3, 0.002, 0.9
# Of the box's sides, and two pixels at least.
RING = 0.15
CONTRAST_SCALE = 60.0
FILL_POWER, SIZE_POWER = 0.25, 0.5
# Each edge of the picture that a box touches: what is cut off there is background more often than not.
EDGE_FACTOR = 0.8
OVERLAP = 0.5
# A part that winds so often that as many sweeps along rows and columns don't join it falls into several.
SWEEPS = 32


class Proposal(NamedTuple):
    """The box is left, top, width, height in fractions of the picture."""

    confidence: float
    box_ltwh: tuple[float, float, float, float]


class Candidates(NamedTuple):
    """Boxes in pixels of the copy, (N, 4), and how many pixels of each belong to its part, (N,)."""

    boxes_xyxy: Indices
    areas: Indices


def propose(picture: Image.Image, most: int) -> list[Proposal]:
    """The likeliest boxes first; none for a picture without contrast.

    Measured on 2026-11-21 by `python -m benchmarks.proposals`, at IoU 0.5 and on the photographs by which the constants
    above were chosen: all of 40 forks and scissors are among the first 10, 80 % are the first; of 3,941 blood cells, 13
    a picture and many of them touching, 23 % are among the first 10 and 48 % among 25. A picture takes 24 to 42 ms of
    one core at the median, 88 ms at most.
    """
    small = picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    planes = _opponent(np.asarray(small, np.float64))
    found = _candidates(_cuts(planes))
    scores = _scores(planes, found)
    kept = suppress(found.boxes_xyxy.astype(np.float64), scores, OVERLAP, most)
    boxes = xyxy_to_ltwh(found.boxes_xyxy[kept] / SIDE).tolist()
    confidences = (scores[kept] / (1 + scores[kept])).tolist()
    return [Proposal(confidence, tuple(box)) for confidence, box in zip(confidences, boxes, strict=True)]


def _opponent(rgb: Reals) -> Reals:
    """(side, side, 3) -> brightness, red to green, yellow to blue: (3, side, side)."""
    red, green, blue = rgb.transpose(2, 0, 1)
    colours = (red - green, (red + green) / 2 - blue)
    return np.stack([rgb.mean(axis=2), *(COLOUR_WEIGHT * colour for colour in colours)])


def _cuts(planes: Reals) -> npt.NDArray[np.bool_]:
    """The pixels of each map that are above each level, (cuts, side, side)."""
    surroundings = [np.median(planes, axis=(1, 2), keepdims=True), *(_means(planes, reach) for reach in NEIGHBOURHOODS)]
    maps = [np.sqrt(((planes - usual) ** 2).sum(axis=0)) for usual in surroundings]
    levels = (np.quantile(each, SHARES_LEFT_OUT).clip(LEAST_DIFFERENCE) for each in maps)
    return np.concatenate([each > level[:, None, None] for each, level in zip(maps, levels, strict=True)])


def _means(planes: Reals, reach: int) -> Reals:
    """Of the square of so many pixels to every side of each pixel, as far as it lies in the picture."""
    centres = np.arange(SIDE)
    first, last = (centres - reach).clip(0), (centres + reach + 1).clip(None, SIDE)
    columns, rows = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    squares = np.stack([first[columns], first[rows], last[columns], last[rows]], axis=-1).reshape(-1, 4)
    means: Reals = (_sums(planes, squares) / _areas(squares)).reshape(planes.shape)
    return means


def _candidates(cuts: npt.NDArray[np.bool_]) -> Candidates:
    """The connected parts of every cut that are neither tiny nor nearly all of the picture."""
    places = np.flatnonzero(cuts)
    parts, owners = np.unique(_parts(cuts).ravel()[places], return_inverse=True)
    _, rows, columns = np.unravel_index(places, cuts.shape)
    low, high = np.full((len(parts), 2), SIDE), np.zeros((len(parts), 2), np.intp)
    np.minimum.at(low, owners, np.stack([columns, rows], axis=1))
    np.maximum.at(high, owners, np.stack([columns, rows], axis=1) + 1)
    boxes = np.concatenate([low, high], axis=1)
    shares = _areas(boxes) / SIDE**2
    fit = ((high - low).min(axis=1) >= SMALLEST_SIDE) & (shares >= SMALLEST_SHARE) & (shares <= LARGEST_SHARE)
    return Candidates(boxes[fit], np.bincount(owners, minlength=len(parts))[fit])


def _parts(cuts: npt.NDArray[np.bool_]) -> Indices:
    """A number for each pixel, the same for those that are connected along rows and columns, (cuts, side, side)."""
    numbers = np.arange(cuts.size).reshape(cuts.shape)
    rows, columns = _starts_of_runs(cuts), _starts_of_runs(cuts.transpose(0, 2, 1))
    for _ in range(SWEEPS):
        swept = _least_of_runs(_least_of_runs(numbers, rows).transpose(0, 2, 1), columns).transpose(0, 2, 1)
        if np.array_equal(swept, numbers):
            break
        numbers = swept
    return numbers


def _starts_of_runs(cuts: npt.NDArray[np.bool_]) -> Indices:
    """Where, in the flattened array, a row begins or its value changes."""
    starts = np.ones(cuts.shape, np.bool_)
    starts[..., 1:] = cuts[..., 1:] != cuts[..., :-1]
    return np.flatnonzero(starts)


def _least_of_runs(numbers: Indices, starts: Indices) -> Indices:
    least = np.minimum.reduceat(numbers.ravel(), starts)
    return np.repeat(least, np.diff(starts, append=numbers.size)).reshape(numbers.shape)


def _scores(planes: Reals, found: Candidates) -> Reals:
    """Of every candidate, 0 or more, (N,)."""
    boxes, areas = found.boxes_xyxy, _areas(found.boxes_xyxy)
    sides = boxes[:, 2:] - boxes[:, :2]
    reach = np.maximum(2, np.round(RING * sides)).astype(np.intp)
    outer = np.concatenate([boxes[:, :2] - reach, boxes[:, 2:] + reach], axis=1).clip(0, SIDE)
    detail = np.abs(np.stack(np.gradient(planes[0]))).sum(axis=0)
    values = np.concatenate([planes, detail[None]])
    inside, whole = _sums(values, boxes), _sums(values, outer)
    within, around = inside / areas, (whole - inside) / (_areas(outer) - areas)
    contrast = np.sqrt(((within[:3] - around[:3]) ** 2).sum(axis=0)) / CONTRAST_SCALE
    busier = ((within[3] - around[3]) / (within[3] + around[3] + 1e-6)).clip(0)
    edges = ((boxes == 0) | (boxes == SIDE)).sum(axis=1)
    fill, size = (found.areas / areas) ** FILL_POWER, (areas / SIDE**2) ** SIZE_POWER
    scores: Reals = (busier + contrast) * fill * size * EDGE_FACTOR**edges
    return scores


def _sums(planes: Reals, boxes_xyxy: Indices) -> Reals:
    """Of every plane within every box: (K, side, side), (N, 4) -> (K, N)."""
    table = np.pad(planes.cumsum(axis=1).cumsum(axis=2), ((0, 0), (1, 0), (1, 0)))
    x1, y1, x2, y2 = boxes_xyxy.T
    sums: Reals = table[:, y2, x2] - table[:, y1, x2] - table[:, y2, x1] + table[:, y1, x1]
    return sums


def _areas(boxes_xyxy: Indices) -> Indices:
    areas: Indices = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).prod(axis=1)
    return areas
