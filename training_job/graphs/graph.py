"""Writes ONNX graphs node by node: static shapes, and only operators that every exporter can read."""

from collections.abc import Mapping, Sequence, Set
from typing import Self

import numpy as np
import onnx
from onnx import TensorProto, helper

from shared.exporting.graph.nodes import Nodes

# Opset 13 has all that is used here, and is what coremltools, openvino and litert agree on.
OPSET, IR_VERSION = 13, 8
# A dimension that is told only by running the graph has a name.
Shapes = Mapping[str, Sequence[int | str]]


class Graph(Nodes):
    """A float32 graph under construction."""

    @classmethod
    def of(cls, model: onnx.ModelProto) -> Self:
        """To build on a model that was written here."""
        graph = cls()
        graph.extend(model)
        return graph

    def extend(self, model: onnx.ModelProto) -> None:
        """By a model whose names are its own."""
        self.nodes.extend(model.graph.node)
        self.weights.extend(model.graph.initializer)

    def crop_input(self, source: str, output: str, top: int, left: int, size: int) -> None:
        """Put before all else: the window of size x size pixels of an NCHW input."""
        window = ([top, left], [top + size, left + size], [2, 3])
        self.add("Slice", source, *(self.constant(part, np.int64) for part in window), output=output)
        self.nodes.insert(0, self.nodes.pop())

    def leave_out_what_does_not_lead_to(self, *outputs: str) -> None:
        needed, nodes = set(outputs), []
        for node in reversed(self.nodes):
            if needed.intersection(node.output):
                needed.update(node.input)
                nodes.append(node)
        self.nodes = nodes[::-1]
        self.weights = [weight for weight in self.weights if weight.name in needed]

    def model(
        self, inputs: Shapes, outputs: Shapes, integers: Set[str] = frozenset(), opset: int = OPSET
    ) -> onnx.ModelProto:
        """Inputs and outputs are float32, but int64 where their names are among `integers`."""

        def values(shapes: Shapes) -> list[onnx.ValueInfoProto]:
            types = {name: TensorProto.INT64 if name in integers else TensorProto.FLOAT for name in shapes}
            return [helper.make_tensor_value_info(name, types[name], shape) for name, shape in shapes.items()]

        graph = helper.make_graph(self.nodes, "ocellus", values(inputs), values(outputs), self.weights)
        opsets = [helper.make_opsetid("", opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="ocellus")
