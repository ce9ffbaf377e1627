"""TensorFlow's messages, field by field: GraphDef, and what its nodes hold."""

import numpy as np

from shared.arrays import Shape
from shared.exporting.nhwc.network import DType
from shared.exporting.tensorflow.nodes import Attribute, Node, Sides
from shared.exporting.tensorflow.protobuf import Field, entries, message, packed

TYPES = {DType.FLOAT: 1, DType.INT: 3, DType.BOOL: 10}
# What wrote it, as TensorFlow counts: a number that is high enough for all of its operators, and low for old readers.
PRODUCER = 21


def graph(nodes: list[Node]) -> bytes:
    versions = message((1, PRODUCER))
    return message(*((1, _node(node)) for node in nodes), (4, versions))


def shape(sides: Shape) -> bytes:
    return message(*((2, message((1, side))) for side in sides))


def _node(node: Node) -> bytes:
    inputs: list[Field] = [(3, name) for name in node.inputs]
    attributes = {name: message(_attribute(value)) for name, value in node.attributes.items()}
    return message((1, node.name), (2, node.operator), *inputs, *entries(5, attributes))


def _attribute(value: Attribute) -> Field:
    if isinstance(value, DType):
        return 6, TYPES[value]
    if isinstance(value, bytes):
        return 2, value
    if isinstance(value, bool):
        return 5, int(value)
    if isinstance(value, int):
        return 3, value
    if isinstance(value, Sides):
        return 7, shape(value.sides)
    if isinstance(value, list):
        return 1, message((3, packed(value)))
    return 8, _tensor(value)


def _tensor(value: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> bytes:
    return message((1, TYPES[DType(str(value.dtype))]), (2, shape(value.shape)), (4, value.tobytes()))
