"""TensorFlow's frozen graph: `model.pb`, a GraphDef."""

from shared.exporting.graph.subject import Subject
from shared.exporting.nhwc.reader import read
from shared.exporting.tensorflow.messages import graph
from shared.exporting.tensorflow.nodes import nodes

FILE = "model.pb"


def files(subject: Subject) -> dict[str, bytes]:
    return {FILE: graph(nodes(read(subject)))}
