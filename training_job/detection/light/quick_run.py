"""A quick training: a head learns from the features of a frozen backbone, epoch by epoch."""

import logging
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from shared.arrays import Ints
from shared.learning.embeddings import Report
from training_job.checkpoint import Checkpoint
from training_job.detection import packed
from training_job.detection.data import Example
from training_job.detection.detector_recipe import Recipe
from training_job.detection.judge import Found, hold_out
from training_job.detection.light import learn
from training_job.detection.light.features import Features, featurise
from training_job.detection.light.learn import Epoch, TrainerState, phase
from training_job.detection.light.served_graph import detector
from training_job.graphs.backbones import sized
from training_job.tuning import packing

# Of a quick training's progress, up to here the look at all images, and up to there learning.
LOOKED, LEARNED = 0.15, 0.95

log = logging.getLogger(__name__)


@dataclass
class QuickRun:
    """A quick training between two epochs, `done` of all; after `first` of them it is judged, and what it `found` is
    kept. `pace` is the seconds that a view takes.
    """

    backbone: onnx.ModelProto
    features: Features
    trainer: TrainerState
    held: Ints
    epochs: list[Epoch]
    first: int
    checkpoint: Checkpoint
    training: str
    done: int = 0
    found: list[Found] | None = None
    pace: float = 0.0

    def composed(self) -> onnx.ModelProto:
        backbone = sized(self.backbone, self.trainer.recipe.served)
        return detector(backbone, deepcopy(self.trainer.head).cpu().eval(), self.trainer.recipe)


def begin(
    backbone: onnx.ModelProto,
    examples: Sequence[Example],
    tags: int,
    recipe: Recipe,
    checkpoint: Checkpoint,
    report: Report,
) -> QuickRun:
    """Looks at the examples, and goes on from the checkpoint if there is one."""
    views = recipe.views_of(len(examples))
    seeing = sized(backbone, recipe.pixels)
    features = featurise(seeing, examples, recipe.views, views, lambda *told: report(LOOKED * told[0], told[1]))
    held = hold_out(features.pooled(views), [example.tags for example in examples], recipe.parts, recipe.judged)
    rows = np.arange(len(examples) * views)
    first, last = recipe.epochs(len(examples), views)
    epochs = [
        *phase(rows[~np.isin(rows // views, held)], first, recipe.rate),
        *phase(rows, last, recipe.last_rate),
    ]
    training = f"{recipe} {tags} tags {len(examples)} images"
    run = QuickRun(
        backbone, features, learn.begin(features.widths, tags, recipe), held, epochs, first, checkpoint, training
    )
    _unpack(run)
    return run


def advance(run: QuickRun, until: int, report: Report) -> None:
    """Up to so many epochs."""
    tell = _teller(run.epochs, run.done, report)
    for number in range(run.done, until):
        started = time.monotonic()
        learn.learn(run.trainer, run.features, run.epochs[number], number, tell)
        run.done, run.pace = number + 1, (time.monotonic() - started) / len(run.epochs[number].rows)
        run.checkpoint.put(_pack(run))
        log.info("Epoch %d of %d is done", number + 1, len(run.epochs))


def _pack(run: QuickRun) -> bytes:
    learned = {"head": run.trainer.head.state_dict(), "optimizer": run.trainer.optimizer.state_dict()}
    found = None if run.found is None else packed.packed(run.found)
    return packing.pack(run.training, {**learned, "done": run.done, "found": found, "pace": run.pace})


def _unpack(run: QuickRun) -> None:
    """Put it where it was, if there is a checkpoint of this training."""
    parts: dict[str, Any] | None = packing.unpack(run.training, run.checkpoint.get())
    if parts is None:
        return
    run.trainer.head.load_state_dict(parts["head"])
    run.trainer.optimizer.load_state_dict(parts["optimizer"])
    run.done, run.pace, found = parts["done"], parts["pace"], parts["found"]
    run.found = None if found is None else packed.unpacked(found)


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
