"""Operations on each element, on rows, and products of matrices."""

import math

import numpy as np

from shared.exporting.graph.node import Node
from shared.exporting.graph.subject import Unexportable
from shared.exporting.nhwc.draft import FIRST, Draft, Value
from shared.exporting.nhwc.network import DType, Kind

UNARY = {
    "Abs": Kind.ABS,
    "Exp": Kind.EXP,
    "Floor": Kind.FLOOR,
    "Log": Kind.LOG,
    "Neg": Kind.NEG,
    "Relu": Kind.RELU,
    "Sigmoid": Kind.LOGISTIC,
    "Sqrt": Kind.SQRT,
}
BINARY = {
    "Add": Kind.ADD,
    "Div": Kind.DIV,
    "Max": Kind.MAXIMUM,
    "Min": Kind.MINIMUM,
    "Mul": Kind.MUL,
    "Sub": Kind.SUB,
}
COMPARISONS = {"Equal": Kind.EQUAL, "Greater": Kind.GREATER, "Less": Kind.LESS}
# TensorProto's numbers of types.
CASTS = {1: DType.FLOAT, 6: DType.INT, 7: DType.INT, 9: DType.BOOL}


def unary(draft: Draft, node: Node, value: Value) -> Value:
    value = draft.red_first(value)
    return draft.add(UNARY[node.operator], value, shape=value.shape, image=value.image)


def binary(draft: Draft, node: Node, *values: Value) -> Value:
    """Of two, or of as many as a Max or a Min has."""
    first, *others = values
    for other in others:
        first = combined(draft, BINARY[node.operator], first, other)
    return first


def comparison(draft: Draft, node: Node, first: Value, second: Value) -> Value:
    return combined(draft, COMPARISONS[node.operator], first, second, DType.BOOL)


def combined(draft: Draft, kind: Kind, first: Value, second: Value, dtype: DType | None = None) -> Value:
    first, second = _side_by_side(draft, first, second)
    if first.dtype is not second.dtype:
        raise Unexportable(f"{kind} reads {first.dtype} and {second.dtype}.")
    if kind is Kind.DIV and first.dtype is not DType.FLOAT:
        raise Unexportable("Whole numbers are divided, which formats round differently.")
    value = draft.add(kind, first, second, shape=np.broadcast_shapes(first.shape, second.shape), dtype=dtype)
    return value._replace(image=first.image or second.image, blue_first=first.blue_first or second.blue_first)


def _side_by_side(draft: Draft, first: Value, second: Value) -> tuple[Value, Value]:
    """Both images, or neither."""
    if first.data is not None:
        second, first = _beside(draft, second, first)
    else:
        first, second = _beside(draft, first, second)
    return first, second


def _beside(draft: Draft, value: Value, other: Value) -> tuple[Value, Value]:
    """`other` may be a constant."""
    if other.data is not None and math.prod(other.shape) == 1 and len(other.shape) <= len(value.shape):
        return value, draft.constant(other.data.reshape(()))
    value, other = draft.red_first(value), draft.red_first(other)
    if not value.image and not other.image:
        return value, other
    if other.data is not None and len(other.shape) <= 4:
        whole = other.data.reshape([1] * (4 - len(other.shape)) + list(other.shape))
        return value, draft.constant(whole.transpose(FIRST))
    if value.image and other.image:
        return value, other
    return draft.plain(value), draft.plain(other)


def clip(draft: Draft, node: Node, value: Value, *limits: Value | None) -> Value:
    """To between two numbers, of which either may be left out."""
    if [limit and limit.known.item() for limit in limits] == [0, 6]:
        value = draft.red_first(value)
        return draft.add(Kind.RELU6, value, shape=value.shape, image=value.image)
    for kind, limit in zip((Kind.MAXIMUM, Kind.MINIMUM), limits, strict=False):
        value = combined(draft, kind, value, limit) if limit else value
    return value


def cast(draft: Draft, node: Node, value: Value) -> Value:
    dtype = CASTS.get(node.integer("to", 0))
    if dtype is None:
        raise Unexportable(f"A value is cast to type {node.integer('to', 0)}.")
    value = draft.red_first(value)
    return (
        value
        if dtype is value.dtype
        else draft.add(Kind.CAST, value, shape=value.shape, dtype=dtype, image=value.image)
    )


def softmax(draft: Draft, node: Node, value: Value) -> Value:
    value = draft.plain(value)
    if node.integer("axis", -1) % len(value.shape) != len(value.shape) - 1:
        raise Unexportable("A softmax is of another axis than the last.")
    return draft.add(Kind.SOFTMAX, value, shape=value.shape)


def gemm(draft: Draft, node: Node, value: Value, weights: Value, *bias: Value) -> Value:
    node.demand(alpha=1.0, beta=1.0, transA=0)
    turned = weights.known if node.integer("transB", 0) else weights.known.T
    rows, *others = draft.constant(turned), *(draft.constant(each.known.reshape(-1)) for each in bias)
    return _dense(draft, value, rows, *others)


def matmul(draft: Draft, node: Node, value: Value, weights: Value) -> Value:
    return _dense(draft, value, draft.constant(weights.known.T))


def _dense(draft: Draft, value: Value, weights: Value, *bias: Value) -> Value:
    value = draft.plain(value)
    if len(value.shape) != 2 or len(weights.shape) != 2:
        raise Unexportable("A product of matrices has more than two dimensions.")
    return draft.add(Kind.FULLY_CONNECTED, value, weights, *bias, shape=[value.shape[0], weights.shape[0]])
