"""Reads a served graph. Only its constants are computed with."""

from collections.abc import Callable

from shared.exporting.graph.node import Node
from shared.exporting.graph.subject import Ending, Subject, Unexportable, readable
from shared.exporting.graph.suppressing import BEGINNING
from shared.exporting.nhwc import arithmetic, shaping
from shared.exporting.nhwc.convolution import convolution
from shared.exporting.nhwc.draft import Value
from shared.exporting.nhwc.graph import Graph
from shared.exporting.nhwc.network import Network
from shared.exporting.nhwc.suppression import suppression

SOURCE = "Placeholder"
# What consumers ask for.
OUTPUTS = {
    Ending.PROBABILITIES: ["loss"],
    Ending.BOXES: ["detected_boxes", "detected_classes", "detected_scores"],
    Ending.GRID: ["model_outputs"],
}
OPERATORS: dict[str, Callable[..., Value | tuple[Value, ...]]] = {
    **dict.fromkeys(arithmetic.UNARY, arithmetic.unary),
    **dict.fromkeys(arithmetic.BINARY, arithmetic.binary),
    **dict.fromkeys(arithmetic.COMPARISONS, arithmetic.comparison),
    **dict.fromkeys(shaping.REDUCTIONS, shaping.reduction),
    "Cast": arithmetic.cast,
    "Clip": arithmetic.clip,
    "Concat": shaping.concat,
    "Flatten": shaping.flatten,
    "Gather": shaping.gather,
    "Gemm": arithmetic.gemm,
    "GlobalAveragePool": shaping.global_mean,
    "Identity": shaping.identity,
    "MatMul": arithmetic.matmul,
    "ReduceL2": shaping.length,
    "Reshape": shaping.reshape,
    "Resize": shaping.resize,
    "Slice": shaping.slice_,
    "Softmax": arithmetic.softmax,
    "Split": shaping.split,
    "Squeeze": shaping.squeeze,
    "TopK": shaping.top_k,
    "Transpose": shaping.transpose,
    "Unsqueeze": shaping.unsqueeze,
}


@readable()
def read(subject: Subject) -> Network:
    """Raises Unexportable."""
    graph = Graph(subject.model.graph)
    (source,) = (value for value in subject.model.graph.input if value.name not in graph.weights)
    _, channels, height, width = (side.dim_value for side in source.type.tensor_type.shape.dim)
    pixels = graph.draft.source(SOURCE, (1, height, width, channels), blue_first=subject.bgr)
    graph.values[source.name] = pixels
    answers = _answers(graph, subject)
    names = {value.name: name for value, name in zip(answers, OUTPUTS[subject.ending], strict=True)}
    return _named(graph, names, any_batch=subject.ending is Ending.PROBABILITIES)


def _answers(graph: Graph, subject: Subject) -> list[Value]:
    """What the network answers: images as images, boxes without the dimension of pictures."""
    place = _translate(graph)
    if subject.ending is Ending.BOXES:
        return list(suppression(graph, place, len(subject.labels)))
    if place < len(graph.nodes):
        raise Unexportable("A graph without boxes chooses some.")
    value = graph.value(graph.outputs[0])
    return [graph.draft.image(value) if subject.ending is Ending.GRID else value]


def _translate(graph: Graph) -> int:
    """All nodes but those that choose boxes, which begin at the place that is answered."""
    passed: set[Node] = set()
    for place, node in enumerate(graph.nodes):
        if node.operator == BEGINNING:
            return place
        if node.operator == "Conv":
            nodes, value = convolution(graph, node)
            graph.values[nodes[-1].outputs[0]] = value
            passed.update(nodes)
        elif node not in passed:
            graph.values.update(zip(node.outputs, _translated(graph, node), strict=True))
    return len(graph.nodes)


def _translated(graph: Graph, node: Node) -> tuple[Value, ...]:
    if node.operator not in OPERATORS:
        raise Unexportable(f"The operator {node.operator} is not known.")
    values = OPERATORS[node.operator](graph.draft, node, *graph.inputs(node))
    return (values,) if isinstance(values, Value) else values


def _named(graph: Graph, names: dict[str, str], *, any_batch: bool) -> Network:
    """By these names what is answered, which nothing else may read."""
    draft = graph.draft
    read = {name for operation in draft.operations for name in operation.inputs}
    answered = {name for operation in draft.operations for name in operation.outputs}
    if not names.keys() <= answered - read:
        raise Unexportable("What the graph answers is not computed at its end.")
    for name, wanted in names.items():
        draft.tensors[wanted] = draft.tensors.pop(name)
    operations = (
        each._replace(outputs=tuple(names.get(name, name) for name in each.outputs)) for each in draft.operations
    )
    return Network(SOURCE, tuple(names.values()), tuple(operations), draft.constants, draft.tensors, any_batch)
