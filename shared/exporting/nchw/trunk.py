"""A served graph up to the choice of boxes: what formats that lay images out as ONNX does write alike."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import onnx
from onnx import numpy_helper

from shared.arrays import Array, Shape
from shared.exporting.graph.budget import Budget
from shared.exporting.graph.node import Node
from shared.exporting.graph.subject import Ending, Subject, Unexportable, readable
from shared.exporting.graph.suppressing import BEGINNING, beginning, number

# Operators that leave the numbers as they are, in their order.
RESHAPES = ("Flatten", "Reshape", "Squeeze", "Unsqueeze")


class Suppression(NamedTuple):
    """Of boxes (1, N, 4) as x1, y1, x2, y2 with scores (1, tags, N) so many at most, of at least the lowest score, of
    which none overlaps a better one of its tag by more than that.
    """

    boxes: str
    scores: str
    most: int
    overlap: float
    lowest: float


class Trunk(NamedTuple):
    """`nodes` stand in the order in which they can run; `shapes` are those of all that they read and answer."""

    source: str
    nodes: Sequence[Node]
    weights: Mapping[str, Array]
    shapes: Mapping[str, Shape]
    answer: str | Suppression

    def shape(self, name: str) -> Shape:
        """Raises Unexportable."""
        if name not in self.shapes:
            raise Unexportable(f"The shape of {name!r} is told only by running the graph.")
        return self.shapes[name]

    def known(self, name: str) -> Array:
        """Raises Unexportable."""
        if name not in self.weights:
            raise Unexportable(f"{name!r} is told only by running the graph.")
        return self.weights[name]

    def window(self, node: Node) -> tuple[list[int], list[int]]:
        """Where a Slice begins and ends on each axis. Raises Unexportable."""
        sides = self.shape(node.inputs[0])
        starts, ends, *others = (self.known(name).tolist() for name in node.inputs[1:])
        axes = others[0] if others else range(len(starts))
        if others[1:] and set(others[1]) != {1}:
            raise Unexportable("A slice takes steps.")
        begin, end = [0] * len(sides), list(sides)
        for axis, start, stop in zip(axes, starts, ends, strict=True):
            begin[axis], end[axis], _ = slice(start, stop).indices(sides[axis])
        return begin, end

    def multiple(self, node: Node) -> tuple[int, int]:
        """How often a Resize repeats each pixel in its column and in its row. Raises Unexportable."""
        node.demand(mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
        (*kept, high, wide), (*others, rows, columns) = self.shape(node.inputs[0]), self.shape(node.outputs[0])
        if kept != others or rows % high or columns % wide:
            raise Unexportable("A resize is to a fraction.")
        return rows // high, columns // wide


@readable()
def read(subject: Subject) -> Trunk:
    """Raises Unexportable."""
    graph = subject.model.graph
    weights = {weight.name: numpy_helper.to_array(weight) for weight in graph.initializer}
    (source,) = (value.name for value in graph.input if value.name not in weights)
    nodes = [Node(proto) for proto in graph.node]
    trunk = Trunk(source, nodes, weights, _shapes(subject.model, weights), graph.output[0].name)
    if subject.ending is Ending.BOXES:
        trunk = _before_boxes(trunk, len(subject.labels))
    names = [name for node in trunk.nodes for name in (*node.inputs, *node.outputs) if name]
    shapes = [(name in weights, trunk.shape(name)) for name in names]
    Budget().take((shape for known, shape in shapes if known), (shape for known, shape in shapes if not known))
    return trunk


def _before_boxes(whole: Trunk, tags: int) -> Trunk:
    nodes, choice = _parted(whole.nodes)
    boxes, scores, *limits = choice.inputs
    (_, count, _), found = whole.shape(boxes), whole.shape(scores)
    if (whole.shape(boxes), found) != ((1, count, 4), (1, tags, count)):
        raise Unexportable(f"{count} boxes have scores {found} for {tags} tags.")
    most, overlap, lowest = (whole.known(name).item() for name in limits)
    return whole._replace(nodes=nodes, answer=Suppression(boxes, scores, number(most), overlap, lowest))


def _parted(nodes: Sequence[Node]) -> tuple[Sequence[Node], Node]:
    """Those before the choice of boxes, and that."""
    operators = [node.operator for node in nodes]
    place = operators.index(BEGINNING) if BEGINNING in operators else len(nodes)
    return nodes[:place], beginning(nodes[place:])


def _shapes(model: onnx.ModelProto, weights: Mapping[str, Array]) -> dict[str, Shape]:
    """Those that are told without running the graph."""
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    values = {
        value.name: value.type.tensor_type.shape.dim for value in [*graph.input, *graph.value_info, *graph.output]
    }
    shapes = {name: tuple(side.dim_value for side in sides) for name, sides in values.items()}
    return {name: shape for name, shape in shapes.items() if all(shape)} | {
        name: weight.shape for name, weight in weights.items()
    }
