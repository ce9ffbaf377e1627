"""What a detector is to its fine-tuning."""

from typing import NamedTuple, Protocol

import onnx
from torch import Tensor, nn

from shared.arrays import Floats
from shared.models.training.preprocessing import Preprocessing
from training_job.detection.augmentation import Augmentation
from training_job.tuning.tunable import Group


class Batch(NamedTuple):
    """Views on the device of the module: what `see` made of their pixels, (B, ...); true boxes (B, M, 4), x1, y1, x2,
    y2 in 0..1; true tags (B, M), -1 where there is none.
    """

    seen: Tensor
    boxes: Tensor
    tags: Tensor


class Detector(Protocol):
    """A detector in torch, all or most of which learns."""

    @property
    def module(self) -> nn.Module:
        """All that changes while it learns is in its state_dict; on the device where it is to learn."""

    @property
    def preprocessing(self) -> Preprocessing:
        """How the graph is fed."""

    @property
    def views(self) -> Augmentation:
        """What it learns from."""

    @property
    def architecture(self) -> str:
        """What the model is called."""

    def groups(self) -> list[Group]: ...

    def see(self, pixels: Floats) -> Floats:
        """What `loss` wants of a view's pixels (1, 3, H, W), RGB 0..255: themselves, or what a part that never learns
        says of them. Called in many threads, ahead of time.
        """

    def loss(self, batch: Batch) -> Tensor:
        """Of the module in training mode; on a GPU under autocast in bf16."""

    def graph(self) -> onnx.ModelProto:
        """As served: `data` (1, 3, H, W) -> `detected_boxes`, `detected_classes`, `detected_scores`, as of `judge`."""
