"""Which images to ask people for: typical ones first, then those that the head is least sure of, none twice in kind."""

import numpy as np

from shared.arrays import Flags, Floats, Ints

# So many images tell what is typical of all.
LOOKED_AT, ROUNDS = 5_000, 8
# Two images are of a kind from this cosine on.
ALIKE = 0.9


def typical(points: Floats, labelled: Floats, count: int) -> Ints:
    """Places of `count` of the points (N, axes): the middle ones of the largest clusters that have no labelled one."""
    chance = np.random.default_rng(len(points))
    some = np.sort(chance.permutation(len(points))[:LOOKED_AT])
    if not len(some):
        return some
    every = np.concatenate([points[some], labelled])
    centres = _begun(points[some], labelled, count, chance)
    for _ in range(ROUNDS):
        nearest = _nearest(every, centres)
        sizes = np.bincount(nearest, minlength=len(centres))
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, every)
        centres = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centres).astype(np.float32)
    nearest = _nearest(every, centres)
    sizes = np.bincount(nearest[: len(some)], minlength=len(centres))
    sizes[nearest[len(some) :]] = 0
    largest = np.argsort(-sizes, kind="stable")[:count]
    chosen = [_middle(points[some], nearest[: len(some)] == at, centres[at]) for at in largest if sizes[at]]
    return np.asarray(some[chosen] if chosen else some[:0], np.int64)


def spread(points: Floats, count: int) -> Ints:
    """Places of the first `count` of the points (N, axes) that are not of a kind with one before them."""
    directions = directed(points)
    chosen: list[int] = []
    for place, direction in enumerate(directions):
        if len(chosen) == count:
            break
        if not chosen or float((directions[chosen] @ direction).max()) < ALIKE:
            chosen.append(place)
    return np.array(chosen, np.int64)


def directed(points: Floats) -> Floats:
    """At length 1, but for what lies in the middle of all."""
    return np.asarray(points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-6), np.float32)


def _begun(points: Floats, labelled: Floats, count: int, chance: np.random.Generator) -> Floats:
    """The labelled ones and `count` others as centres: each the more probably the farther it is from those before
    (Arthur and Vassilvitskii 2007).
    """
    centres = list(labelled) or [points[0]]
    distances = np.min([((points - centre) ** 2).sum(1) for centre in centres], axis=0).astype(np.float64)
    while len(centres) < len(labelled) + count and distances.sum() > 0:
        centres.append(points[chance.choice(len(points), p=distances / distances.sum())])
        distances = np.minimum(distances, ((points - centres[-1]) ** 2).sum(1))
    return np.stack(centres)


def _nearest(points: Floats, centres: Floats) -> Ints:
    return np.asarray((points @ centres.T - 0.5 * (centres**2).sum(1)).argmax(1), np.int64)


def _middle(points: Floats, among: Flags, centre: Floats) -> int:
    distances = np.where(among, ((points - centre) ** 2).sum(1), np.inf)
    return int(distances.argmin())
