"""Composes the served graph: crop, normalisation, backbone and head in one, as consumers of exports expect it."""

from collections.abc import Iterable, Mapping

import onnx
from onnx import helper, numpy_helper

from shared.exporting.graph.subject import METADATA
from shared.learning.head import Head
from shared.learning.layers import Layer, full_name
from shared.models.training.preprocessing import Preprocessing
from shared.models.workspace.projects import ClassificationType
from training_job.graphs.graph import Graph

INPUT, OUTPUT = "data", "model_output"


def widths_of(backbone: onnx.ModelProto) -> dict[Layer, int]:
    return {Layer(output.name): output.type.tensor_type.shape.dim[1].dim_value for output in backbone.graph.output}


def classifier(
    backbones: Mapping[str, onnx.ModelProto],
    spec: Preprocessing,
    head: Head,
    names: Iterable[str],
    kind: ClassificationType,
) -> onnx.ModelProto:
    """`data` (1, 3, height, width), RGB 0..255 -> `model_output` (1, tags), probabilities, by a head for the layers of
    these full names one after the other.
    """
    graph, seen = Graph(), list(names)
    for name, backbone in backbones.items():
        named = onnx.compose.add_prefix(backbone, full_name(name, ""))
        graph.extend(named)
        _see_the_middle(graph, named, spec)
    value = graph.add("Concat", *seen, axis=1) if len(seen) > 1 else seen[0]
    logits = graph.add("Gemm", value, graph.constant(head.weights), graph.constant(head.bias), transB=1)
    if kind == ClassificationType.MULTICLASS:
        graph.add("Softmax", logits, axis=1, output=OUTPUT)
    else:
        graph.add("Sigmoid", logits, output=OUTPUT)
    graph.leave_out_what_does_not_lead_to(OUTPUT)
    model = graph.model({INPUT: _shape(spec)}, {OUTPUT: [1, len(head.bias)]})
    helper.set_model_props(model, METADATA)
    onnx.checker.check_model(model)
    return model


def head_of(model: onnx.ModelProto) -> tuple[Head, list[str]]:
    """That of a graph that `classifier` made, also before it saw several layers, and the full names of its layers."""
    weights = {weight.name: weight for weight in model.graph.initializer}
    makers = {node.output[0]: node for node in model.graph.node}
    (answer,) = (output.name for output in model.graph.output)
    seen, *names = makers[makers[answer].input[0]].input
    layers = list(makers[seen].input) if makers[seen].op_type == "Concat" else [seen]
    if layers == ["embedding"]:
        layers = [full_name("efficientnet-lite0", Layer.MEAN)]
    return Head(*(numpy_helper.to_array(weights[name]) for name in names)), layers


def backbones_of(model: onnx.ModelProto) -> dict[str, onnx.ModelProto]:
    """The backbones in a graph that `classifier` made, with those of their layers that its head sees."""
    _, layers = head_of(model)
    whole, found = onnx.shape_inference.infer_shapes(model), {}
    for name in dict.fromkeys(layer.rpartition("/")[0] for layer in layers):
        prefix, pixels = (
            full_name(name, ""),
            next(
                node.output[0]
                for node in model.graph.node
                if node.op_type == "Slice" and node.output[0].startswith(name)
            ),
        )
        own = [layer for layer in layers if layer.startswith(prefix)]
        found[name] = _without_prefix(onnx.utils.Extractor(whole).extract_model([pixels], own), prefix)
    return found


def _without_prefix(model: onnx.ModelProto, prefix: str) -> onnx.ModelProto:
    graph = model.graph
    for node in graph.node:
        node.input[:] = [name.removeprefix(prefix) for name in node.input]
        node.output[:] = [name.removeprefix(prefix) for name in node.output]
    del graph.value_info[:]
    for named in (*graph.input, *graph.output, *graph.initializer):
        named.name = named.name.removeprefix(prefix)
    return model


def _see_the_middle(graph: Graph, backbone: onnx.ModelProto, spec: Preprocessing) -> None:
    (pixels,) = backbone.graph.input
    size = pixels.type.tensor_type.shape.dim[2].dim_value
    graph.crop_input(INPUT, pixels.name, (spec.height - size) // 2, (spec.width - size) // 2, size)


def _shape(spec: Preprocessing) -> list[int]:
    return [1, 3, spec.height, spec.width]
