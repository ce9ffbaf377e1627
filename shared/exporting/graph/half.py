"""A graph in half its bytes: weights, the input and the outputs as float16. Sums stay float32.

Where a CPU computes in float16 it takes up to twice the time, and is no more exact.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from shared.exporting.graph.renaming import apart, rename

# Smaller weights weigh nothing, and are rather limits than something that was learned.
FEW = 16
MOST = float(np.finfo(np.float16).max)


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    made = onnx.ModelProto()
    made.CopyFrom(model)
    graph, half, whole = made.graph, apart(model.graph, "half "), apart(model.graph, "whole ")
    casts = [_stored(weight, half + weight.name) for weight in graph.initializer if _is_large(weight)]
    casts += [_given(graph, value, whole + value.name) for value in graph.input if _is_float(value)]
    answers = [_answered(graph, value, whole + value.name) for value in graph.output if _is_float(value)]
    nodes = [*casts, *graph.node, *answers]
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    return made


def _stored(weight: onnx.TensorProto, half: str) -> onnx.NodeProto:
    name = weight.name
    values = numpy_helper.to_array(weight).clip(-MOST, MOST).astype(np.float16)
    weight.CopyFrom(numpy_helper.from_array(values, half))
    return helper.make_node("Cast", [weight.name], [name], to=TensorProto.FLOAT)


def _given(graph: onnx.GraphProto, value: onnx.ValueInfoProto, whole: str) -> onnx.NodeProto:
    rename(graph, value.name, whole)
    value.type.tensor_type.elem_type = TensorProto.FLOAT16
    return helper.make_node("Cast", [value.name], [whole], to=TensorProto.FLOAT)


def _answered(graph: onnx.GraphProto, value: onnx.ValueInfoProto, whole: str) -> onnx.NodeProto:
    rename(graph, value.name, whole)
    value.type.tensor_type.elem_type = TensorProto.FLOAT16
    return helper.make_node("Cast", [whole], [value.name], to=TensorProto.FLOAT16)


def _is_large(weight: onnx.TensorProto) -> bool:
    return weight.data_type == TensorProto.FLOAT and int(np.prod(weight.dims)) > FEW


def _is_float(value: onnx.ValueInfoProto) -> bool:
    return bool(value.type.tensor_type.elem_type == TensorProto.FLOAT)
