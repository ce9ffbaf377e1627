"""The live head: least squares in closed form, whose leave-one-out scores make it calibrated and find wrong labels."""

from collections.abc import Iterator
from typing import NamedTuple, Self

import numpy as np

from shared.arrays import Doubles, Flags, Floats, Halves, Ints
from shared.models.workspace.projects import ClassificationType

# What weights cost, for embeddings of three layers of length 1 each.
RIDGE = 0.5
# A score of nothing still has so much of a chance.
FLOOR = 0.02
# How sure scores are made to be: the power that held-out labels bear out, near the usual one where they are few.
POWERS, USUAL, UNUSUAL = np.geomspace(0.3, 12, 40), 2.5, 5.0
# So many labels are enough to find it, and so many numbers at a time to score.
JUDGED, PART = 2_000, 2**21
STEPS = 25


class Sureness(NamedTuple):
    """Makes probabilities of scores (N, tags): in multiclass by a power, in multilabel by a slope and an offset."""

    kind: ClassificationType
    slope: float
    offset: float = 0.0

    def probabilities(self, scores: Floats) -> Floats:
        if self.kind == ClassificationType.MULTICLASS:
            chances = (np.maximum(scores, 0) + np.float32(FLOOR)) ** np.float32(self.slope)
            return np.asarray(chances / chances.sum(1, keepdims=True), np.float32)
        return np.asarray(1 / (1 + np.exp(-(np.float32(self.slope) * scores + np.float32(self.offset)))), np.float32)


class LiveHead(NamedTuple):
    """scores = points @ weights.T + bias, weights (tags, axes); `left_out` (N, tags) are the scores of the labelled
    images by heads that did not see them.
    """

    weights: Floats
    bias: Floats
    left_out: Floats
    sureness: Sureness

    @classmethod
    def fit(cls, points: Floats, truths: Floats, kind: ClassificationType, ridge: float = RIDGE) -> Self:
        """Points (N, axes) of labelled images, one or more, truths (N, tags) of 0 to 1."""
        count = len(points)
        centre, share = points.mean(0, dtype=np.float64), truths.mean(0, dtype=np.float64)
        gram = (points.T @ points).astype(np.float64) - count * np.outer(centre, centre)
        gram[np.diag_indices(len(gram))] += ridge
        inverse = np.linalg.inv(gram)
        found = inverse @ ((points.T @ truths).astype(np.float64) - count * np.outer(centre, share))
        weights, bias = found.T.astype(np.float32), (share - centre @ found).astype(np.float32)
        centred = points - centre.astype(np.float32)
        # How much an image's own label counts in its score: taking it out needs no second fit.
        own = np.einsum("nd,nd->n", centred @ inverse.astype(np.float32), centred) + 1 / count
        wrong = truths - (points @ weights.T + bias)
        left_out = (truths - wrong / np.clip(1 - own, 1e-3, None)[:, None]).astype(np.float32)
        return cls(np.ascontiguousarray(weights), bias, left_out, _sureness(left_out, truths, kind))

    def probabilities(self, points: Halves | Floats, rows: Ints | None = None) -> Iterator[Floats]:
        """Of these rows of points (N, axes), or of all, part by part: of all at once there would be too many."""
        step = max(1, PART // max(len(self.bias), self.weights.shape[1]))
        for start in range(0, len(points) if rows is None else len(rows), step):
            few = slice(start, start + step)
            part = points[few if rows is None else rows[few]].astype(np.float32)
            yield self.sureness.probabilities(part @ self.weights.T + self.bias)

    def doubts(self, truths: Floats) -> tuple[Floats, Ints]:
        """How much better another tag fits each labelled image than its own do, and which, (N,) both.

        In multilabel the tag that it should rather have, or not have, and how clearly so.
        """
        said, own = self.left_out, truths > 0
        if self.sureness.kind == ClassificationType.MULTILABEL:
            wrong = np.where(own, 1 - said, said)
        else:
            wrong = np.where(own, -np.inf, said - np.where(own, said, -np.inf).max(1, keepdims=True))
        tags = wrong.argmax(1)
        return wrong[np.arange(len(tags)), tags].astype(np.float32), tags


def _sureness(left_out: Floats, truths: Floats, kind: ClassificationType) -> Sureness:
    step = max(1, -(-len(truths) // JUDGED))
    said, true = left_out[::step], truths[::step]
    if kind == ClassificationType.MULTILABEL:
        return Sureness(kind, *_line(said.ravel().astype(np.float64), true.ravel() > 0))
    logs = np.log(np.maximum(said, 0) + np.float32(FLOOR))
    told = (logs * true).sum(1) / np.maximum(true.sum(1), 1e-9)
    highest = logs.max(1, keepdims=True)
    # Below all is at most 0, so no power of it overflows.
    below, fell = logs - highest, told - highest[:, 0]

    def loss(power: float) -> float:
        paid = np.log(np.exp(np.float32(power) * below).sum(1)) - power * fell
        return float(paid.sum() + UNUSUAL * np.log(power / USUAL) ** 2)

    return Sureness(kind, min(POWERS.tolist(), key=loss))


def _line(said: Doubles, true: Flags) -> tuple[float, float]:
    """The slope and the offset of the logistic curve that fits best (Platt 1999): by Newton's steps, with aims a little
    less than certain, so that few labels make nothing certain.
    """
    positives = int(true.sum())
    aims = np.where(true, (positives + 1) / (positives + 2), 1 / (len(true) - positives + 2))
    slope, offset = 4.0, -2.0
    inputs = np.stack([said, np.ones_like(said)])
    for _ in range(STEPS):
        chances = 1 / (1 + np.exp(-np.clip(slope * said + offset, -30, 30)))
        slopes = inputs @ (chances - aims)
        curves = (inputs * (chances * (1 - chances))) @ inputs.T + 1e-6 * np.eye(2)
        step = np.linalg.solve(curves, slopes)
        # No step goes far where the curve is flat.
        step *= 4.0 / max(4.0, float(np.abs(step).max()))
        slope, offset = slope - step[0], offset - step[1]
    return max(0.0, float(slope)), float(offset)
