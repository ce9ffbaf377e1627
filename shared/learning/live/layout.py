"""A map on which images that look alike lie together: neighbours pull, strangers push (UMAP; McInnes 2018)."""

from typing import NamedTuple

import numpy as np

from shared.arrays import Floats, Halves, Ints

# Of the axes of a project the first tell who is near whom; so many neighbours each.
AXES, NEIGHBOURS = 50, 12
# More images are placed among so many of them, each between its nearest.
LANDMARKS, BETWEEN = 10_000, 5
ROUNDS, STRANGERS = 200, 4
# How a pull fades: neighbours come no nearer to each other than a tenth of the distance of strangers.
SPREAD, FALL = 1.577, 0.895
LONGEST = 4.0
# So many distances at a time.
PART = 2**22


class Edges(NamedTuple):
    """From point to point, (edges,) each, and how strong each is, 0 to 1."""

    ends: Ints
    others: Ints
    strengths: Floats


def layout(points: Halves) -> Floats:
    """Places (N, 2), 0 to 1, of points (N, axes). The same points have the same places."""
    if not len(points):
        return np.empty((0, 2), np.float32)
    chance = np.random.default_rng(len(points))
    axes = points[:, :AXES].astype(np.float32)
    landmarks = np.sort(chance.permutation(len(axes))[:LANDMARKS])
    placed = _placed(axes[landmarks], chance)
    if len(landmarks) < len(axes):
        placed = _between(axes, axes[landmarks], placed)
    low, high = placed.min(0), placed.max(0)
    return np.asarray((placed - low) / np.maximum(high - low, 1e-6), np.float32)


def _placed(points: Floats, chance: np.random.Generator) -> Floats:
    places, edges = _begun(points, chance), _edges(points)
    for step in range(ROUNDS):
        rate = 1 - step / ROUNDS
        drawn = chance.random(len(edges.ends), np.float32) < edges.strengths
        ends, others = edges.ends[drawn], edges.others[drawn]
        pulls = _pull(places[ends] - places[others])
        moves = _summed(ends, pulls, len(places)) - _summed(others, pulls, len(places))
        pushed = np.tile(ends, STRANGERS)
        strangers = chance.integers(0, len(places), len(pushed))
        moves += _summed(pushed, _push(places[pushed] - places[strangers]), len(places))
        places += np.float32(rate) * moves
    return places


def _begun(points: Floats, chance: np.random.Generator) -> Floats:
    """Along the two strongest axes, with a little chance, so that no two lie in one place."""
    flat = np.zeros((len(points), 2), np.float32)
    flat[:, : min(2, points.shape[1])] = points[:, :2]
    flat *= 10 / max(1e-6, float(np.abs(flat).max(initial=0)))
    return np.asarray(flat + chance.normal(0, 1e-2, flat.shape), np.float32)


def _edges(points: Floats) -> Edges:
    """To the nearest, each the stronger the nearer it is, by the measure of the point's own surroundings."""
    nearest, distances = _nearest(points, points, min(NEIGHBOURS + 1, len(points)))
    # The first is the point itself.
    nearest, distances = nearest[:, 1:], distances[:, 1:]
    beyond = distances - distances.min(1, keepdims=True, initial=np.inf)
    strengths = np.exp(-beyond / np.maximum(beyond.sum(1, keepdims=True) / NEIGHBOURS, 1e-6))
    ends = np.repeat(np.arange(len(points)), nearest.shape[1])
    return Edges(ends, nearest.ravel(), np.asarray(strengths.ravel(), np.float32))


def _nearest(points: Floats, among: Floats, count: int) -> tuple[Ints, Floats]:
    """Rows among the others, (N, count), the nearest first, and how far they are."""
    squares = (among**2).sum(1)
    found, far = [], []
    step = max(1, PART // max(1, len(among)))
    for start in range(0, len(points), step):
        part = points[start : start + step]
        distances = squares - 2 * part @ among.T
        near = np.argpartition(distances, count - 1, axis=1)[:, :count]
        at = np.take_along_axis(distances, near, 1)
        order = np.argsort(at, axis=1, kind="stable")
        found.append(np.take_along_axis(near, order, 1))
        far.append(np.take_along_axis(at, order, 1) + (part**2).sum(1, keepdims=True))
    return np.concatenate(found), np.sqrt(np.maximum(np.concatenate(far), 0)).astype(np.float32)


def _pull(apart: Floats) -> Floats:
    square = np.maximum((apart**2).sum(1, keepdims=True), 1e-6)
    force = -2 * SPREAD * FALL * square ** (FALL - 1) / (1 + SPREAD * square**FALL)
    return np.asarray(np.clip(force * apart, -LONGEST, LONGEST), np.float32)


def _push(apart: Floats) -> Floats:
    square = (apart**2).sum(1, keepdims=True)
    force = 2 * FALL / ((1e-3 + square) * (1 + SPREAD * square**FALL))
    return np.asarray(np.clip(force * apart, -LONGEST, LONGEST), np.float32)


def _summed(at: Ints, moves: Floats, count: int) -> Floats:
    return np.asarray(np.stack([np.bincount(at, moves[:, axis], count) for axis in (0, 1)], axis=1), np.float32)


def _between(points: Floats, landmarks: Floats, placed: Floats) -> Floats:
    nearest, distances = _nearest(points, landmarks, BETWEEN)
    weights = 1 / np.maximum(distances, 1e-6)
    return np.asarray((placed[nearest] * (weights / weights.sum(1, keepdims=True))[..., None]).sum(1), np.float32)
