"""The state of a trainer: a head, its optimizer, and one epoch of learning."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from shared.arrays import Ints
from training_job.detection.detector_recipe import Recipe
from training_job.detection.light.features import Features
from training_job.detection.light.loss import loss
from training_job.detection.light.model import BoxHead, Grid, boxes_of
from training_job.tuning.adamw import AdamW
from training_job.tuning.device import mixed, ready

SEED = 0
MOST_GRADIENT = 10.0
# The first steps are smaller: the optimizer knows nothing yet.
WARM_STEPS = 50


class Epoch(NamedTuple):
    """One pass over the views at `rows`. The rate of learning falls by a cosine over a phase of several epochs, of
    which this one is the part from `begin` to `end`, in 0..1.
    """

    rows: Ints
    rate: float
    begin: float
    end: float


class TrainerState(NamedTuple):
    head: BoxHead
    optimizer: torch.optim.Optimizer
    grid: Grid
    recipe: Recipe
    device: torch.device


def begin(widths: Sequence[int], tags: int, recipe: Recipe) -> TrainerState:
    """A head for features of these widths that has learned nothing, on the GPU where there is one."""
    device = ready()
    torch.manual_seed(SEED)
    head = BoxHead(widths, tags, recipe.width, recipe.depth).to(device)
    # On a CPU a third faster than planes.
    head = head.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = AdamW(head.parameters(), lr=recipe.rate, weight_decay=recipe.decay, fused=True)
    grid = Grid(*(part.to(device) for part in Grid.of(recipe.pixels)))
    return TrainerState(head, optimizer, grid, recipe, device)


def phase(rows: Ints, epochs: int, rate: float) -> list[Epoch]:
    return [Epoch(rows, rate, number / epochs, (number + 1) / epochs) for number in range(epochs)]


def learn(
    trainer: TrainerState, features: Features, epoch: Epoch, number: int, tell: Callable[[int, float], None]
) -> None:
    """The number is the epoch's in the training; `tell` hears after each batch its size and its loss."""
    trainer.head.train()
    order = np.random.default_rng([SEED, number]).permutation(epoch.rows)
    # Of about the same size: batch norms need company.
    batches = np.array_split(order, max(round(len(order) / trainer.recipe.batch), 1))
    for position, rows in enumerate(batches):
        warmth = min((position + 1) / WARM_STEPS, 1) if epoch.begin == 0 else 1
        progress = epoch.begin + (epoch.end - epoch.begin) * position / len(batches)
        for group in trainer.optimizer.param_groups:
            group["lr"] = epoch.rate * warmth * (1 + math.cos(math.pi * progress)) / 2
        tell(len(rows), step(trainer, features, rows))


def step(trainer: TrainerState, features: Features, rows: Ints) -> float:
    """The loss before the step."""
    seen, true_boxes, true_tags = features.batch(rows.tolist(), trainer.recipe.pixels, trainer.device)
    with mixed(trainer.device, dense=True):
        logits, reaches = trainer.head(seen)
    cost = loss(logits.float(), boxes_of(reaches.float(), trainer.grid), trainer.grid, true_boxes, true_tags)
    trainer.optimizer.zero_grad()
    cost.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(trainer.head.parameters(), MOST_GRADIENT)
    trainer.optimizer.step()
    return cost.item()
