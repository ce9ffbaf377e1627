"""A trunk's nodes as layers of OpenVINO's first set of operators, which its every version reads."""

from collections.abc import Callable

import numpy as np

from shared.arrays import Array, Shape
from shared.exporting.graph.node import Node
from shared.exporting.graph.subject import Unexportable
from shared.exporting.nchw.ir import BOOL, FLOAT, INT32, Network, Port, Setting
from shared.exporting.nchw.trunk import RESHAPES, Trunk

UNARY = {
    **{name: name for name in ("Abs", "Exp", "Floor", "Log", "Sigmoid", "Sqrt")},
    **{"Neg": "Negative", "Relu": "ReLU"},
}
BINARY = {
    **{"Add": "Add", "Div": "Divide", "Max": "Maximum", "Min": "Minimum", "Mul": "Multiply", "Sub": "Subtract"},
    **{"Equal": "Equal", "Greater": "Greater", "Less": "Less"},
}
COMPARISONS = ("Equal", "Greater", "Less")
REDUCTIONS = ("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum")
TO_FLOAT = 1


class Layers:
    """Those of a network in the making; `values` are what the nodes answered so far, and constants that were read."""

    def __init__(self, trunk: Trunk, pixels: Port, network: Network) -> None:
        self.trunk, self.network = trunk, network
        self.values: dict[str, Port] = {trunk.source: pixels}

    def add(self, node: Node) -> None:
        """Raises Unexportable."""
        if node.operator not in OPERATORS:
            raise Unexportable(f"The operator {node.operator} is not known.")
        made = OPERATORS[node.operator](self, node)
        self.values.update(zip(node.outputs, made if isinstance(made, list) else [made], strict=True))

    def value(self, name: str) -> Port:
        if name not in self.values:
            weight = self.trunk.known(name)
            self.values[name] = self.network.constant(weight, str(weight.dtype))
        return self.values[name]

    def shape(self, node: Node) -> Shape:
        """Of what it answers first."""
        return self.trunk.shape(node.outputs[0])

    def known(self, node: Node) -> list[Array]:
        """What it reads beside its first input."""
        return [self.trunk.known(name) for name in node.inputs[1:]]

    def combined(self, kind: str, first: Port, second: Port, type: str = FLOAT) -> Port:
        shape = np.broadcast_shapes(first.shape, second.shape)
        return self.network.add(kind, first, second, shape=shape, type=type, auto_broadcast="numpy")

    def reshaped(self, value: Port, shape: Shape, name: str = "") -> Port:
        told = self.network.integers(shape)
        return self.network.add("Reshape", value, told, shape=shape, type=value.type, name=name, special_zero=False)

    def transposed(self, value: Port, order: list[int]) -> Port:
        shape = tuple(value.shape[axis] for axis in order)
        return self.network.add("Transpose", value, self.network.integers(order), shape=shape, type=value.type)

    def parted(self, value: Port, axis: int, lengths: list[int]) -> list[Port]:
        outputs = [((*value.shape[:axis], length, *value.shape[axis + 1 :]), value.type) for length in lengths]
        told = self.network.integers(axis), self.network.integers(lengths)
        return self.network.add_all("VariadicSplit", value, *told, outputs=outputs)

    def joined(self, *values: Port, axis: int, name: str = "") -> Port:
        length = sum(value.shape[axis] for value in values)
        shape = (*values[0].shape[:axis], length, *values[0].shape[axis + 1 :])
        return self.network.add("Concat", *values, shape=shape, type=values[0].type, name=name, axis=axis)

    def reduced(self, kind: str, value: Port, axes: list[int], shape: Shape) -> Port:
        kept = len(shape) == len(value.shape)
        return self.network.add(kind, value, self.network.integers(axes), shape=shape, keep_dims=kept)


def identity(made: Layers, node: Node) -> Port:
    return made.value(node.inputs[0])


def unary(made: Layers, node: Node) -> Port:
    return made.network.add(UNARY[node.operator], made.value(node.inputs[0]), shape=made.shape(node))


def binary(made: Layers, node: Node) -> Port:
    first, second = map(made.value, node.inputs)
    return made.combined(BINARY[node.operator], first, second, BOOL if node.operator in COMPARISONS else first.type)


def clip(made: Layers, node: Node) -> Port:
    limits = [float(np.finfo(np.float32).min), float(np.finfo(np.float32).max)]
    for place, name in enumerate(node.inputs[1:]):
        if name:
            limits[place] = made.trunk.known(name).item()
    return made.network.add("Clamp", made.value(node.inputs[0]), shape=made.shape(node), min=limits[0], max=limits[1])


def cast(made: Layers, node: Node) -> Port:
    node.demand(to=TO_FLOAT)
    return made.network.add("Convert", made.value(node.inputs[0]), shape=made.shape(node), destination_type="f32")


def convolution(made: Layers, node: Node) -> Port:
    node.demand(auto_pad="NOTSET")
    kernel, *bias = made.known(node)
    groups, pads = node.integer("group", 1), node.integers("pads", [0] * 4)
    if groups > 1:
        kernel = kernel.reshape(groups, -1, *kernel.shape[1:])
    value = made.network.add(
        "GroupConvolution" if groups > 1 else "Convolution",
        made.value(node.inputs[0]),
        made.network.constant(kernel),
        shape=made.shape(node),
        strides=node.integers("strides", [1, 1]),
        dilations=node.integers("dilations", [1, 1]),
        pads_begin=pads[:2],
        pads_end=pads[2:],
        auto_pad="explicit",
    )
    return made.combined("Add", value, _each_channel(made, bias[0])) if bias else value


def normalization(made: Layers, node: Node) -> Port:
    node.demand(training_mode=0)
    gain, offset, mean, variance = (weight.astype(np.float64) for weight in made.known(node))
    factor = gain / np.sqrt(variance + node.number("epsilon", 1e-5))
    scaled = made.combined("Multiply", made.value(node.inputs[0]), _each_channel(made, factor))
    return made.combined("Add", scaled, _each_channel(made, offset - mean * factor))


def _each_channel(made: Layers, values: Array) -> Port:
    return made.network.constant(values.reshape(1, -1, 1, 1))


def reshape(made: Layers, node: Node) -> Port:
    return made.reshaped(made.value(node.inputs[0]), made.shape(node))


def transpose(made: Layers, node: Node) -> Port:
    value = made.value(node.inputs[0])
    return made.transposed(value, node.integers("perm", range(len(value.shape))[::-1]))


def concat(made: Layers, node: Node) -> Port:
    return made.joined(*map(made.value, node.inputs), axis=node.integer("axis", 0) % len(made.shape(node)))


def cut(made: Layers, node: Node) -> Port:
    value = made.value(node.inputs[0])
    for axis, (begin, end) in enumerate(zip(*made.trunk.window(node), strict=True)):
        lengths = [begin, end - begin, value.shape[axis] - end]
        if lengths[1] < value.shape[axis]:
            parts = made.parted(value, axis, [length for length in lengths if length])
            value = parts[1 if begin else 0]
    return value


def gemm(made: Layers, node: Node) -> Port:
    node.demand(alpha=1.0, beta=1.0, transA=0)
    weights, *bias = made.known(node)
    rows = made.network.constant(weights if node.integer("transB", 0) else weights.T)
    value = made.network.add(
        "MatMul", made.value(node.inputs[0]), rows, shape=made.shape(node), transpose_a=False, transpose_b=True
    )
    return made.combined("Add", value, made.network.constant(bias[0].reshape(1, -1))) if bias else value


def softmax(made: Layers, node: Node) -> Port:
    shape = made.shape(node)
    axis = node.integer("axis", -1) % len(shape)
    return made.network.add("SoftMax", made.value(node.inputs[0]), shape=shape, axis=axis)


def reduction(made: Layers, node: Node) -> Port:
    """Of the axes that an attribute tells, or an input; or of all."""
    value, told = made.value(node.inputs[0]), made.known(node)
    axes = told[0].tolist() if told else node.integers("axes", range(len(value.shape)))
    return made.reduced(node.operator, value, axes, made.shape(node))


def length(made: Layers, node: Node) -> Port:
    value, shape = made.value(node.inputs[0]), made.shape(node)
    squares = made.combined("Multiply", value, value)
    total = made.reduced("ReduceSum", squares, node.integers("axes", range(len(value.shape))), shape)
    return made.network.add("Sqrt", total, shape=shape)


def global_mean(made: Layers, node: Node) -> Port:
    return made.reduced("ReduceMean", made.value(node.inputs[0]), [2, 3], made.shape(node))


def resize(made: Layers, node: Node) -> Port:
    made.trunk.multiple(node)
    value, shape = made.value(node.inputs[0]), made.shape(node)
    settings: dict[str, Setting] = {"axes": [2, 3], "mode": "nearest", "pads_begin": [0], "pads_end": [0]}
    settings |= {"align_corners": False, "antialias": False}
    told = made.network.integers(shape[2:])
    return made.network.add_all("Interpolate", value, told, outputs=[(shape, FLOAT)], settings=settings)[0]


def gather(made: Layers, node: Node) -> Port:
    value, places = map(made.value, node.inputs)
    axis = made.network.integers(node.integer("axis", 0))
    return made.network.add("Gather", value, places, axis, shape=made.shape(node), type=value.type)


def top_k(made: Layers, node: Node) -> list[Port]:
    node.demand(largest=1, sorted=1)
    value, shape = made.value(node.inputs[0]), made.shape(node)
    count = made.network.integers(made.known(node)[0].item())
    settings: dict[str, Setting] = {"axis": node.integer("axis", -1) % len(shape), "mode": "max", "sort": "value"}
    return made.network.add_all("TopK", value, count, outputs=[(shape, FLOAT), (shape, INT32)], settings=settings)


OPERATORS: dict[str, Callable[[Layers, Node], Port | list[Port]]] = {
    **dict.fromkeys(UNARY, unary),
    **dict.fromkeys(BINARY, binary),
    **dict.fromkeys(RESHAPES, reshape),
    **dict.fromkeys(REDUCTIONS, reduction),
    "BatchNormalization": normalization,
    "Cast": cast,
    "Clip": clip,
    "Concat": concat,
    "Conv": convolution,
    "Gather": gather,
    "Gemm": gemm,
    "GlobalAveragePool": global_mean,
    "Identity": identity,
    "ReduceL2": length,
    "Resize": resize,
    "Slice": cut,
    "Softmax": softmax,
    "TopK": top_k,
    "Transpose": transpose,
}
