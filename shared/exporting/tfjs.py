"""TensorFlow.js: the nodes as JSON in `model.json`, and what they know in `weights.bin`."""

import base64

import msgspec
import numpy as np

from shared.arrays import Shape
from shared.exporting.graph.subject import Subject
from shared.exporting.nhwc.network import DType, Network
from shared.exporting.nhwc.reader import read
from shared.exporting.tensorflow.messages import PRODUCER
from shared.exporting.tensorflow.nodes import Attribute, Node, Sides, nodes

FILE, WEIGHTS = "model.json", "weights.bin"
TYPES = {DType.FLOAT: "DT_FLOAT", DType.INT: "DT_INT32", DType.BOOL: "DT_BOOL"}
# Without it consumers feed blue first.
RED_FIRST = {"Image.BitmapPixelFormat": "Rgb8"}
Json = dict[str, object]


def files(subject: Subject, *, half: bool = False) -> dict[str, bytes]:
    """`half` keeps kernels as float16, which are float32 again as soon as they are loaded."""
    network = read(subject)
    written = nodes(network)
    halved = network.kernels if half else set()
    weights = [_Weight(node, node.name in halved) for node in written if node.operator == "Const"]
    model: Json = {
        "format": "graph-model",
        "generatedBy": "ocellus",
        "signature": _signature(network),
        "modelTopology": {"node": [_node(node) for node in written], "versions": {"producer": PRODUCER}},
        "weightsManifest": [{"paths": [WEIGHTS], "weights": [weight.entry for weight in weights]}],
        "userDefinedMetadata": {} if subject.bgr else RED_FIRST,
    }
    return {FILE: msgspec.json.encode(model), WEIGHTS: b"".join(weight.data for weight in weights)}


class _Weight:
    """A constant: how it is told of, and its bytes."""

    def __init__(self, node: Node, halved: bool) -> None:
        value = node.attributes["value"]
        assert isinstance(value, np.ndarray)
        self.entry: Json = {"name": node.name, "shape": list(value.shape), "dtype": str(value.dtype)}
        if halved:
            self.entry["quantization"] = {"dtype": "float16", "original_dtype": str(value.dtype)}
        self.data = (value.astype(np.float16) if halved else value).tobytes()


def _node(node: Node) -> Json:
    attributes = {
        name: _attribute(value) for name, value in node.attributes.items() if not isinstance(value, np.ndarray)
    }
    return {"name": node.name, "op": node.operator, "input": node.inputs, "attr": attributes}


def _attribute(value: Attribute) -> Json:
    """Whole numbers are written as words."""
    if isinstance(value, DType):
        return {"type": TYPES[value]}
    if isinstance(value, bytes):
        return {"s": base64.b64encode(value).decode()}
    if isinstance(value, bool):
        return {"b": value}
    if isinstance(value, int):
        return {"i": str(value)}
    if isinstance(value, Sides):
        return {"shape": _shape(value.sides)}
    assert isinstance(value, list)
    return {"list": {"i": [str(each) for each in value]}}


def _signature(network: Network) -> Json:
    return {
        "inputs": {network.source: _tensor(network, network.source)},
        "outputs": {name: _tensor(network, name) for name in network.outputs},
    }


def _tensor(network: Network, name: str) -> Json:
    sides, dtype = network.outside(name)
    return {"name": f"{name}:0", "dtype": TYPES[dtype], "tensorShape": _shape(sides)}


def _shape(sides: Shape) -> Json:
    return {"dim": [{"size": str(side)} for side in sides]}
