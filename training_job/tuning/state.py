"""The state of a fine-tuning between two epochs, in memory and as bytes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic

import onnx
import torch
from torch import Tensor

from training_job.tuning import packing
from training_job.tuning.adamw import AdamW
from training_job.tuning.schedule import Tuning
from training_job.tuning.tunable import Batch, Scored, Tunable

Weights = dict[str, Tensor]
# The average weighs its beginning less: it is worth the less, the younger it is.
YOUNG = 10


@dataclass
class Best:
    """The epochs that it had learned in, its score on the held-out images and what it found in them, its weights."""

    epochs: int
    score: float
    found: object
    weights: Weights


@dataclass
class State(Generic[Batch]):
    """`average` is of the weights of many steps: that is judged and served, as it is steadier than they are. `last` is
    how many epochs on all images there are to be in the end, once that is known. `pace` is the seconds that a view
    takes.
    """

    tunable: Tunable[Batch]
    optimizer: torch.optim.Optimizer
    average: Weights
    steps: int = 0
    epochs: int = 0
    best: Best | None = None
    last: int | None = None
    last_epochs: int = 0
    pace: float = 0.0

    def follow(self, decay: float) -> None:
        """After a step: the average moves a little towards the weights."""
        self.steps += 1
        share = 1 - min(decay, self.steps / (self.steps + YOUNG))
        with torch.no_grad():
            for name, weight in self.tunable.module.state_dict().items():
                if weight.is_floating_point():
                    self.average[name].lerp_(weight, share)
                else:
                    self.average[name].copy_(weight)

    def graph(self) -> onnx.ModelProto:
        """As served, by the average."""
        with self._averaged():
            return self.tunable.graph()

    def note(self, scored: Scored, pace: float) -> None:
        """What an epoch was judged by, and how long it took."""
        self.epochs, self.pace = self.epochs + 1, pace
        if self.best is None or scored.score > self.best.score:
            self.best = Best(self.epochs, *scored, copied(self.average))

    def go_back(self, best: Best, last: int) -> None:
        """To the best epoch, and for so many epochs to learn on from there."""
        self.tunable.module.load_state_dict(best.weights)
        self.average, self.last = copied(self.tunable.module.state_dict()), last

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        module = self.tunable.module
        latest = copied(module.state_dict())
        module.load_state_dict(self.average)
        yield
        module.load_state_dict(latest)


def begin(tunable: Tunable[Batch], recipe: Tuning) -> State[Batch]:
    groups = [{"params": list(group.parameters), "lr": group.rate, "rate": group.rate} for group in tunable.groups()]
    optimizer = AdamW(groups, weight_decay=recipe.decay, fused=True)
    return State(tunable, optimizer, copied(tunable.module.state_dict()))


def copied(weights: Mapping[str, Tensor]) -> Weights:
    return {name: weight.detach().clone() for name, weight in weights.items()}


NUMBERS = ("steps", "epochs", "last", "last_epochs", "pace")


def pack(here: State[Batch], training: str) -> bytes:
    best = here.best and vars(here.best)
    numbers = {name: getattr(here, name) for name in NUMBERS}
    weights = {"module": here.tunable.module.state_dict(), "average": here.average}
    return packing.pack(training, {**numbers, **weights, "optimizer": here.optimizer.state_dict(), "best": best})


def unpack(here: State[Batch], training: str, data: bytes | None) -> None:
    """Put it where it was, if that is a state of this training."""
    parts: dict[str, Any] | None = packing.unpack(training, data)
    if parts is None:
        return
    here.tunable.module.load_state_dict(parts["module"])
    here.optimizer.load_state_dict(parts["optimizer"])
    for name, weight in parts["average"].items():
        here.average[name].copy_(weight)
    best = parts["best"]
    here.best = best and Best(**best)
    for name in NUMBERS:
        setattr(here, name, parts[name])
