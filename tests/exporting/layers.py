"""A Core ML network read back, layer by layer, into a graph that onnxruntime runs: only Apple's machines run the file.

A layer that is not known here is an error, and so is one whose fields are not those that its reader knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import onnx
from google.protobuf.message import Message
from onnx import TensorProto

from training_job.graphs.graph import Graph

if TYPE_CHECKING:
    from coremltools.proto.Model_pb2 import Model
    from coremltools.proto.NeuralNetwork_pb2 import NeuralNetworkLayer, WeightParams

CHOICE = "NonMaximumSuppression"


def network(model: bytes) -> tuple[Model, list[NeuralNetworkLayer]]:
    # It takes seconds to import.
    from coremltools.proto.Model_pb2 import Model

    spec = Model.FromString(model)
    return spec, list(getattr(spec, spec.WhichOneof("Type")).layers)


def kind(layer: NeuralNetworkLayer) -> str:
    return str(layer.WhichOneof("layer"))


def graph(
    layers: Sequence[NeuralNetworkLayer], inputs: Mapping[str, list[int]], outputs: Mapping[str, list[int]]
) -> onnx.ModelProto:
    """What lies between these."""
    made = Graph()
    for layer in layers:
        READERS[kind(layer)](made, layer)
    return made.model(inputs, outputs)


def simple(operator: str) -> Callable[[Graph, NeuralNetworkLayer], None]:
    def read(made: Graph, layer: NeuralNetworkLayer) -> None:
        checked(layer)
        made.add(operator, *layer.input, output=layer.output[0])

    return read


def with_alpha(operator: str) -> Callable[[Graph, NeuralNetworkLayer], None]:
    """Of two inputs, or of one and a number."""

    def read(made: Graph, layer: NeuralNetworkLayer) -> None:
        given = checked(layer, "alpha")
        other = [made.constant(given.alpha)] if len(layer.input) == 1 else []
        made.add(operator, *layer.input, *other, output=layer.output[0])

    return read


def reduced(operator: str) -> Callable[[Graph, NeuralNetworkLayer], None]:
    def read(made: Graph, layer: NeuralNetworkLayer) -> None:
        given = checked(layer, "axes", "keepDims")
        add(made, operator, layer, axes=list(given.axes), keepdims=int(given.keepDims))

    return read


def add(made: Graph, operator: str, layer: NeuralNetworkLayer, *inputs: str, **attributes: int | list[int]) -> None:
    made.add(operator, layer.input[0], *inputs, output=layer.output[0], **attributes)


def checked(layer: NeuralNetworkLayer, *known: str) -> Message:
    """Its parameters, all of which the reader knows."""
    given = getattr(layer, kind(layer))
    assert {field.name for field, _ in given.ListFields()} <= set(known), layer.name
    return given


def values(weights: WeightParams, shape: Sequence[int]) -> np.ndarray:
    half = np.frombuffer(weights.float16Value, np.float16).astype(np.float32)
    return (half if len(half) else np.array(weights.floatValue, np.float32)).reshape(shape)


def convolution(made: Graph, layer: NeuralNetworkLayer) -> None:
    given = checked(
        *(layer, "outputChannels", "kernelChannels", "nGroups", "kernelSize", "stride", "dilationFactor", "valid"),
        *("hasBias", "weights", "bias"),
    )
    (top, bottom), (left, right) = (
        (each.startEdgeSize, each.endEdgeSize) for each in given.valid.paddingAmounts.borderAmounts
    )
    kernel = values(given.weights, [given.outputChannels, given.kernelChannels, *given.kernelSize])
    weights = [made.constant(kernel)]
    if given.hasBias:
        weights.append(made.constant(values(given.bias, [given.outputChannels])))
    add(
        *(made, "Conv", layer, *weights),
        kernel_shape=list(given.kernelSize),
        strides=list(given.stride),
        dilations=list(given.dilationFactor),
        group=given.nGroups,
        pads=[top, left, bottom, right],
    )


def product(made: Graph, layer: NeuralNetworkLayer) -> None:
    given = checked(layer, "inputChannels", "outputChannels", "hasBias", "weights", "bias")
    rows = values(given.weights, [given.outputChannels, given.inputChannels])
    add(made, "Gemm", layer, made.constant(rows), made.constant(values(given.bias, [given.outputChannels])), transB=1)


def activation(made: Graph, layer: NeuralNetworkLayer) -> None:
    given = layer.activation
    match given.WhichOneof("NonlinearityType"):
        case "ReLU":
            add(made, "Relu", layer)
        case "sigmoid":
            add(made, "Sigmoid", layer)
        case "linear":
            assert given.linear.beta == 0
            # That of 1 turns truths into numbers.
            number = made.add("Cast", layer.input[0], to=TensorProto.FLOAT)
            made.add("Mul", number, made.constant(given.linear.alpha), output=layer.output[0])
        case other:
            raise AssertionError(other)


def unary(made: Graph, layer: NeuralNetworkLayer) -> None:
    given = checked(layer, "type", "alpha", "epsilon", "shift", "scale")
    assert (given.shift, given.scale) == (0, 1)
    add(made, {given.EXP: "Exp", given.LOG: "Log", given.SQRT: "Sqrt"}[given.type], layer)


def pooling(made: Graph, layer: NeuralNetworkLayer) -> None:
    assert (layer.pooling.type, layer.pooling.globalPooling) == (layer.pooling.AVERAGE, True)
    add(made, "GlobalAveragePool", layer)


def constant(made: Graph, layer: NeuralNetworkLayer) -> None:
    given = checked(layer, "shape", "data")
    made.add("Identity", made.constant(values(given.data, given.shape)), output=layer.output[0])


def clip(made: Graph, layer: NeuralNetworkLayer) -> None:
    given = checked(layer, "minVal", "maxVal")
    add(made, "Clip", layer, made.constant(given.minVal), made.constant(given.maxVal))


def cut(made: Graph, layer: NeuralNetworkLayer) -> None:
    given = checked(layer, "beginIds", "beginMasks", "endIds", "endMasks", "strides", "squeezeMasks")
    assert set(given.strides) == {1}
    assert not any([*given.beginMasks, *given.endMasks, *given.squeezeMasks])
    add(made, "Slice", layer, made.constant(given.beginIds, np.int64), made.constant(given.endIds, np.int64))


def reshape(made: Graph, layer: NeuralNetworkLayer) -> None:
    add(made, "Reshape", layer, made.constant(checked(layer, "targetShape").targetShape, np.int64))


def squeeze(made: Graph, layer: NeuralNetworkLayer) -> None:
    operator = {"squeeze": "Squeeze", "expandDims": "Unsqueeze"}[kind(layer)]
    add(made, operator, layer, made.constant(checked(layer, "axes").axes, np.int64))


def transpose(made: Graph, layer: NeuralNetworkLayer) -> None:
    add(made, "Transpose", layer, perm=list(checked(layer, "axes").axes))


def split(made: Graph, layer: NeuralNetworkLayer) -> None:
    given = checked(layer, "axis", "numSplits")
    assert given.numSplits == len(layer.output)
    node = onnx.helper.make_node("Split", list(layer.input), list(layer.output), axis=given.axis)
    made.nodes.append(node)


def concat(made: Graph, layer: NeuralNetworkLayer) -> None:
    made.add("Concat", *layer.input, output=layer.output[0], axis=checked(layer, "axis").axis)


def softmax(made: Graph, layer: NeuralNetworkLayer) -> None:
    add(made, "Softmax", layer, axis=checked(layer, "axis").axis)


def upsample(made: Graph, layer: NeuralNetworkLayer) -> None:
    given = checked(layer, "scalingFactor")
    assert given.mode == given.NN
    scales = made.constant([1, 1, *given.scalingFactor])
    options: dict[str, str] = {
        "mode": "nearest",
        "coordinate_transformation_mode": "asymmetric",
        "nearest_mode": "floor",
    }
    made.add("Resize", layer.input[0], "", scales, output=layer.output[0], **options)


def gather(made: Graph, layer: NeuralNetworkLayer) -> None:
    places = made.add("Cast", layer.input[1], to=TensorProto.INT64)
    made.add("Gather", layer.input[0], places, output=layer.output[0], axis=checked(layer, "axis").axis)


def top_k(made: Graph, layer: NeuralNetworkLayer) -> None:
    given = checked(layer, "axis", "K")
    inputs = [layer.input[0], made.constant([given.K], np.int64)]
    made.nodes.append(onnx.helper.make_node("TopK", inputs, list(layer.output), axis=given.axis))


READERS: dict[str, Callable[[Graph, NeuralNetworkLayer], None]] = {
    "activation": activation,
    "add": with_alpha("Add"),
    "clip": clip,
    "concatND": concat,
    "convolution": convolution,
    "copy": simple("Identity"),
    "divideBroadcastable": simple("Div"),
    "equal": with_alpha("Equal"),
    "expandDims": squeeze,
    "floor": simple("Floor"),
    "gather": gather,
    "innerProduct": product,
    "loadConstantND": constant,
    "maxBroadcastable": simple("Max"),
    "minBroadcastable": simple("Min"),
    "multiply": with_alpha("Mul"),
    "multiplyBroadcastable": simple("Mul"),
    "pooling": pooling,
    "reduceL2": reduced("ReduceL2"),
    "reduceMax": reduced("ReduceMax"),
    "reshapeStatic": reshape,
    "sliceStatic": cut,
    "softmaxND": softmax,
    "splitND": split,
    "squeeze": squeeze,
    "subtractBroadcastable": simple("Sub"),
    "topK": top_k,
    "transpose": transpose,
    "unary": unary,
    "upsample": upsample,
}
