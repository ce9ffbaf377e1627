"""How far what an iteration claims can be trusted: where images of a tag look alike, it may be right more often."""

import numpy as np

from shared.arrays import Doubles, Floats, Ints
from shared.learning import evaluate, holdout
from shared.learning.classifier_recipe import Recipe
from shared.learning.head import probabilities
from shared.models.workspace.projects import ClassificationType
from training_job.result import Claim

# By so much has the one to be over the other before both are told.
APART = 0.15


def doubted(
    answers: Doubles, view: Floats, groups: Ints, truths: Floats, kind: ClassificationType, recipe: Recipe
) -> Claim | None:
    """Of the answers for images, (J, tags), by heads that had not seen their groups; None where nothing is in doubt.
    `view`, (J, width), is of one layer, which is enough to tell.
    """
    at_least = right(answers, truths, kind)
    if len(np.unique(groups)) == len(groups) or at_least + APART >= 1:
        return None
    folds = holdout.folds(np.arange(len(truths)), truths, recipe.folds)
    others = probabilities(evaluate.held_out(view, truths, folds, kind, recipe), kind)
    claim = Claim(at_least, right(others, truths, kind))
    return claim if claim.at_most - claim.at_least > APART else None


def right(answers: Doubles, truths: Floats, kind: ClassificationType) -> float:
    """Of images whose most probable tag is one of theirs; in multilabel of tags that are an image's or said to be."""
    if kind == ClassificationType.MULTICLASS:
        return float((np.take_along_axis(truths, answers.argmax(1)[:, None], 1) > 0).mean())
    said, true = answers > 0.5, truths > 0
    return float((said & true).sum() / max((said | true).sum(), 1))
