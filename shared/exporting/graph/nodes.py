"""Nodes and weights that are written one by one, for a graph of their own or behind one that is there."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper


class Nodes:
    """`constant` and `add` answer the name of the value that they made, which begins with the prefix."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def constant(self, values: npt.ArrayLike, dtype: type[np.generic] = np.float32) -> str:
        name = f"{self.prefix}w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, dtype, order="C"), name))
        return name

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: int | float | str | list[int]) -> str:
        (name,) = self.add_all(operator, *inputs, outputs=[output or f"{self.prefix}v{len(self.nodes)}"], **attributes)
        return name

    def add_all(
        self, operator: str, *inputs: str, outputs: list[str], **attributes: int | float | str | list[int]
    ) -> list[str]:
        """A node that answers several values, by their names."""
        node = helper.make_node(operator, list(inputs), outputs)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return outputs


def drop_unused(graph: onnx.GraphProto) -> None:
    """What no output depends on any more."""
    wanted = {value.name for value in graph.output}
    kept = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            wanted.update(_read(node))
            kept.append(node)
    weights = [weight for weight in graph.initializer if weight.name in wanted]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(weights)


def graphs_of(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """Those right within a node, of its branches or its loop."""
    for attribute in node.attribute:
        yield from attribute.graphs
        if attribute.HasField("g"):
            yield attribute.g


def _read(node: onnx.NodeProto) -> Iterator[str]:
    """What a node reads, and the graphs within it."""
    yield from node.input
    for graph in graphs_of(node):
        yield from (value.name for value in graph.output)
        for inner in graph.node:
            yield from _read(inner)
