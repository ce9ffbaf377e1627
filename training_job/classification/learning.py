"""The upper part of a classifier while it is fine-tuned."""

from copy import deepcopy
from functools import partial
from typing import NamedTuple

import numpy as np
import onnx
import torch
from torch import Tensor
from torch.nn import functional

from shared.arrays import Floats, Ints
from shared.models.workspace.projects import ClassificationType
from training_job.classification.maps import Maps
from training_job.classification.tuning_recipe import Optimization
from training_job.tuning import device
from training_job.tuning.adamw import AdamW
from training_job.tuning.state import copied
from training_job.tuning.step import step
from training_job.tuning.upper import Upper

# Images that are looked at together where nothing is learned.
PORTION = 64


class Targets(NamedTuple):
    """What is true of images, and what that counts: (N, tags) both."""

    values: Floats
    counts: Floats
    kind: ClassificationType


class Learning:
    """It begins as it is in a classifier's graph, and learns from maps."""

    def __init__(self, model: onnx.ModelProto, maps: Maps, truths: Targets, steps: Optimization) -> None:
        self.model, self.maps, self.kind, self.steps, self.device = model, maps, truths.kind, steps, device.ready()
        self.truths, self.counts = (
            torch.from_numpy(each.astype(np.float32)).to(self.device) for each in (truths.values, truths.counts)
        )
        logits = model.graph.node[-1].input[0]
        self.upper = Upper(model, maps.seams, [logits]).to(self.device)
        self.done = 0
        self.start, self.between = copied(self.upper.state_dict()), deepcopy(self.upper)
        self.optimizer = AdamW(self.upper.parameters(), weight_decay=steps.decay, fused=True)
        self.average = copied(self.start)

    def epoch(self, rows: Ints, number: int) -> None:
        """Learns from a window on each of the images."""
        random, window = np.random.default_rng(number), 1 + number % self.maps.windows
        order = random.permutation(rows)
        for batch in np.array_split(order, max(round(len(rows) / self.steps.batch), 1)):
            share = random.beta(self.steps.mixup, self.steps.mixup)
            self.done += 1
            (group,) = self.optimizer.param_groups
            group["lr"] = self.steps.rate * min(self.done / self.steps.warm, 1)
            step(self.upper, self.optimizer, partial(self._loss, batch, random.permutation(batch), share, window))
            for name, weight in self.upper.state_dict().items():
                self.average[name].lerp_(weight, 1 - self.steps.average)

    def _loss(self, batch: Ints, others: Ints, share: float, window: int) -> Tensor:
        seen, mixed_in = self._seen(batch, window), self._seen(others, window)
        (said,) = self.upper(*(torch.lerp(b, a, share) for a, b in zip(seen, mixed_in, strict=True)))
        return share * self._cost(said.float(), batch) + (1 - share) * self._cost(said.float(), others)

    def _cost(self, said: Tensor, rows: Ints) -> Tensor:
        if self.kind == ClassificationType.MULTICLASS:
            return functional.cross_entropy(said, self.truths[rows])
        return functional.binary_cross_entropy_with_logits(said, self.truths[rows], self.counts[rows])

    def _seen(self, rows: Ints, view: int) -> list[Tensor]:
        # On a CPU a third faster than planes.
        layout = torch.channels_last
        return [
            values[rows, view].to(self.device).float().contiguous(memory_format=layout) for values in self.maps.values
        ]

    def graph(self, part: float, sure: float) -> onnx.ModelProto:
        """The classifier, its weights at this part of the way from the first to the average of the last ones, its
        logits times `sure`.
        """
        upper = self._at(part)
        (head,) = (node.input[1:] for node in upper.nodes if node.op_type == "Gemm")
        with torch.no_grad():
            for name in head:
                upper.kernels[name].mul_(sure)
        return upper.written(self.model)

    def said(self, rows: Ints, part: float) -> Floats:
        """The logits that it would give, (rows, tags)."""
        portions, upper = np.array_split(rows, -(-len(rows) // PORTION)), self._at(part)
        with torch.no_grad():
            return torch.cat([upper(*self._seen(portion, 0))[0] for portion in portions]).cpu().numpy()

    def _at(self, part: float) -> Upper:
        weights = {name: torch.lerp(first, self.average[name], part) for name, first in self.start.items()}
        self.between.load_state_dict(weights)
        return self.between
