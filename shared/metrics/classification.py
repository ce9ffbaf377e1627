"""How well a classifier does: each image counts once for each of its tags, in multiclass for one of them."""

from collections.abc import Iterable, Sequence

import numpy as np

from shared.arrays import Flags
from shared.imaging.boxes import Reals
from shared.metrics.counts import Curve
from shared.models.training.evaluations import EvaluatedImage
from shared.models.training.model_spec import ModelTag
from shared.models.workspace.projects import ClassificationType


def curves(images: Iterable[EvaluatedImage], tags: Sequence[ModelTag], kind: ClassificationType | None) -> list[Curve]:
    """One for each tag.

    A multilabel model predicts every tag whose probability reaches the threshold. A multiclass model predicts its most
    probable tag alone, where that reaches the threshold. There an image of several tags counts for the most probable of
    them, so that a prediction of any of them is right.
    """
    answers, truths = _table(images, tags)
    predicted, counted = np.ones(answers.shape, bool), truths
    if kind == ClassificationType.MULTICLASS and answers.size:
        predicted = _most_probable(answers)
        counted = truths & _most_probable(np.where(truths, answers, -1))
    columns = zip(answers.T, truths.T, counted.T, predicted.T, strict=True)
    return [
        Curve.of(ps[mine], true[mine], int(number.sum()), average_precision(ps, true))
        for ps, true, number, mine in columns
    ]


def average_precision(probabilities: Reals, truths: Flags) -> float | None:
    """The area under the precision-recall curve of answers and whether each is true, (N,), as a sum of steps in recall.

    Equal probabilities make one step. None where nothing is true.
    """
    if not truths.any():
        return None
    order = np.argsort(-probabilities)
    ends = np.append(np.flatnonzero(np.diff(probabilities[order])), len(order) - 1)
    hits = truths[order].cumsum()[ends]
    return float((np.diff(hits, prepend=0) * hits / (ends + 1)).sum() / truths.sum())


def _most_probable(answers: Reals) -> Flags:
    """Which tag is the most probable of each image, (images, tags)."""
    flags: Flags = np.arange(answers.shape[1]) == answers.argmax(axis=1, keepdims=True)
    return flags


def _table(images: Iterable[EvaluatedImage], tags: Sequence[ModelTag]) -> tuple[Reals, Flags]:
    """The probability of each tag, and whether the image carries it, (images, tags)."""
    positions = {tag.id: position for position, tag in enumerate(tags)}
    rows = [(np.array(image.probabilities), [positions[tag] for tag in image.tags]) for image in images]
    answers = np.array([row for row, _ in rows], float).reshape(len(rows), len(tags))
    truths = np.zeros(answers.shape, bool)
    for image, (_, carried) in enumerate(rows):
        truths[image, carried] = True
    return answers, truths
