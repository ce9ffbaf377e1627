"""A trunk's nodes as operations of coremltools' MIL, by its builder; images lie there as ONNX has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from shared.arrays import Array
from shared.exporting.graph.node import Node
from shared.exporting.graph.subject import Unexportable
from shared.exporting.nchw.trunk import RESHAPES, Trunk

if TYPE_CHECKING:
    from coremltools.converters.mil.mil import Builder, Var
# Operators that differ by their names alone, and what the operations call what they read.
SAME = {
    **{name: (name.lower(), "x") for name in ("Abs", "Exp", "Floor", "Log", "Relu", "Sigmoid", "Sqrt")},
    **{name: (name.lower(), "xy") for name in ("Add", "Equal", "Greater", "Less", "Mul", "Sub")},
    **{"Div": ("real_div", "xy"), "Max": ("maximum", "xy"), "Min": ("minimum", "xy")},
}
REDUCTIONS = {"ReduceL2": "reduce_l2_norm", "ReduceMax": "reduce_max", "ReduceMean": "reduce_mean"}
FLOAT = 1


class Operations:
    """Those of a program in the making; `values` are what the nodes answered so far, and constants."""

    def __init__(self, builder: type[Builder], trunk: Trunk, source: Var) -> None:
        self.builder, self.trunk = builder, trunk
        self.values: dict[str, Var] = {**trunk.weights, trunk.source: source}

    def add(self, node: Node) -> None:
        """Raises Unexportable."""
        inputs = [self.values[name] if name else None for name in node.inputs]
        if node.operator in SAME:
            name, parameters = SAME[node.operator]
            answered = getattr(self.builder, name)(**dict(zip(parameters, inputs, strict=True)))
        elif node.operator in OPERATORS:
            answered = OPERATORS[node.operator](self, node, *inputs)
        else:
            raise Unexportable(f"The operator {node.operator} is not known.")
        self.values.update(zip(node.outputs, answered if isinstance(answered, tuple) else [answered], strict=True))

    def shape(self, name: str) -> tuple[int, ...]:
        return self.trunk.shape(name)


def identity(made: Operations, node: Node, value: Var) -> Var:
    return value


def convolution(made: Operations, node: Node, value: Var, weight: Array, bias: Array | None = None) -> Var:
    node.demand(auto_pad="NOTSET")
    top, left, bottom, right = node.integers("pads", [0] * 4)
    return made.builder.conv(
        x=value,
        weight=weight,
        bias=bias,
        strides=node.integers("strides", [1, 1]),
        dilations=node.integers("dilations", [1, 1]),
        groups=node.integer("group", 1),
        pad_type="custom",
        pad=[top, bottom, left, right],
    )


def normalization(made: Operations, node: Node, value: Var, *weights: Array) -> Var:
    node.demand(training_mode=0)
    gamma, beta, mean, variance = weights
    epsilon = np.float32(node.number("epsilon", 1e-5))
    return made.builder.batch_norm(x=value, mean=mean, variance=variance, gamma=gamma, beta=beta, epsilon=epsilon)


def clip(made: Operations, node: Node, value: Var, low: Array | None = None, high: Array | None = None) -> Var:
    limits = np.finfo(np.float32)
    alpha, beta = (
        default if limit is None else limit.item() for limit, default in ((low, limits.min), (high, limits.max))
    )
    return made.builder.clip(x=value, alpha=np.float32(alpha), beta=np.float32(beta))


def reshape(made: Operations, node: Node, value: Var, *told: Array) -> Var:
    return made.builder.reshape(x=value, shape=made.shape(node.outputs[0]))


def transpose(made: Operations, node: Node, value: Var) -> Var:
    rank = len(made.shape(node.inputs[0]))
    return made.builder.transpose(x=value, perm=node.integers("perm", range(rank)[::-1]))


def concat(made: Operations, node: Node, *values: Var) -> Var:
    return made.builder.concat(values=values, axis=node.integer("axis", 0))


def cut(made: Operations, node: Node, value: Var, *told: Array) -> Var:
    begin, end = made.trunk.window(node)
    return made.builder.slice_by_index(x=value, begin=begin, end=end)


def softmax(made: Operations, node: Node, value: Var) -> Var:
    return made.builder.softmax(x=value, axis=node.integer("axis", -1))


def gemm(made: Operations, node: Node, value: Var, weight: Array, bias: Array) -> Var:
    node.demand(alpha=1.0, beta=1.0, transA=0)
    rows = weight if node.integer("transB", 0) else weight.T
    return made.builder.linear(x=value, weight=rows, bias=bias.reshape(-1))


def reduction(made: Operations, node: Node, value: Var) -> Var:
    axes = node.integers("axes", range(len(made.shape(node.inputs[0]))))
    return getattr(made.builder, REDUCTIONS[node.operator])(
        x=value, axes=axes, keep_dims=bool(node.integer("keepdims", 1))
    )


def global_mean(made: Operations, node: Node, value: Var) -> Var:
    return made.builder.reduce_mean(x=value, axes=[2, 3], keep_dims=True)


def resize(made: Operations, node: Node, value: Var, *told: Array | None) -> Var:
    rows, columns = made.trunk.multiple(node)
    return made.builder.upsample_nearest_neighbor(x=value, scale_factor_height=rows, scale_factor_width=columns)


def gather(made: Operations, node: Node, value: Var, places: Var) -> Var:
    axis = node.integer("axis", 0)
    if made.shape(node.inputs[1]):
        return made.builder.gather(x=value, indices=places, axis=axis)
    # A neural network has no tensor without dimensions: what is taken keeps the one that it is taken from.
    taken = made.builder.gather(x=value, indices=places.reshape(1), axis=axis)
    return made.builder.reshape(x=taken, shape=made.shape(node.outputs[0]))


def top_k(made: Operations, node: Node, value: Var, count: Array) -> tuple[Var, Var]:
    node.demand(largest=1, sorted=1)
    best, places = made.builder.topk(x=value, k=count.item(), axis=node.integer("axis", -1))
    return best, places


def cast(made: Operations, node: Node, value: Var) -> Var:
    node.demand(to=FLOAT)
    return made.builder.cast(x=value, dtype="fp32")


OPERATORS: dict[str, Callable[..., object]] = {
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
    "Resize": resize,
    "Slice": cut,
    "Softmax": softmax,
    "TopK": top_k,
    "Transpose": transpose,
}
