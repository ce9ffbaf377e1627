"""Composes the served detector: backbone, head, decoding and suppression in one graph, as consumers expect it."""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper
from torch import Tensor, nn

from shared.exporting.graph.selection import BOXES, SCORES, TAGS, select
from shared.exporting.graph.subject import METADATA
from training_job.detection.detector_recipe import Recipe
from training_job.detection.light.model import MOST_REACH, BoxHead, ConvBlock, Grid
from training_job.graphs.classifier import INPUT
from training_job.graphs.graph import Graph


def detector(backbone: onnx.ModelProto, head: BoxHead, recipe: Recipe) -> onnx.ModelProto:
    """`data` (1, 3, pixels, pixels), RGB 0..255 -> `detected_boxes` (1, n, 4), x1, y1, x2, y2 in 0..1,
    `detected_classes` int64 (1, n), `detected_scores` (1, n): `recipe.boxes` at most, the best first.
    """
    graph, pixels, grid = Graph.of(backbone), recipe.served, Grid.of(recipe.served)
    graph.nodes.insert(0, helper.make_node("Identity", [INPUT], [backbone.graph.input[0].name]))
    logits, reaches = _Written(graph).head(head, [output.name for output in backbone.graph.output])
    corners = graph.constant(np.tile(grid.centres.numpy(), 2) / pixels)
    directions = graph.constant(grid.strides.numpy()[:, None] * [-1, -1, 1, 1] / pixels)
    distances = graph.add("Exp", graph.add("Min", reaches, graph.constant(MOST_REACH)))
    boxes = graph.add("Add", corners, graph.add("Mul", distances, directions))
    inside = graph.add("Clip", boxes, graph.constant(0), graph.constant(1))
    select(graph, inside, graph.add("Sigmoid", logits), recipe.overlap, recipe.boxes)
    outputs: dict[str, list[int | str]] = {BOXES: [1, "n", 4], TAGS: [1, "n"], SCORES: [1, "n"]}
    model = graph.model({INPUT: [1, 3, pixels, pixels]}, outputs, {TAGS})
    helper.set_model_props(model, METADATA)
    onnx.checker.check_model(model)
    return model


class _Written:
    """Torch's layers as nodes; a weight that several scales share is written once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.names: dict[Tensor, str] = {}

    def head(self, head: BoxHead, features: Sequence[str]) -> tuple[str, str]:
        """As `BoxHead.forward`, but (1, tags, N) logits."""
        logits, reaches = [], []
        for scale, value in enumerate(self.pyramid(head, features)):
            named = placed = value
            for naming, placing in zip(head.naming, head.placing, strict=True):
                named, placed = self.layer(naming, named, scale), self.layer(placing, placed, scale)
            logits.append(self.flat(self.convolution(head.tags, named), head.tags))
            reaches.append(self.flat(self.convolution(head.reach, placed), head.reach))
        together = self.graph.add("Concat", *reaches, axis=2)
        return self.graph.add("Concat", *logits, axis=2), self.graph.add("Transpose", together, perm=[0, 2, 1])

    def pyramid(self, head: BoxHead, features: Sequence[str]) -> list[str]:
        """As `BoxHead.pyramid`."""
        add, values = self.graph.add, [self.layer(*pair) for pair in zip(head.entries, features, strict=True)]
        for scale in reversed(range(len(values) - 1)):
            values[scale] = self.layer(head.finer[scale], add("Add", values[scale], self.doubled(values[scale + 1])))
        for scale in range(len(values) - 1):
            shrunk = self.layer(head.shrinking[scale], values[scale])
            values[scale + 1] = self.layer(head.coarser[scale], add("Add", values[scale + 1], shrunk))
        return values

    def layer(self, layer: nn.Module, value: str, scale: int = 0) -> str:
        assert isinstance(layer, ConvBlock)
        norm = layer.norms[scale]
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        parts = (self.weight(part) for part in (norm.weight, norm.bias, norm.running_mean, norm.running_var))
        value = self.convolution(layer.convolution, value)
        return self.graph.add("Relu", self.graph.add("BatchNormalization", value, *parts, epsilon=norm.eps))

    def convolution(self, layer: nn.Conv2d, value: str) -> str:
        bias = [] if layer.bias is None else [self.weight(layer.bias)]
        # All kernels here are square, and as far into the picture as out of it.
        side, stride = layer.kernel_size[0], layer.stride[0]
        return self.graph.add(
            *("Conv", value, self.weight(layer.weight), *bias),
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[side // 2] * 4,
        )

    def doubled(self, value: str) -> str:
        return self.graph.add(
            *("Resize", value, "", self.graph.constant([1, 1, 2, 2])),
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )

    def flat(self, value: str, layer: nn.Conv2d) -> str:
        """(1, C, H, W) -> (1, C, H W)."""
        shape = self.graph.constant([1, layer.out_channels, -1], np.int64)
        return self.graph.add("Reshape", value, shape)

    def weight(self, values: Tensor) -> str:
        if values not in self.names:
            self.names[values] = self.graph.constant(values.detach().numpy())
        return self.names[values]
