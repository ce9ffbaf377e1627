"""What a model is to the loop that fine-tunes it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

import onnx
from torch import Tensor, nn

from shared.arrays import Ints

Batch = TypeVar("Batch")


class Group(NamedTuple):
    """Parameters that learn at one rate, the highest that they see."""

    parameters: Sequence[nn.Parameter]
    rate: float


class Scored(NamedTuple):
    """How good it is, more being better, and what it found in each image: tensors, numbers, and lists of them."""

    score: float
    found: object


class Tunable(Protocol[Batch]):
    """A model in torch, all or most of which learns, and the images that it learns from, by their places."""

    @property
    def module(self) -> nn.Module:
        """All that changes while it learns is in its state_dict; on the device where it is to learn."""

    @property
    def training(self) -> str:
        """Names all that the state of a training depends on, beside how long it goes."""

    @property
    def measure(self) -> str:
        """What the score is called."""

    def groups(self) -> list[Group]: ...

    def batches(self, rows: Ints, size: int, seed: int) -> Iterator[tuple[int, Batch]]:
        """New views of the images at `rows`, in random order: how many, and they, on the device of the module."""

    def loss(self, batch: Batch) -> Tensor:
        """Of the module in training mode; on a GPU under autocast in bf16."""

    def graph(self) -> onnx.ModelProto:
        """As served."""

    def score(self, graph: onnx.ModelProto, held: Ints) -> Scored:
        """Of what a served graph says of the images at `held`."""
