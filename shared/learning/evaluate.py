"""Honest evaluation: every image is judged by a head that saw neither it nor its near-duplicates."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from shared.arrays import Doubles, Floats, Ints
from shared.learning.classifier_recipe import Recipe
from shared.learning.head import fit, logits
from shared.models.workspace.projects import ClassificationType


def held_out(
    embeddings: Floats,
    truths: Floats,
    fold_of: Ints,
    kind: ClassificationType,
    recipe: Recipe,
    given: Floats | None = None,
) -> Floats:
    """Each image's logits, (N, tags), by the head that was fitted without its fold; without those that are given."""
    answer = np.zeros(truths.shape, np.float32)

    def judge(fold: int) -> None:
        inside = fold_of == fold
        known = None if given is None else given[~inside]
        answer[inside] = logits(fit(embeddings[~inside], truths[~inside], kind, recipe, known), embeddings[inside])

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


def clearly_better(losses_new: Doubles, losses_old: Doubles, groups: Ints, errors: float = 2.0) -> bool:
    """Whether the mean loss fell by over so many standard errors; a group of near-duplicates is one observation."""
    gains = np.bincount(groups, losses_old - losses_new)
    return bool(gains.sum() > errors * np.sqrt((gains**2).sum()))
