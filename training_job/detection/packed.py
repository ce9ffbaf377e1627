"""The state of a training between two epochs, as bytes."""

from collections.abc import Sequence
from io import BytesIO
from typing import cast

import torch

from training_job.detection.judge import Found

Parts = dict[str, object]


def pack(training: str, parts: Parts) -> bytes:
    """Tensors, numbers, texts, and lists and dicts of them. `training` names all that the state depends on: with
    another it is of no use.
    """
    buffer = BytesIO()
    torch.save({"training": training, **parts}, buffer)
    return buffer.getvalue()


def unpack(training: str, data: bytes | None) -> Parts | None:
    """The parts of a state of that training, if it is one; tensors in main memory."""
    if data is None:
        return None
    parts = cast(Parts, torch.load(BytesIO(data), map_location="cpu", weights_only=True))
    return parts if parts.pop("training") == training else None


def packed(found: Sequence[Found]) -> list[list[torch.Tensor]]:
    return [[torch.from_numpy(part) for part in each] for each in found]


def unpacked(found: object) -> list[Found]:
    return [Found(*(part.numpy() for part in each)) for each in cast(list[list[torch.Tensor]], found)]
