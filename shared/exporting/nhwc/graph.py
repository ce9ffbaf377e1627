"""A served graph while it is read: its nodes, what each of their values has become, and who reads it."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

import onnx
from onnx import numpy_helper

from shared.exporting.nhwc.draft import Draft, Value
from shared.exporting.subject import Unexportable


class Node:
    def __init__(self, proto: onnx.NodeProto) -> None:
        self.operator: str = proto.op_type
        self.inputs: Sequence[str] = proto.input
        self.outputs: Sequence[str] = proto.output
        self._attributes = {attribute.name: attribute for attribute in proto.attribute}

    def integer(self, name: str, default: int) -> int:
        return self._attributes[name].i if name in self._attributes else default

    def number(self, name: str, default: float) -> float:
        return self._attributes[name].f if name in self._attributes else default

    def text(self, name: str, default: str) -> str:
        return self._attributes[name].s.decode() if name in self._attributes else default

    def integers(self, name: str, default: Sequence[int]) -> list[int]:
        return list(self._attributes[name].ints if name in self._attributes else default)

    def demand(self, **wanted: int | float | str) -> None:
        """The one value of each attribute, which is the operator's default, that is known here."""
        for name, value in wanted.items():
            held = self._held(name, value)
            if held != value:
                raise Unexportable(f"A node {self.operator} has {name} {held}.")

    def _held(self, name: str, default: int | float | str) -> int | float | str:
        if isinstance(default, str):
            return self.text(name, default)
        return self.integer(name, default) if isinstance(default, int) else self.number(name, default)


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
