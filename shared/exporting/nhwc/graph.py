"""A served graph while it is read: its nodes, what each of their values has become, and who reads it."""

from collections import defaultdict
from functools import cached_property

import onnx
from onnx import numpy_helper

from shared.exporting.graph.node import Node
from shared.exporting.graph.subject import Unexportable
from shared.exporting.nhwc.draft import Draft, Value


class Graph:
    def __init__(self, graph: onnx.GraphProto) -> None:
        self.draft = Draft()
        self.values: dict[str, Value] = {}
        self.nodes = [Node(proto) for proto in graph.node]
        self.outputs = [output.name for output in graph.output]
        self.weights = {weight.name: weight for weight in graph.initializer}

    def value(self, name: str) -> Value:
        """Raises Unexportable."""
        if name not in self.values:
            if name not in self.weights:
                raise Unexportable(f"{name!r} is read before it is there.")
            self.values[name] = self.draft.constant(numpy_helper.to_array(self.weights[name]))
        return self.values[name]

    def inputs(self, node: Node) -> list[Value | None]:
        """None where one is left out."""
        return [self.value(name) if name else None for name in node.inputs]

    def next(self, node: Node, *operators: str) -> Node | None:
        """The one that alone reads what this one answers, where it is one of these."""
        readers = self._readers[node.outputs[0]]
        if len(readers) != 1 or node.outputs[0] in self.outputs:
            return None
        return readers[0] if readers[0].operator in operators else None

    @cached_property
    def _readers(self) -> dict[str, list[Node]]:
        readers = defaultdict(list)
        for node in self.nodes:
            for name in node.inputs:
                readers[name].append(node)
        return readers
