"""Names of values in a graph."""

from collections.abc import Iterator

import onnx

from shared.exporting.graph.nodes import graphs_of


def rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    """Of a value that a node or an input answers, wherever it is read: not in the lists of inputs and outputs."""
    for node in graph.node:
        node.output[:] = [new if name == old else name for name in node.output]
    for node in _nodes(graph):
        node.input[:] = [new if name == old else name for name in node.input]
    for value in _answered_within(graph):
        value.name = new if value.name == old else value.name


def unused(graph: onnx.GraphProto, name: str) -> str:
    """The name, or a longer one where the graph has it."""
    used = _names(graph)
    while name in used:
        name += "_"
    return name


def apart(graph: onnx.GraphProto, prefix: str) -> str:
    """The prefix, or a longer one where the graph has names that begin so, as one that was exported before has them."""
    used = _names(graph)
    while any(name.startswith(prefix) for name in used):
        prefix += "again "
    return prefix


def _names(graph: onnx.GraphProto) -> set[str]:
    names = {each for node in _nodes(graph) for each in (*node.input, *node.output)}
    return names | {weight.name for weight in graph.initializer}


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for inner in graphs_of(node):
            yield from _nodes(inner)


def _answered_within(graph: onnx.GraphProto) -> Iterator[onnx.ValueInfoProto]:
    """A branch may answer a value of the graph around it."""
    for node in graph.node:
        for inner in graphs_of(node):
            yield from inner.output
            yield from _answered_within(inner)
