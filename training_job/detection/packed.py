"""What detectors found, as tensors and lists, which a checkpoint can hold."""

from collections.abc import Sequence
from typing import cast

import torch

from training_job.detection.judge import Found


def packed(found: Sequence[Found]) -> list[list[torch.Tensor]]:
    return [[torch.from_numpy(part) for part in each] for each in found]


def unpacked(found: object) -> list[Found]:
    return [Found(*(part.numpy() for part in each)) for each in cast(list[list[torch.Tensor]], found)]
