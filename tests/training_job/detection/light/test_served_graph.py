"""The served graph says what torch says: the same boxes, tags and scores."""

import json
from collections.abc import Sequence
from functools import partial

import numpy as np
import onnx
import pytest
import torch
from msgspec.structs import replace

from shared.exporting.graph.selection import LOWEST_SCORE
from shared.exporting.graph.subject import METADATA
from shared.imaging.boxes import ltwh_to_xyxy, suppress
from shared.imaging.resize import model_input
from tests.pictures import PHOTOS
from tests.training_job.detection.scenes import rendered
from tests.training_job.kept import NOWHERE
from training_job.detection.data import Example
from training_job.detection.detector_recipe import RECIPE, Recipe
from training_job.detection.judge import Found, judge
from training_job.detection.light.model import BoxHead, Grid, boxes_of
from training_job.detection.light.quick_run import advance, begin
from training_job.detection.light.served_graph import detector
from training_job.graphs.backbones import sized
from training_job.graphs.running import session

TAGS = 3
# The share of a picture's boxes that rounding may decide on: of two boxes of equal scores that overlap either may stay,
# and then leaves out others in its turn.
BORDERLINE = 0.03
needs_photographs = pytest.mark.skipif(not PHOTOS.is_dir(), reason="the photographs are not there")


@pytest.fixture(scope="module")
def head(backbone: onnx.ModelProto) -> BoxHead:
    """One that sees a lot in every picture, with batch norms that are not at their beginning."""
    torch.manual_seed(1)
    widths = [output.type.tensor_type.shape.dim[1].dim_value for output in backbone.graph.output]
    head = BoxHead(widths, TAGS, width=32, depth=2)
    torch.nn.init.normal_(head.tags.weight, std=0.5)
    torch.nn.init.normal_(head.reach.weight, std=0.1)
    for norm in (module for module in head.modules() if isinstance(module, torch.nn.BatchNorm2d)):
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.normal_(std=0.2)
        norm.running_var.uniform_(0.5, 2)
    return head.eval()


def by_torch(head: BoxHead, features: Sequence[np.ndarray], pixels: int) -> Found:
    """What is found by torch's layers and by our own suppression, from the backbone's features on."""
    grid = Grid.of(pixels)
    with torch.no_grad():
        logits, reaches = head([torch.from_numpy(each) for each in features])
        boxes = (boxes_of(reaches, grid) / pixels).clamp(0, 1)[0].numpy()
    scores = logits.sigmoid()[0].numpy()
    found: list[tuple[int, int]] = []
    for tag in range(scores.shape[1]):
        cells = np.flatnonzero(scores[:, tag] > LOWEST_SCORE)
        kept = suppress(boxes[cells], scores[cells, tag], RECIPE.overlap, RECIPE.boxes)
        found += [(cell, tag) for cell in cells[kept].tolist()]
    best = sorted(found, key=lambda each: -scores[each])[: RECIPE.boxes]
    cells, tags = (np.array(part) for part in zip(*best, strict=True))
    return Found(boxes[cells], tags, scores[cells, tags])


def agree(backbone: onnx.ModelProto, head: BoxHead, pictures: Sequence[bytes], recipe: Recipe = RECIPE) -> None:
    nothing = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    examples = [Example(partial(bytes, data), *nothing) for data in pictures]
    backbone = sized(backbone, recipe.served)
    seeing = session(backbone)
    served = judge(detector(backbone, head, recipe), examples, recipe.preprocessing)
    for picture, found in zip(pictures, served, strict=True):
        features = seeing.run(None, {"pixels": model_input(picture, recipe.preprocessing)})
        expected = by_torch(head, features, recipe.served)
        assert min(len(found.scores), len(expected.scores)) > 10
        # Two boxes of equal scores may change places.
        rows, others = (np.column_stack(each).astype(np.float64) for each in (found, expected))
        agreeing = np.abs(rows[:, None] - others[None]).max(axis=2) < 1e-3
        assert (~agreeing.any(axis=0)).mean() <= BORDERLINE
        assert (~agreeing.any(axis=1)).mean() <= BORDERLINE


def test_the_graph_and_torch_agree_on_scenes(backbone: onnx.ModelProto, head: BoxHead) -> None:
    pictures = [rendered(seed)[0] for seed in range(5)]
    agree(backbone, head, pictures[:2])
    agree(backbone, head, pictures[2:], replace(RECIPE, zoom=1.5))


def photographs() -> list[bytes]:
    folders = [PHOTOS / "customvision-sample" / name for name in ("fork", "scissors")] + [PHOTOS / "bccd" / "images"]
    paths = [path for folder in folders for path in sorted(folder.iterdir())[:20]][:50]
    assert len(paths) == 50
    return [path.read_bytes() for path in paths]


@needs_photographs
def test_the_graph_and_torch_agree_on_50_photographs(backbone: onnx.ModelProto, head: BoxHead) -> None:
    agree(backbone, head, photographs())


@needs_photographs
def test_a_trained_graph_and_torch_agree_on_50_photographs(backbone: onnx.ModelProto) -> None:
    regions = json.loads((PHOTOS / "customvision-sample" / "regions.json").read_text())["regions"]
    examples = [
        Example(
            (PHOTOS / "customvision-sample" / name / f"{file}.jpg").read_bytes,
            ltwh_to_xyxy(np.array([box], np.float32)),
            np.array([tag]),
        )
        for tag, name in enumerate(("fork", "scissors"))
        for file, box in list(regions[name].items())[:15]
    ]
    run = begin(backbone, examples, 2, replace(RECIPE, width=32, views_each=1, seen=180), NOWHERE, lambda *_: None)
    advance(run, len(run.epochs), lambda *_: None)
    agree(backbone, run.trainer.head.eval(), photographs())


def test_the_graph_is_what_consumers_of_exports_expect(backbone: onnx.ModelProto, head: BoxHead) -> None:
    model = detector(backbone, head, RECIPE)
    assert {entry.key: entry.value for entry in model.metadata_props} == METADATA
    running = session(model)
    assert [(each.name, each.shape) for each in running.get_inputs()] == [("data", [1, 3, 320, 320])]
    outputs = {each.name: (each.type, each.shape) for each in running.get_outputs()}
    assert outputs == {
        "detected_boxes": ("tensor(float)", [1, "n", 4]),
        "detected_classes": ("tensor(int64)", [1, "n"]),
        "detected_scores": ("tensor(float)", [1, "n"]),
    }


def test_a_graph_that_sees_nothing_answers_no_boxes(backbone: onnx.ModelProto) -> None:
    blind = BoxHead([40, 112, 320], TAGS, width=8, depth=1).eval()
    assert blind.tags.bias is not None
    torch.nn.init.constant_(blind.tags.bias, -20)
    boxes, tags, scores = session(detector(backbone, blind, RECIPE)).run(
        None, {"data": np.zeros((1, 3, 320, 320), np.float32)}
    )
    assert (boxes.shape, tags.shape, scores.shape) == ((1, 0, 4), (1, 0), (1, 0))
