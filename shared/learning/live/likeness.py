"""Which images look alike, by their points along a project's axes."""

import numpy as np

from shared.arrays import Floats, Halves, Ints
from shared.learning.live.choosing import directed

# So many points at a time are made floats.
PART = 2_048
# Near-duplicates are this similar (cosine of the embeddings), and were uploaded about one after the other.
TWINS, WINDOW = 0.95, 64
# Where more than this share of images has one, they are no duplicates: all the images look alike.
UNIFORM = 0.1


def similarities(points: Halves, to: Floats) -> Floats:
    """Cosines of all points (N, axes) to one, (N,)."""
    (direction,) = directed(to[None])
    found = np.empty(len(points), np.float32)
    for at in range(0, len(points), PART):
        found[at : at + PART] = directed(points[at : at + PART].astype(np.float32)) @ direction
    return found


def groups(points: Halves, rows: Ints, mean: Floats) -> list[Ints]:
    """Places of near-duplicates among images, whose rows (N,) of points (M, axes) are in the order of their upload;
    `mean` (axes + 1,) is where the middle of all lies along the axes, and how far it is off them.

    None where all look alike.
    """
    parents = np.arange(len(rows))
    for start in range(0, len(rows), PART):
        part = points[rows[start : start + PART + WINDOW]].astype(np.float32)
        whole = directed(np.hstack([part + mean[:-1], np.full((len(part), 1), mean[-1], np.float32)]))
        for step in range(1, min(WINDOW, len(whole) - 1) + 1):
            for place in np.flatnonzero((whole[:-step] * whole[step:]).sum(1)[:PART] >= TWINS).tolist():
                _join(parents, start + place, start + place + step)
    roots = np.array([_root(parents, place) for place in range(len(parents))], np.int64)
    found = [np.flatnonzero(roots == root) for root in np.flatnonzero(np.bincount(roots) > 1)] if len(roots) else []
    return found if sum(map(len, found)) <= UNIFORM * len(rows) else []


def _root(parents: Ints, place: int) -> int:
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = int(parents[place])
    return place


def _join(parents: Ints, one: int, other: int) -> None:
    parents[_root(parents, other)] = _root(parents, one)
