"""Composes the served transformer: normalisation, the network, decoding and suppression in one graph."""

import warnings
from copy import deepcopy
from io import BytesIO

import onnx
import torch
from onnx import helper
from torch import Tensor, nn

from shared.exporting.graph.selection import BOXES, SCORES, TAGS, select
from shared.exporting.graph.subject import METADATA
from shared.models.training.preprocessing import Preprocessing
from training_job.detection.detector_recipe import Recipe
from training_job.graphs.classifier import INPUT
from training_job.graphs.graph import Graph

# The first opset with GridSample, by which these networks look at the places that they choose.
OPSET = 16


def served(module: nn.Module, spec: Preprocessing, recipe: Recipe) -> onnx.ModelProto:
    """As `light.export.detector`."""
    written = BytesIO()
    example = torch.zeros(1, 3, spec.height, spec.width)
    with warnings.catch_warnings():
        # That the graph is for one size is wanted; and the exporter that isn't deprecated needs a package of its own.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Decoding(module).eval(),
            (example,),
            # The hints are those of the other exporter.
            written,  # type: ignore[arg-type]
            input_names=[INPUT],
            output_names=["boxes", "scores"],
            opset_version=OPSET,
            dynamo=False,
        )
    graph = Graph.of(onnx.load_from_string(written.getvalue()))
    select(graph, "boxes", "scores", recipe.overlap, recipe.boxes)
    outputs: dict[str, list[int | str]] = {BOXES: [1, "n", 4], TAGS: [1, "n"], SCORES: [1, "n"]}
    model = graph.model({INPUT: [1, 3, spec.height, spec.width]}, outputs, {TAGS}, OPSET)
    helper.set_model_props(model, METADATA)
    onnx.checker.check_model(model)
    return model


class _Decoding(nn.Module):
    """Pixels (1, 3, H, W), RGB 0..255 -> boxes (1, N, 4), x1, y1, x2, y2 in 0..1, and scores (1, tags, N)."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = deepcopy(module).cpu().eval()

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.module(pixel_values=pixels / 255)
        middles, sizes = seen.pred_boxes.split(2, -1)
        boxes = torch.cat([middles - sizes / 2, middles + sizes / 2], -1).clamp(0, 1)
        return boxes, seen.logits.sigmoid().transpose(1, 2)
