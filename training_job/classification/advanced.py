"""Advanced classification training: quick training's way against larger ones, by the same images held out, and the best
of them against itself when fine-tuned.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from shared.arrays import Doubles, Ints
from shared.learning import evaluate, holdout
from shared.learning.classifier_recipe import Recipe
from shared.learning.embeddings import Report
from training_job.checkpoint import Checkpoint
from training_job.classification.claim import doubted
from training_job.classification.quick import (
    Candidate,
    Examples,
    TrainedClassifier,
    divided,
    first_view,
    fitted,
    judge,
    near_duplicates,
    show,
)
from training_job.classification.seeing import Backbones, part_of
from training_job.classification.tuning_recipe import ClassifierTuning
from training_job.tuning.schedule import SecondsLeft

# Of the time that is left, what one way may take: the model that is chosen still has to be fitted to all images.
MOST = 0.5
# A larger model has to be better by so many standard errors.
ERRORS = 1.0

log = logging.getLogger(__name__)


class Effort(NamedTuple):
    """The time that is left, how to fine-tune, and where that keeps how far it is."""

    left: SecondsLeft
    tuning: ClassifierTuning
    kept: Checkpoint


class _TooLong(Exception):
    pass


def train(
    load: Callable[[Recipe], Backbones],
    examples: Examples,
    recipes: Sequence[Recipe],
    effort: Effort,
    report: Report,
) -> TrainedClassifier:
    """The first recipe is quick training's, and goes on without a look at the time. The best is fine-tuned. What was
    seen of a picture is kept, so that a job that is killed goes on where it was.
    """
    examples, first = divided(examples), recipes[0]
    judged = holdout.sample(examples.truths, first.judged)
    some, share = examples.at(judged), 0.4 / len(recipes)
    shown = show(load(first), some, first, part_of(report, 0, share))
    groups, view = near_duplicates(shown, some.truths), first_view(shown)
    best = judge(load(first), shown, groups, some, first)
    for at, recipe in enumerate(recipes[1:], 1):
        try:
            shown = show(
                load(recipe), some, recipe, _in_time(part_of(report, share * at, share * (at + 1)), effort.left)
            )
        except _TooLong:
            log.info("%s would take too long", recipe.architecture)
            continue
        new = judge(load(recipe), shown, groups, some, recipe)
        if _wins(str(new), new.losses, best, groups):
            best = new
    tuned = _fine_tuned(best, some, groups, effort, part_of(report, 0.4, 0.9))
    trained = tuned or fitted(best, examples, judged, part_of(report, 0.9, 1))
    log.info("Trained is %s", trained.architecture)
    claim = doubted(trained.probabilities, view, groups, some.truths, some.kind, first)
    return trained._replace(judged=judged, claim=claim)


def _fine_tuned(
    best: Candidate, some: Examples, groups: Ints, effort: Effort, report: Report
) -> TrainedClassifier | None:
    """None where it is not clearly better, or would take too long."""
    # Torch comes with it, which quick training spares.
    from training_job.classification.fine_tuning import fine_tuning

    try:
        learning = fine_tuning(best, some, effort.tuning, _in_time(part_of(report, 0, 0.2), effort.left))
        if not learning:
            log.info("The networks of %s can't be fine-tuned", best)
            return None
        found = learning.judge(groups, effort.kept, _in_time(part_of(report, 0.2, 0.8), effort.left))
        if not found:
            log.info("Fine-tuning is given up: on the first images held out it was no better than %s", best)
        if not found or not _wins(str(found), found.losses, best, groups):
            return None
        return learning.learned(found, _in_time(part_of(report, 0.8, 1), effort.left, 1))
    except _TooLong:
        log.info("Fine-tuning would take too long")
        return None


def _in_time(report: Report, left: SecondsLeft, most: float = MOST) -> Report:
    """Raises _TooLong from within what reports."""
    end = time.monotonic() + most * left()

    def reported(progress: float, message: str) -> None:
        if time.monotonic() > end:
            raise _TooLong
        report(progress, message)

    return reported


def _wins(told: str, losses: Doubles, best: Candidate, groups: Ints) -> bool:
    wins = evaluate.clearly_better(losses, best.losses, groups, ERRORS)
    than = "is better than" if wins else "is not clearly better than"
    log.info("%s, held-out loss %.3f, %s %s, %.3f", told, losses.mean(), than, best, best.losses.mean())
    return wins
