"""What a graph answers, as far as its shapes are told, and how that is put in the place of other outputs."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import onnx
from onnx import TensorProto, helper

from shared.exporting.graph.nodes import Nodes
from shared.exporting.graph.renaming import rename

FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)


class Output(NamedTuple):
    """An output of floats; of its `sides` those that are not told are 0."""

    name: str
    kind: int
    sides: list[int]

    @property
    def size(self) -> int | None:
        """How many numbers it has; None where that is not told."""
        return math.prod(self.sides) if self.sides and all(self.sides) else None

    def __str__(self) -> str:
        return f"'{self.name[:40]}' ({', '.join(str(side or '?') for side in self.sides)})"


def answers(model: onnx.ModelProto) -> list[Output]:
    """The outputs of floats."""
    outputs = onnx.shape_inference.infer_shapes(model).graph.output
    tensors = [(value.name, value.type.tensor_type) for value in outputs if value.type.HasField("tensor_type")]
    return [
        Output(name, tensor.elem_type, [side.dim_value for side in tensor.shape.dim])
        for name, tensor in tensors
        if tensor.elem_type in FLOATS
    ]


def answer_by(model: onnx.ModelProto, nodes: Nodes, outputs: Mapping[str, tuple[int, Sequence[int | str]]]) -> None:
    """What the nodes behind the graph answer is all that it answers: the type and the shape by name."""
    graph = model.graph
    graph.node.extend(nodes.nodes)
    graph.initializer.extend(nodes.weights)
    del graph.output[:], graph.value_info[:]
    graph.output.extend(helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in outputs.items())


def inner(model: onnx.ModelProto, nodes: Nodes, name: str) -> str:
    """A value that goes on under a name of its own, as what is answered may take the one that it has."""
    own = f"{nodes.prefix}inner {name}"
    rename(model.graph, name, own)
    return own


def as_floats(nodes: Nodes, value: str, kind: int) -> str:
    return value if kind == TensorProto.FLOAT else nodes.add("Cast", value, to=int(TensorProto.FLOAT))
