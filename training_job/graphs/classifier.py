"""Composes the served graph: crop, normalisation, backbone and head in one, as consumers of exports expect it."""

import onnx
from onnx import helper, numpy_helper

from shared.learning.head import Head
from shared.models.training.preprocessing import Preprocessing
from shared.models.workspace.projects import ClassificationType
from training_job.graphs.graph import Graph

INPUT, OUTPUT = "data", "model_output"
# Microsoft's sample consumers read both, the C# one without asking whether they are there.
METADATA = {"Image.BitmapPixelFormat": "Rgb8", "Image.NominalPixelRange": "NominalRange_0_255"}


def embedder(backbone: onnx.ModelProto, spec: Preprocessing) -> onnx.ModelProto:
    """`data` (1, 3, height, width), RGB 0..255 -> `embedding` (1, width), of length 1: the backbone sees the middle."""
    graph = _seeing_the_middle(backbone, spec)
    width = backbone.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    return graph.model({INPUT: _shape(spec)}, {"embedding": [1, width]})


def classifier(backbone: onnx.ModelProto, spec: Preprocessing, head: Head, kind: ClassificationType) -> onnx.ModelProto:
    """`data` (1, 3, height, width), RGB 0..255 -> `model_output` (1, tags), probabilities."""
    graph = _seeing_the_middle(backbone, spec)
    logits = graph.add("Gemm", "embedding", graph.constant(head.weights), graph.constant(head.bias), transB=1)
    if kind == ClassificationType.MULTICLASS:
        graph.add("Softmax", logits, axis=1, output=OUTPUT)
    else:
        graph.add("Sigmoid", logits, output=OUTPUT)
    model = graph.model({INPUT: _shape(spec)}, {OUTPUT: [1, len(head.bias)]})
    helper.set_model_props(model, METADATA)
    onnx.checker.check_model(model)
    return model


def head_of(model: onnx.ModelProto) -> Head:
    """The head of a graph that `classifier` made."""
    weights = {weight.name: weight for weight in model.graph.initializer}
    (gemm,) = (node for node in model.graph.node if node.op_type == "Gemm")
    return Head(*(numpy_helper.to_array(weights[name]) for name in gemm.input[1:]))


def _seeing_the_middle(backbone: onnx.ModelProto, spec: Preprocessing) -> Graph:
    size = backbone.graph.input[0].type.tensor_type.shape.dim[2].dim_value
    graph = Graph.of(backbone)
    graph.crop_input(INPUT, "pixels", (spec.height - size) // 2, (spec.width - size) // 2, size)
    return graph


def _shape(spec: Preprocessing) -> list[int]:
    return [1, 3, spec.height, spec.width]
