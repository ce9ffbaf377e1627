"""Advanced classification training: quick training's way against larger ones, by the same images held out."""

import logging
import time
from collections.abc import Callable, Sequence

from shared.arrays import Ints
from shared.learning import evaluate, holdout
from shared.learning.classifier_recipe import Recipe
from shared.learning.embeddings import Report
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
from training_job.tuning.schedule import SecondsLeft

# Of the time that is left, what one way may take: the model that is chosen still has to be fitted to all images.
MOST = 0.5
# A larger model has to be better by so many standard errors.
ERRORS = 1.0

log = logging.getLogger(__name__)


class _TooLong(Exception):
    pass


def train(
    load: Callable[[Recipe], Backbones],
    examples: Examples,
    recipes: Sequence[Recipe],
    report: Report,
    left: SecondsLeft,
) -> TrainedClassifier:
    """The first recipe is quick training's, and goes on without a look at the time. What was seen of a picture is
    kept, so that a job that is killed goes on where it was.
    """
    examples, first = divided(examples), recipes[0]
    judged = holdout.sample(examples.truths, first.judged)
    some, share = examples.at(judged), 0.8 / len(recipes)
    shown = show(load(first), some, first, part_of(report, 0, share))
    groups, view = near_duplicates(shown, some.truths), first_view(shown)
    best = judge(load(first), shown, groups, some, first)
    for at, recipe in enumerate(recipes[1:], 1):
        try:
            shown = show(load(recipe), some, recipe, _in_time(part_of(report, share * at, share * (at + 1)), left))
        except _TooLong:
            log.info("%s would take too long", recipe.architecture)
            continue
        best = _better(judge(load(recipe), shown, groups, some, recipe), best, groups)
    log.info("Trained is %s", _told(best))
    claim = doubted(best.probabilities, view, groups, some.truths, some.kind, first)
    return fitted(best, examples, judged, part_of(report, 0.8, 1))._replace(claim=claim)


def _in_time(report: Report, left: SecondsLeft) -> Report:
    """Raises _TooLong from within what reports."""
    end = time.monotonic() + MOST * left()

    def reported(progress: float, message: str) -> None:
        if time.monotonic() > end:
            raise _TooLong
        report(progress, message)

    return reported


def _better(new: Candidate, best: Candidate, groups: Ints) -> Candidate:
    wins = evaluate.clearly_better(new.losses, best.losses, groups, ERRORS)
    log.info("%s %s %s", _told(new), "is better than" if wins else "is not clearly better than", _told(best))
    return new if wins else best


def _told(candidate: Candidate) -> str:
    return f"{candidate.recipe.architecture}, {candidate.crop}, held-out loss {candidate.losses.mean():.3f}"
