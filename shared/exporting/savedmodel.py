"""TensorFlow's SavedModel: the frozen graph with a signature, and no variables."""

from shared.exporting.graph.subject import Subject
from shared.exporting.nhwc.network import Network
from shared.exporting.nhwc.reader import read
from shared.exporting.tensorflow.messages import TYPES, graph, shape
from shared.exporting.tensorflow.nodes import nodes
from shared.exporting.tensorflow.protobuf import entries, message

FILE = "saved_model.pb"
# An empty folder, without which TensorFlow finds no model.
VARIABLES = "variables/"
TAG, SIGNATURE, METHOD = "serve", "serving_default", "tensorflow/serving/predict"


def files(subject: Subject) -> dict[str, bytes]:
    network = read(subject)
    told = message((4, TAG))
    meta = message((1, told), (2, graph(nodes(network))), *entries(5, {SIGNATURE: _signature(network)}))
    return {FILE: message((1, 1), (2, meta)), VARIABLES: b""}


def _signature(network: Network) -> bytes:
    inputs, outputs = (
        {name: _tensor(network, name) for name in names} for names in ([network.source], network.outputs)
    )
    return message(*entries(1, inputs), *entries(2, outputs), (3, METHOD))


def _tensor(network: Network, name: str) -> bytes:
    sides, dtype = network.outside(name)
    return message((1, f"{name}:0"), (2, TYPES[dtype]), (3, shape(sides)))
