"""Honest evaluation: every image is judged by a head that saw neither it nor its near-duplicates."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from shared.arrays import Doubles, Floats, Ints
from shared.learning.classifier_recipe import Recipe
from shared.learning.head import Head, fit, probabilities
from shared.models.workspace.projects import ClassificationType


def held_out(
    embeddings: Floats,
    truths: Floats,
    fold_of: Ints,
    kind: ClassificationType,
    recipe: Recipe,
    base: Head | None = None,
) -> Doubles:
    """Each image's probabilities, (N, tags), by the head that was fitted without its fold."""
    answer = np.zeros(truths.shape)

    def judge(fold: int) -> None:
        inside = fold_of == fold
        head = fit(embeddings[~inside], truths[~inside], kind, recipe, base)
        answer[inside] = probabilities(head, embeddings[inside], kind)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(judge, np.unique(fold_of)):
            pass
    return answer


def losses(answers: Doubles, truths: Floats, kind: ClassificationType) -> Doubles:
    """Each image's cross-entropy, (N,)."""
    right = np.log(np.clip(answers, 1e-6, 1))
    if kind == ClassificationType.MULTICLASS:
        per_tag = truths * right
    else:
        per_tag = np.where(truths > 0, right, np.log(np.clip(1 - answers, 1e-6, 1)))
    total: Doubles = -per_tag.sum(1)
    return total


def clearly_better(losses_new: Doubles, losses_old: Doubles, groups: Ints) -> bool:
    """Whether the mean loss fell by over two standard errors; a group of near-duplicates is one observation."""
    gains = np.bincount(groups, losses_old - losses_new)
    return bool(gains.sum() > 2 * np.sqrt((gains**2).sum()))
