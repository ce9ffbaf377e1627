"""Operations that move, join, take and reduce what there is."""

import math
from collections.abc import Sequence

from shared.exporting.graph.node import Node
from shared.exporting.graph.subject import Unexportable
from shared.exporting.nhwc.draft import LAST, Draft, Value
from shared.exporting.nhwc.network import DType, Kind, Settings, Tensor

REDUCTIONS = {
    "ReduceMax": Kind.REDUCE_MAX,
    "ReduceMean": Kind.MEAN,
    "ReduceMin": Kind.REDUCE_MIN,
    "ReduceSum": Kind.SUM,
}


def identity(draft: Draft, node: Node, value: Value) -> Value:
    return value


def reshape(draft: Draft, node: Node, value: Value, wanted: Value) -> Value:
    node.demand(allowzero=0)
    value = draft.plain(value)
    shape = [value.shape[axis] if side == 0 else side for axis, side in enumerate(wanted.integers)]
    if -1 in shape:
        shape[shape.index(-1)] = math.prod(value.shape) // -math.prod(shape)
    if math.prod(shape) != math.prod(value.shape):
        raise Unexportable(f"{value.shape} can't be reshaped to {wanted.integers}.")
    return draft.reshaped(value, shape)


def flatten(draft: Draft, node: Node, value: Value) -> Value:
    node.demand(axis=1)
    value = draft.plain(value)
    return draft.reshaped(value, [value.shape[0], math.prod(value.shape[1:])])


def unsqueeze(draft: Draft, node: Node, value: Value, axes: Value) -> Value:
    value = draft.plain(value)
    shape, rank = list(value.shape), len(value.shape) + len(axes.integers)
    for axis in sorted(axis % rank for axis in axes.integers):
        shape.insert(axis, 1)
    return draft.reshaped(value, shape)


def squeeze(draft: Draft, node: Node, value: Value, axes: Value) -> Value:
    value = draft.plain(value)
    dropped = {axis % len(value.shape) for axis in axes.integers}
    if any(value.shape[axis] != 1 for axis in dropped):
        raise Unexportable(f"{value.shape} can't be squeezed at {axes.integers}.")
    return draft.reshaped(value, [side for axis, side in enumerate(value.shape) if axis not in dropped])


def transpose(draft: Draft, node: Node, value: Value) -> Value:
    rank = len(value.shape)
    axes = node.integers("perm", range(rank)[::-1])
    if sorted(axes) != list(range(rank)):
        raise Unexportable(f"{rank} dimensions can't be put as {axes}.")
    return draft.transposed(value, axes)


def concat(draft: Draft, node: Node, *values: Value) -> Value:
    together = all(value.image for value in values)
    moved = [draft.red_first(value) if together else draft.plain(value) for value in values]
    axis = _axis(node.integer("axis", 0), moved[0])
    shape = list(moved[0].shape)
    shape[axis] = sum(value.shape[axis] for value in moved)
    return draft.add(Kind.CONCATENATION, *moved, shape=shape, settings=Settings(axis=axis), image=together)


def slice_(draft: Draft, node: Node, value: Value, starts: Value, ends: Value, *others: Value) -> Value:
    """Axes are all where they aren't told; steps are 1."""
    axes = others[0].integers if others else list(range(len(starts.integers)))
    if others[1:] and set(others[1].integers) != {1}:
        raise Unexportable("A slice takes steps.")
    begin, size = [0] * len(value.shape), list(value.shape)
    for axis, start, end in zip(axes, starts.integers, ends.integers, strict=True):
        place = _axis(axis, value)
        begin[place], stop, _ = slice(start, end).indices(value.shape[place])
        size[place] = max(stop - begin[place], 0)
    return _sliced(draft, value, begin, size)


def split(draft: Draft, node: Node, value: Value, *sizes: Value) -> tuple[Value, ...]:
    axis, count = _axis(node.integer("axis", 0), value), len(node.outputs)
    begin, parts = [0] * len(value.shape), []
    for size in sizes[0].integers if sizes else [value.shape[axis] // count] * count:
        parts.append(_sliced(draft, value, begin, [*value.shape[:axis], size, *value.shape[axis + 1 :]]))
        begin = [*begin[:axis], begin[axis] + size, *begin[axis + 1 :]]
    return tuple(parts)


def _sliced(draft: Draft, value: Value, begin: Sequence[int], size: Sequence[int]) -> Value:
    if value.blue_first and size[3] != value.shape[3]:
        value = draft.red_first(value)
    # As many pictures as there are.
    wanted = [-1, *size[1:]] if value.shape[0] == size[0] == 1 else size
    cut = draft.add(Kind.SLICE, value, draft.constant(begin), draft.constant(wanted), shape=size)
    return cut._replace(image=value.image, blue_first=value.blue_first)


def gather(draft: Draft, node: Node, value: Value, places: Value) -> Value:
    value, axis = draft.plain(value), node.integer("axis", 0)
    axis %= len(value.shape)
    shape = [*value.shape[:axis], *places.shape, *value.shape[axis + 1 :]]
    return draft.add(Kind.GATHER, value, draft.plain(places), shape=shape, settings=Settings(axis=axis))


def top_k(draft: Draft, node: Node, value: Value, count: Value) -> tuple[Value, ...]:
    node.demand(largest=1, sorted=1)
    value = draft.plain(value)
    if node.integer("axis", -1) % len(value.shape) != len(value.shape) - 1:
        raise Unexportable("The largest are of another axis than the last.")
    (most,) = count.integers
    shape = (*value.shape[:-1], most)
    outputs = [Tensor(shape, value.dtype), Tensor(shape, DType.INT)]
    return draft.add_all(Kind.TOPK_V2, value, draft.constant(most), outputs=outputs)


def reduction(draft: Draft, node: Node, value: Value, *axes: Value) -> Value:
    """Of the axes that an attribute tells, or an input; or of all."""
    told = axes[0].integers if axes else node.integers("axes", range(len(value.shape)))
    return _reduced(draft, REDUCTIONS[node.operator], value, told, keep=bool(node.integer("keepdims", 1)))


def length(draft: Draft, node: Node, value: Value) -> Value:
    """The root of the sum of squares."""
    value = draft.red_first(value)
    squares = draft.add(Kind.SQUARE, value, shape=value.shape, image=value.image)
    axes, keep = node.integers("axes", range(len(value.shape))), bool(node.integer("keepdims", 1))
    total = _reduced(draft, Kind.SUM, squares, axes, keep=keep)
    return draft.add(Kind.SQRT, total, shape=total.shape, image=total.image)


def global_mean(draft: Draft, node: Node, value: Value) -> Value:
    return _reduced(draft, Kind.MEAN, value, [2, 3], keep=True)


def _reduced(draft: Draft, kind: Kind, value: Value, axes: Sequence[int], *, keep: bool) -> Value:
    value = draft.red_first(value) if keep else draft.plain(value)
    places = sorted(_axis(axis, value) for axis in axes)
    sides = [1 if axis in places else side for axis, side in enumerate(value.shape)]
    shape = sides if keep else [side for axis, side in enumerate(sides) if axis not in places]
    settings = Settings(keep=keep)
    return draft.add(kind, value, draft.constant(places), shape=shape, settings=settings, image=value.image)


def resize(draft: Draft, node: Node, value: Value, *others: Value | None) -> Value:
    """To a multiple of each side, by repeating each pixel."""
    node.demand(mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    value = draft.image(draft.red_first(value))
    told = [each for each in others if each and each.shape == (4,)]
    if len(told) != 1:
        raise Unexportable("A resize tells neither scales nor sizes.")
    (_, _, *numbers), sides = told[0].known.tolist(), value.shape[1:3]
    if told[0].dtype is DType.FLOAT:
        numbers = [side * scale for side, scale in zip(sides, numbers, strict=True)]
    if any(number % side for side, number in zip(sides, numbers, strict=True)):
        raise Unexportable("A resize is to a fraction.")
    wanted = [int(number) for number in numbers]
    shape = [value.shape[0], *wanted, value.shape[3]]
    return draft.add(Kind.RESIZE_NEAREST_NEIGHBOR, value, draft.constant(wanted), shape=shape, image=True)


def _axis(axis: int, value: Value) -> int:
    """Where an axis of the graph that is read lies."""
    axis %= len(value.shape)
    return LAST[axis] if value.image else axis
