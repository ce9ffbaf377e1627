"""A graph in half its bytes: weights, the input and the outputs as float16. Sums stay float32.

Where a CPU computes in float16 it takes up to twice the time, and is no more exact.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Smaller weights weigh nothing, and are rather limits than something that was learned.
FEW = 16
MOST = float(np.finfo(np.float16).max)


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    made = onnx.ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    casts = [_stored(weight) for weight in graph.initializer if _is_large(weight)]
    casts += [_given(graph, value) for value in graph.input if _is_float(value)]
    answers = [_answered(graph, value) for value in graph.output if _is_float(value)]
    nodes = [*casts, *graph.node, *answers]
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    return made


def _stored(weight: onnx.TensorProto) -> onnx.NodeProto:
    name = weight.name
    values = numpy_helper.to_array(weight).clip(-MOST, MOST).astype(np.float16)
    weight.CopyFrom(numpy_helper.from_array(values, _half(name)))
    return helper.make_node("Cast", [weight.name], [name], to=TensorProto.FLOAT)


def _given(graph: onnx.GraphProto, value: onnx.ValueInfoProto) -> onnx.NodeProto:
    _rename(graph, value.name)
    value.type.tensor_type.elem_type = TensorProto.FLOAT16
    return helper.make_node("Cast", [value.name], [_full(value.name)], to=TensorProto.FLOAT)


def _answered(graph: onnx.GraphProto, value: onnx.ValueInfoProto) -> onnx.NodeProto:
    _rename(graph, value.name)
    value.type.tensor_type.elem_type = TensorProto.FLOAT16
    return helper.make_node("Cast", [_full(value.name)], [value.name], to=TensorProto.FLOAT16)


def _rename(graph: onnx.GraphProto, name: str) -> None:
    """Within the graph that is another value."""
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [_full(each) if each == name else each for each in names]


def _is_large(weight: onnx.TensorProto) -> bool:
    return weight.data_type == TensorProto.FLOAT and int(np.prod(weight.dims)) > FEW


def _is_float(value: onnx.ValueInfoProto) -> bool:
    return bool(value.type.tensor_type.elem_type == TensorProto.FLOAT)


def _half(name: str) -> str:
    return f"{name} float16"


def _full(name: str) -> str:
    return f"{name} float32"
