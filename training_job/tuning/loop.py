"""Fine-tuning top to bottom: learn, judge each epoch on held-out images, keep the best, then learn from all images."""

import logging
import math
import time
from functools import partial
from typing import NamedTuple

import numpy as np
import onnx

from shared.arrays import Ints
from shared.learning.embeddings import Report
from training_job.checkpoint import Checkpoint
from training_job.tuning.schedule import SecondsLeft, Tuning
from training_job.tuning.state import State, begin, pack, unpack
from training_job.tuning.step import step
from training_job.tuning.tunable import Batch, Tunable

# Another epoch is begun only where this many times its time is left, and that of what comes after it.
SLACK = 1.25
# Of the progress, up to here the epochs that are judged.
JUDGED = 0.8

log = logging.getLogger(__name__)


class Tuned(NamedTuple):
    """The served graph, and what the best epoch found in the held-out images, before it learned from them too."""

    graph: onnx.ModelProto
    found: object


def tune(
    tunable: Tunable[Batch],
    images: int,
    held: Ints,
    recipe: Tuning,
    beaten: float,
    checkpoint: Checkpoint,
    report: Report,
    left: SecondsLeft,
) -> Tuned | None:
    """The best epoch by its score on the held-out of so many images, if that is over `beaten`, which then learned from
    all; None if it is not. All of it takes no longer than what `left` tells. Goes on from the checkpoint.
    """
    here, (learned, everything) = begin(tunable, recipe), _rows(images, held, recipe)
    training = f"{recipe} {tunable.training}, {images} images"
    unpack(here, training, checkpoint.get())
    while here.last is None and _goes_on(here, recipe, len(learned), left):
        started = time.monotonic()
        if not _epoch(here, learned, recipe, report, left):
            break
        scored = tunable.score(here.graph(), held)
        here.note(scored, (time.monotonic() - started) / len(learned))
        checkpoint.put(pack(here, training))
        log.info("Epoch %d of fine-tuning is done, %s %.3f", here.epochs, tunable.measure, scored.score)
    best = here.best
    if best is None or best.score <= beaten:
        log.info("No epoch of fine-tuning beats %s %.3f", tunable.measure, beaten)
        return None
    if here.last is None:
        here.go_back(best, _last_epochs(here, best.epochs, recipe, len(everything), left))
    while here.last_epochs < (here.last or 0) and _epoch(here, everything, recipe, report, left):
        here.last_epochs += 1
        checkpoint.put(pack(here, training))
    # It knows the held-out images now, and should find more in them; unless it ran out of time, or went astray.
    if here.last_epochs != here.last or tunable.score(here.graph(), held).score < best.score:
        here.go_back(best, 0)
    return Tuned(here.graph(), best.found)


def _rows(images: int, held: Ints, recipe: Tuning) -> tuple[Ints, Ints]:
    """What an epoch looks at while images are held out, and what it looks at after that: small sets several times."""

    def often(rows: Ints) -> Ints:
        return np.tile(rows, -(-recipe.least_views // len(rows)))

    return often(np.setdiff1d(np.arange(images), held)), often(np.arange(images))


def _goes_on(here: State[Batch], recipe: Tuning, views: int, left: SecondsLeft) -> bool:
    """Whether another epoch may be of use, and there is time for it and for what comes after it."""
    since = here.epochs - here.best.epochs if here.best else here.epochs
    if here.epochs == recipe.epochs or since >= recipe.patience:
        return False
    return left() > SLACK * here.pace * views * (1 + recipe.last_share * (here.epochs + 1))


def _last_epochs(here: State[Batch], best: int, recipe: Tuning, views: int, left: SecondsLeft) -> int:
    """A share of those that it took to be at its best, or what there is time for."""
    return min(max(round(best * recipe.last_share), 1), int(left() / (SLACK * here.pace * views)))


def _epoch(here: State[Batch], rows: Ints, recipe: Tuning, report: Report, left: SecondsLeft) -> bool:
    """Whether there was time for all of it."""
    here.tunable.module.train()
    seen, mean = 0, 0.0
    for size, batch in here.tunable.batches(rows, recipe.batch, seed=here.epochs + here.last_epochs):
        if left() <= 0:
            return False
        for group in here.optimizer.param_groups:
            group["lr"] = group["rate"] * _rate(here, recipe, seen / len(rows))
        loss = step(here.tunable.module, here.optimizer, partial(here.tunable.loss, batch))
        here.follow(recipe.average)
        seen, mean = seen + size, 0.9 * mean + 0.1 * loss if mean else loss
        report(*_told(here, recipe, seen / len(rows), mean, left()))
    return True


def _rate(here: State[Batch], recipe: Tuning, part: float) -> float:
    """Of the highest. Even as long as the end is not known, as the average is steady enough; then down by a cosine."""
    if here.last is None:
        return min((here.steps + 1) / recipe.warm_steps, 1)
    return recipe.last_rate * (1 + math.cos(math.pi * (here.last_epochs + part) / here.last)) / 2


def _told(here: State[Batch], recipe: Tuning, part: float, loss: float, left: float) -> tuple[float, str]:
    """Of part of an epoch: the progress of all, and what there is to say."""
    if here.last is None:
        best = f", {here.tunable.measure} {here.best.score:.3f} at best" if here.best else ""
        text = f"Fine-tuning, epoch {here.epochs + 1} of {recipe.epochs} or fewer, loss {loss:.2f}{best}"
        return JUDGED * (here.epochs + part) / recipe.epochs, f"{text}, {left:.0f} s left at most"
    text = f"Learning from all images, epoch {here.last_epochs + 1} of {here.last}, loss {loss:.2f}"
    return JUDGED + (1 - JUDGED) * (here.last_epochs + part) / here.last, f"{text}, {left:.0f} s left at most"
