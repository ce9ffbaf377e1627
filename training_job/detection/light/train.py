"""Quick detection training, top to bottom: look, hold out, learn, judge, learn from what was held out too, compose."""

import logging
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import NamedTuple

import numpy as np
import onnx

from shared.models.preprocessing import Preprocessing
from training_job.checkpoint import Checkpoint
from training_job.detection.data import Example, Report
from training_job.detection.judge import Found, hold_out, judge
from training_job.detection.light.export import detector
from training_job.detection.light.features import featurise
from training_job.detection.light.learn import Epoch, Learner, begin, learn, phase
from training_job.detection.light.state import pack, unpack
from training_job.detection.recipe import Recipe
from training_job.detection.views import Ints

# Of a job's progress, up to here the look at all images, and up to there learning.
LOOKED, LEARNED = 0.15, 0.95

log = logging.getLogger(__name__)


class Trained(NamedTuple):
    """The served graph, how to feed it, and what was found in the examples at `judged` while they were held out."""

    graph: bytes
    preprocessing: Preprocessing
    judged: Ints
    found: list[Found]


def train(
    backbone: onnx.ModelProto,
    examples: Sequence[Example],
    tags: int,
    recipe: Recipe,
    checkpoint: Checkpoint,
    report: Report,
) -> Trained:
    """Goes on from the checkpoint where there is one."""
    spec, views = recipe.preprocessing, recipe.views(len(examples))
    features = featurise(backbone, examples, spec, views, lambda done, text: report(LOOKED * done, text))
    held = hold_out(features.pooled(views), [example.tags for example in examples], recipe.parts, recipe.judged)
    rows = np.arange(len(examples) * views)
    first, last = recipe.epochs(len(rows))
    # The published model learns from the held-out images too, once they have judged what it was until then.
    epochs = [
        *phase(rows[~np.isin(rows // views, held)], first, recipe.rate),
        *phase(rows, last, recipe.last_rate),
    ]
    learner = begin(features.widths, tags, recipe)
    training = f"{recipe} {tags} tags {len(examples)} images"
    done, found = unpack(learner, training, checkpoint.get())
    tell = _teller(epochs, done, report)
    for number in range(done, len(epochs)):
        if number == first:
            found = judge(composed(backbone, learner), [examples[position] for position in held], spec)
        learn(learner, features, epochs[number], number, tell)
        checkpoint.put(pack(learner, training, number + 1, found))
        log.info("Epoch %d of %d is done", number + 1, len(epochs))
    return Trained(composed(backbone, learner).SerializeToString(), spec, held, found or [])


def composed(backbone: onnx.ModelProto, learner: Learner) -> onnx.ModelProto:
    return detector(backbone, deepcopy(learner.head).cpu().eval(), learner.recipe)


def _teller(epochs: Sequence[Epoch], done: int, report: Report) -> Callable[[int, float], None]:
    """Reports after each batch which epoch it is in, the loss, and how long the rest may take."""
    ends = np.cumsum([len(epoch.rows) for epoch in epochs])
    before = seen = int(ends[done - 1]) if done else 0
    started, mean = time.monotonic(), 0.0

    def tell(size: int, loss: float) -> None:
        nonlocal seen, mean
        seen, mean = seen + size, 0.95 * mean + 0.05 * loss if mean else loss
        epoch = int(np.searchsorted(ends, seen)) + 1
        left = (time.monotonic() - started) / (seen - before) * (int(ends[-1]) - seen)
        message = f"Epoch {epoch} of {len(epochs)}, loss {mean:.2f}, about {left:.0f} s left"
        report(LOOKED + (LEARNED - LOOKED) * seen / int(ends[-1]), message)

    return tell
