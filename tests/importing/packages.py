"""Packages as Custom Vision and other tools make them: small graphs of random weights, by their names and layouts."""

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from uuid import UUID, uuid4
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

THERE = UUID("6b1f4a6e-4a0d-4b39-9d1e-0d2f6a6b7c11")
BGR = {"Image.BitmapPixelFormat": "Bgr8", "Image.NominalPixelRange": "NominalRange_0_255"}
RGB_UNIT = {"Image.BitmapPixelFormat": "Rgb8", "Image.NominalPixelRange": "Normalized_0_1"}
GRID_SIDE, CELL, ANCHORS = 416, 32, 5
# How an iteration did there, as Custom Vision tells it.
PERFORMANCE = {
    "perTagPerformance": [
        {
            "id": str(uuid4()), "name": "cog", "precision": 0.75, "precisionStdDeviation": 0.01, "recall": 0.5,
            "recallStdDeviation": 0.02, "averagePrecision": 0.625,
        }
    ],
    "precision": 0.75, "precisionStdDeviation": 0.01, "recall": 0.5, "recallStdDeviation": 0.02,
    "averagePrecision": 0.625,
}  # fmt: skip
FLOAT, STRING = TensorProto.FLOAT, TensorProto.STRING


def weight(name: str, *shape: int, deviation: float = 0.3, seed: int = 1) -> onnx.TensorProto:
    values = np.random.default_rng(seed + len(name)).normal(0, deviation, shape)
    return helper.make_tensor(name, FLOAT, shape, values.ravel())


def model_of(
    nodes: Sequence[onnx.NodeProto],
    given: tuple[str, Sequence[int | str]],
    outputs: Sequence[onnx.ValueInfoProto],
    weights: Sequence[onnx.TensorProto],
    *,
    opset: int = 9,
    metadata: Mapping[str, str] | None = None,
    kind: int = FLOAT,
) -> onnx.ModelProto:
    pixels = helper.make_tensor_value_info(given[0], kind, given[1])
    graph = helper.make_graph(list(nodes), "there", [pixels], list(outputs), list(weights))
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=4)
    helper.set_model_props(model, dict(metadata or {}))
    return model


def classifier(
    count: int, *, last: str = "Softmax", side: int = 32, metadata: Mapping[str, str] | None = BGR, scaler: bool = False
) -> onnx.ModelProto:
    """`data` -> `model_output`, float (1, count); where `last` is empty, that is no probability."""
    seen = "scaled" if scaler else "data"
    nodes = [
        *([helper.make_node("ImageScaler", ["data"], [seen], scale=1.0, bias=[-104.0, -117.0, -123.0])] * scaler),
        helper.make_node("Conv", [seen, "kernel"], ["maps"], kernel_shape=[3, 3], strides=[2, 2]),
        helper.make_node("BatchNormalization", ["maps", "gain", "offset", "mean", "variance"], ["normed"]),
        helper.make_node("LeakyRelu", ["normed"], ["bent"], alpha=0.1),
        helper.make_node("MaxPool", ["bent"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("GlobalAveragePool", ["pooled"], ["means"]),
        helper.make_node("Flatten", ["means"], ["flat"]),
        helper.make_node("Gemm", ["flat", "matrix", "bias"], ["logits" if last else "model_output"]),
        *([helper.make_node(last, ["logits"], ["model_output"])] if last else []),
    ]
    weights = [
        weight("kernel", 4, 3, 3, 3, deviation=0.02), weight("gain", 4), weight("offset", 4), weight("mean", 4),
        helper.make_tensor("variance", FLOAT, [4], [1.0] * 4), weight("matrix", 4, count), weight("bias", count),
    ]  # fmt: skip
    output = helper.make_tensor_value_info("model_output", FLOAT, ["n", count])
    return model_of(nodes, ("data", ["None", 3, side, side]), [output], weights, opset=8, metadata=metadata)


def named(labels: Sequence[str]) -> onnx.ModelProto:
    """As Windows ML takes classifiers: `classLabel` and `loss`. Weights are inputs, too; pixels are scaled first."""
    model = classifier(len(labels), metadata=None, scaler=True)
    graph = model.graph
    graph.initializer.append(numpy_helper.from_array(np.array(labels, object), "labels"))
    domain = "ai.onnx.ml"
    graph.node.extend(
        [
            helper.make_node("ArgMax", ["model_output"], ["best"], axis=1),
            helper.make_node("ArrayFeatureExtractor", ["labels", "best"], ["classLabel"], domain=domain),
            helper.make_node("ZipMap", ["model_output"], ["loss"], domain=domain, classlabels_strings=list(labels)),
        ]
    )
    for each in graph.initializer:
        graph.input.append(helper.make_tensor_value_info(each.name, each.data_type, each.dims))
    del graph.output[:]
    by_label = helper.make_map_type_proto(STRING, helper.make_tensor_type_proto(FLOAT, None))
    graph.output.append(helper.make_tensor_value_info("classLabel", STRING, [1, 1]))
    graph.output.append(helper.make_value_info("loss", helper.make_sequence_type_proto(by_label)))
    return model


def grid(count: int, *, anchors: int = ANCHORS, metadata: Mapping[str, str] | None = BGR) -> onnx.ModelProto:
    """`data` (1, 3, 416, 416) -> `model_outputs0` (1, anchors (5 + count), 13, 13), of shapes that are not told."""
    channels = anchors * (5 + count)
    nodes = [
        helper.make_node("Conv", ["data", "kernel"], ["maps"], kernel_shape=[CELL, CELL], strides=[CELL, CELL]),
        helper.make_node("LeakyRelu", ["maps"], ["bent"], alpha=0.1),
        helper.make_node("Conv", ["bent", "cells", "bias"], ["model_outputs0"], kernel_shape=[1, 1]),
    ]
    weights = [
        weight("kernel", 6, 3, CELL, CELL, deviation=0.0005), weight("cells", channels, 6, 1, 1),
        weight("bias", channels),
    ]  # fmt: skip
    output = helper.make_tensor_value_info("model_outputs0", FLOAT, ["None", "None2", 13, 13])
    sides: list[int | str] = ["None", 3, GRID_SIDE, GRID_SIDE]
    return model_of(nodes, ("data", sides), [output], weights, metadata=metadata)


def rows(boxes: np.ndarray, side: int = 64) -> onnx.ModelProto:
    """As versions 8 and later of YOLO answer: (1, 4 + tags, N), in which `boxes` are, whatever the picture shows."""
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
        helper.make_node("Add", ["boxes", "zero"], ["output0"]),
    ]
    weights = [
        helper.make_tensor("boxes", FLOAT, (1, *boxes.shape), boxes.ravel()),
        helper.make_tensor("nothing", FLOAT, [1], [0.0]),
    ]
    output = helper.make_tensor_value_info("output0", FLOAT, (1, *boxes.shape))
    return model_of(nodes, ("images", [1, 3, side, side]), [output], weights, opset=13)


def zipped(model: onnx.ModelProto | bytes, labels: Sequence[str] | None, **files: str) -> bytes:
    """`manifest` is cvexport.manifest."""
    data = model if isinstance(model, bytes) else model.SerializeToString()
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as package:
        package.writestr("model.onnx", data)
        if labels is not None:
            package.writestr("labels.txt", "\r\n".join(labels))
        for name, text in files.items():
            package.writestr({"manifest": "cvexport.manifest"}.get(name, name), text)
    return buffer.getvalue()


def manifest(kind: str) -> str:
    return json.dumps(
        {
            "DomainType": kind,
            "Platform": "ONNX",
            "Flavor": None,
            "ExporterVersion": "2.0",
            "ExportedDate": "2024-03-05T07:08:09.1234567Z",
            "IterationId": str(THERE),
            "ModelFileName": "model.onnx",
            "LabelFileName": "labels.txt",
        },
        indent=2,
    ).replace("\n", "\r\n")
