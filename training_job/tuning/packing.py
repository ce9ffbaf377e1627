"""The state of a training between two epochs, as bytes."""

from io import BytesIO
from typing import cast

import torch


def pack(training: str, parts: dict[str, object]) -> bytes:
    """Tensors, numbers, texts, and lists and dicts of them. `training` names all that the state depends on: with
    another it is of no use.
    """
    buffer = BytesIO()
    torch.save({"training": training, **parts}, buffer)
    return buffer.getvalue()


def unpack(training: str, data: bytes | None) -> dict[str, object] | None:
    """The parts of a state of that training, if it is one; tensors in main memory."""
    if data is None:
        return None
    parts = cast(dict[str, object], torch.load(BytesIO(data), map_location="cpu", weights_only=True))
    return parts if parts.pop("training") == training else None
