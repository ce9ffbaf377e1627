"""Reads a graph that may be anybody's, as an imported project brings its own: measured first, then checked."""

import math
from collections.abc import Iterator, Sequence

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto

from shared.exporting.graph.nodes import graphs_of
from shared.exporting.graph.subject import Unexportable
from shared.exporting.graph.wire import Wire

# In memory a message takes up to a hundred times its bytes. Weights don't: they are one field.
GRAPH_BYTES, STRUCTURE_BYTES = 256 * 1024 * 1024, 2 * 1024 * 1024
NODES, NAMES, RANK, SIDE = 5_000, 20_000, 8, 1 << 24
# Whole numbers tell shapes, and a shape of a million sides costs a million numbers at each node behind it.
NUMBERS = 2_000_000
# The bytes of a weight, and where its values lie if not in raw data.
TYPES: dict[int, tuple[int, str]] = {
    TensorProto.FLOAT: (4, "float_data"),
    TensorProto.DOUBLE: (8, "double_data"),
    TensorProto.FLOAT16: (2, "int32_data"),
    TensorProto.INT64: (8, "int64_data"),
    TensorProto.INT32: (4, "int32_data"),
    TensorProto.BOOL: (1, "int32_data"),
}


def read(data: bytes) -> onnx.ModelProto:
    """Raises Unexportable where it is too large, no graph, or one of more than ONNX's own operators and weights."""
    model = parsed(data)
    check(model)
    return model


def parsed(data: bytes) -> onnx.ModelProto:
    """A graph of which no more is known than that it is not too large. Raises Unexportable."""
    _require(len(data) <= GRAPH_BYTES, f"It has {len(data):,} bytes; {GRAPH_BYTES:,} are the most.")
    structure = len(data) - Wire(data).weights()
    _require(
        structure <= STRUCTURE_BYTES, f"It has {structure:,} bytes beside weights; {STRUCTURE_BYTES:,} are the most."
    )
    try:
        model: onnx.ModelProto = onnx.ModelProto.FromString(data)
    except DecodeError as error:
        raise Unexportable(f"It is no valid graph: {error}") from error
    return model


def check(model: onnx.ModelProto, *, nested: bool = False) -> None:
    """That it has ONNX's own operators and weights alone; `nested` allows branches and loops. Raises Unexportable."""
    _require(not (model.functions or model.training_info), "It is more than a graph.")
    graphs = list(_graphs(model.graph))
    _require(nested or len(graphs) == 1, "It has graphs within the graph.")
    nodes = [node for graph in graphs for node in graph.node]
    _check_nodes(nodes)
    for graph in graphs:
        _require(not graph.sparse_initializer, "It is more than a graph.")
        for value in [*graph.input, *graph.output, *graph.value_info]:
            _check_shape(value.name, [side.dim_value for side in value.type.tensor_type.shape.dim])
    _check_weights(nodes, [weight for graph in graphs for weight in graph.initializer])
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise Unexportable(f"It is no valid graph: {error}") from error


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """The graph and all within it."""
    yield graph
    for node in graph.node:
        for inner in graphs_of(node):
            yield from _graphs(inner)


def _check_nodes(nodes: Sequence[onnx.NodeProto]) -> None:
    _require(len(nodes) <= NODES, f"It has more than {NODES:,} nodes.")
    names = sum(len(node.input) + len(node.output) for node in nodes)
    _require(names <= NAMES, f"Its nodes read and answer more than {NAMES:,} values.")
    _require(all(node.domain in ("", "ai.onnx") for node in nodes), "It has operators that are not ONNX's own.")


def _check_weights(nodes: Sequence[onnx.NodeProto], weights: Sequence[TensorProto]) -> None:
    attributes = [attribute for node in nodes for attribute in node.attribute]
    tensors = [*weights, *_tensors(attributes)]
    for tensor in tensors:
        _check_tensor(tensor)
    longest = max(
        [len(each.ints) for each in attributes] + [_size(each) for each in tensors if _tells_shapes(each)], default=0
    )
    _require(longest * len(nodes) <= NUMBERS, f"It has {longest:,} whole numbers in a row.")


def _tensors(attributes: list[onnx.AttributeProto]) -> Iterator[TensorProto]:
    for attribute in attributes:
        yield from attribute.tensors
        if attribute.HasField("t"):
            yield attribute.t


def _check_tensor(tensor: TensorProto) -> None:
    """That all of it lies here, and is what it says."""
    elsewhere = tensor.data_location != TensorProto.DEFAULT or len(tensor.external_data)
    _require(not elsewhere, f"The weights '{tensor.name}' lie in another file.")
    _require(tensor.data_type in TYPES, f"The weights '{tensor.name}' are of a type that is not exported.")
    _check_shape(tensor.name, tensor.dims)
    width, field = TYPES[tensor.data_type]
    held = len(tensor.raw_data) / width if tensor.HasField("raw_data") else len(getattr(tensor, field))
    _require(held == _size(tensor), f"The weights '{tensor.name}' don't fit their shape.")


def _check_shape(name: str, sides: Sequence[int]) -> None:
    _require(
        len(sides) <= RANK and all(0 <= side <= SIDE for side in sides), f"The shape of '{name}' is beyond measure."
    )


def _size(tensor: TensorProto) -> int:
    return math.prod(tensor.dims)


def _tells_shapes(tensor: TensorProto) -> bool:
    return tensor.data_type in (TensorProto.INT64, TensorProto.INT32)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise Unexportable(message)
