"""A pretrained network as an ONNX embedding graph, of the interface that our own backbones have."""

import tempfile
import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from shared.learning.layers import Layer
from training_job.graphs.graph import OPSET, Graph

# The middle is what comes out of the block that stands two thirds of the way in.
DEPTH = 2 / 3
TINY = 1e-12


class Embedding(nn.Module):
    """Pixels (1, 3, side, side), RGB 0..255 -> the layers, (1, width) each, of length 1.

    Of a transformer the places are its patches, of a convolutional network the cells of its maps. `first` is the patch
    that is the first after the class token and registers.
    """

    middle: Tensor

    def __init__(
        self, module: nn.Module, blocks: str, first: int, mean: Sequence[float], deviation: Sequence[float]
    ) -> None:
        super().__init__()
        self.module, self.first = module.eval(), first
        self.shift, self.scale = (255 * torch.tensor(each).reshape(1, 3, 1, 1) for each in (mean, deviation))
        among = module.get_submodule(blocks)
        assert isinstance(among, nn.ModuleList)
        among[int(DEPTH * len(among))].register_forward_hook(lambda *seen: setattr(self, "middle", seen[-1]))

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        seen = self.module(pixel_values=(pixels - self.shift) / self.scale)
        last, middle = self._places(seen.last_hidden_state), self._places(self.middle)
        # A few channels of a transformer's inner blocks are a hundred times as strong as all others.
        middle = _centred(middle, -1) / (_root(_centred(middle, -1), -1) + TINY)
        return (
            _joined(seen.pooler_output, last.mean(1)),
            _unit(_root(last, 1).squeeze(1)),
            _joined(middle.mean(1), _root(_centred(middle, 1), 1).squeeze(1)),
        )

    def _places(self, value: Tensor) -> Tensor:
        """(1, places, width)."""
        return value.flatten(2).transpose(1, 2) if value.ndim == 4 else value[:, self.first :]


def graph(embedding: Embedding, pixels: int) -> onnx.ModelProto:
    """The graph for pictures of that size."""
    example, written = torch.zeros(1, 3, pixels, pixels), BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        # That the graph is for one size is wanted; and the exporter that isn't deprecated needs a package of its own.
        warnings.simplefilter("ignore")
        _fix_places(embedding.module, example)
        widths = [answer.shape[1] for answer in embedding(example)]
        torch.onnx.export(
            embedding,
            (example,),
            # The hints are those of the other exporter.
            written,  # type: ignore[arg-type]
            input_names=["pixels"],
            output_names=list(Layer),
            opset_version=OPSET,
            dynamo=False,
        )
    outputs = {str(layer): [1, width] for layer, width in zip(Layer, widths, strict=True)}
    return Graph.of(_folded(written.getvalue())).model({"pixels": [1, 3, pixels, pixels]}, outputs)


def _fix_places(module: nn.Module, example: Tensor) -> None:
    """Where patches are is told by angles, in DINOv3; by torch they are more exact than by the graph."""
    angles = getattr(module, "rope_embeddings", None)
    if isinstance(angles, nn.Module):
        fixed = angles(example)
        angles.forward = lambda _: fixed


def _folded(exported: bytes) -> onnx.ModelProto:
    """Without what is the same for all pictures, which is a third of the nodes, and an If among them."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        # This level writes ONNX's own operators alone.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(Path(folder) / "folded.onnx")
        options.log_severity_level = 3
        onnxruntime.InferenceSession(exported, options, providers=["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath)


def _joined(*parts: Tensor) -> Tensor:
    """Each counts as much as the other."""
    return _unit(torch.cat([_unit(part) for part in parts], 1))


def _centred(value: Tensor, axis: int) -> Tensor:
    return value - value.mean(axis, keepdim=True)


def _root(value: Tensor, axis: int) -> Tensor:
    """Of the mean of the squares."""
    return (value * value).mean(axis, keepdim=True).sqrt()


def _unit(value: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(value, dim=1, keepdim=True)
    return value / (length + TINY)
