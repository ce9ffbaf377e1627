"""Convolutions, with the batch norm and the activation that follow folded in."""

from collections.abc import Sequence

import numpy as np

from shared.arrays import Floats
from shared.exporting.graph.node import Node
from shared.exporting.graph.subject import Unexportable
from shared.exporting.nhwc.draft import Draft, Value
from shared.exporting.nhwc.graph import Graph
from shared.exporting.nhwc.network import Activation, Kind, Settings


def convolution(graph: Graph, node: Node) -> tuple[list[Node], Value]:
    """The nodes that it stands for, and what the last of them answers."""
    node.demand(auto_pad="NOTSET")
    pixels, *weights = (graph.value(name) for name in node.inputs)
    kernel, *biases = (each.known.astype(np.float32, copy=False) for each in weights)
    bias, nodes = biases[0] if biases else np.zeros(len(kernel), np.float32), [node]
    if norm := graph.next(node, "BatchNormalization"):
        kernel, bias = _folded(graph, norm, kernel, bias)
        nodes.append(norm)
    activation, following = _activated(graph, nodes[-1])
    pixels, kernel = _recoloured(graph.draft, graph.draft.image(pixels), kernel)
    kind, kernel = _kernel(kernel, node.integer("group", 1), pixels.shape[3])
    pixels, settings = _padded(graph.draft, pixels, node, kernel.shape)
    strides = zip(pixels.shape[1:3], kernel.shape[:2], settings.strides, strict=True)
    sides = [-(-side // stride) if settings.same else (side - reach) // stride + 1 for side, reach, stride in strides]
    return nodes + following, graph.draft.add(
        *(kind, pixels, graph.draft.constant(kernel), graph.draft.constant(bias)),
        shape=[1, *sides, len(bias)],
        settings=settings._replace(activation=activation),
        image=True,
    )


def _folded(graph: Graph, norm: Node, kernel: Floats, bias: Floats) -> tuple[Floats, Floats]:
    norm.demand(training_mode=0)
    gain, offset, mean, variance = (graph.value(name).known.astype(np.float32) for name in norm.inputs[1:])
    factor = gain / np.sqrt(variance + np.float32(norm.number("epsilon", 1e-5)))
    return kernel * factor[:, None, None, None], (bias - mean) * factor + offset


def _activated(graph: Graph, node: Node) -> tuple[Activation, list[Node]]:
    """By the node that follows, if it is one."""
    following = graph.next(node, "Relu", "Clip")
    if not following:
        return Activation.NONE, []
    if following.operator == "Relu":
        return Activation.RELU, [following]
    limits = [graph.value(name).known.item() for name in following.inputs[1:] if name]
    return (Activation.RELU6, [following]) if limits == [0, 6] else (Activation.NONE, [])


def _recoloured(draft: Draft, pixels: Value, kernel: Floats) -> tuple[Value, Floats]:
    """A kernel that looks at all colours at once takes them in any order."""
    if pixels.blue_first and kernel.shape[1] == pixels.shape[3]:
        return pixels._replace(blue_first=False), kernel[:, ::-1]
    return draft.red_first(pixels), kernel


def _kernel(kernel: Floats, groups: int, channels: int) -> tuple[Kind, Floats]:
    """From (out, in / groups, height, width)."""
    if (groups, kernel.shape[1]) == (1, channels):
        return Kind.CONV_2D, kernel.transpose(2, 3, 1, 0)
    if (groups, kernel.shape[1]) == (channels, 1):
        by_channel = kernel.reshape(channels, -1, *kernel.shape[2:])
        return Kind.DEPTHWISE_CONV_2D, by_channel.transpose(2, 3, 0, 1)
    raise Unexportable(f"A convolution has {groups} groups of {kernel.shape[1]} channels.")


def _padded(draft: Draft, pixels: Value, node: Node, kernel: Sequence[int]) -> tuple[Value, Settings]:
    """By the convolution itself where its two ways will do."""
    if set(node.integers("dilations", [1])) != {1}:
        raise Unexportable("A convolution is dilated.")
    rows, columns = node.integers("strides", [1, 1])
    settings = Settings(strides=(rows, columns))
    top, left, bottom, right = node.integers("pads", [0] * 4)
    around = [(0, 0), (top, bottom), (left, right), (0, 0)]
    if around[1:3] == [_same(*each) for each in zip(pixels.shape[1:3], kernel[:2], settings.strides, strict=True)]:
        return pixels, settings._replace(same=True)
    if not any(map(any, around)):
        return pixels, settings
    shape = [side + sum(each) for side, each in zip(pixels.shape, around, strict=True)]
    return draft.add(Kind.PAD, pixels, draft.constant(around), shape=shape, image=True), settings


def _same(side: int, reach: int, stride: int) -> tuple[int, int]:
    """What TensorFlow's "SAME" puts before and after."""
    total = max((-(-side // stride) - 1) * stride + reach - side, 0)
    return total // 2, total - total // 2
