"""Graphs of a few bytes that would be gigabytes once they are read."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import numpy as np
import onnx
import pytest
from msgspec.structs import replace
from onnx import numpy_helper

from shared.exporting import coreml, openvino, tflite
from shared.exporting.graph.ending import subject
from shared.exporting.graph.reading import read
from shared.exporting.graph.subject import Ending, Subject, Unexportable
from shared.models.training.model_spec import ModelTag
from shared.models.workspace.domains import DOMAINS, DomainType
from shared.settings import Settings
from tests.prediction.graphs import make_detector_spec
from tests.prediction.small import small_detector
from training_job.detection.detector_recipe import RECIPE
from training_job.detection.light.model import BoxHead
from training_job.detection.light.served_graph import detector
from training_job.graphs.backbones import BACKBONES, prepare_features, sized
from training_job.graphs.graph import Graph

SIDE, TAGS = 16, 2
DOUBLED, READ = 40, 200


def graph(made: Graph) -> onnx.ModelProto:
    """With a small classifier behind it."""
    means = made.add("Flatten", made.add("GlobalAveragePool", "data"))
    weights = made.constant(np.zeros((TAGS, 3))), made.constant(np.zeros(TAGS))
    made.add("Gemm", means, *weights, transB=1, output="model_output")
    return made.model({"data": [1, 3, SIDE, SIDE]}, {"model_output": [1, TAGS]})


def doubled(value: str, made: Graph) -> onnx.ModelProto:
    for _ in range(DOUBLED):
        value = made.add("Concat", value, value, axis=0)
    return graph(made)


def pixels_side_by_side() -> onnx.ModelProto:
    made = Graph()
    return doubled(made.add("Reshape", "data", made.constant([-1], np.int64)), made)


def weights_side_by_side() -> onnx.ModelProto:
    made = Graph()
    return doubled(made.constant(np.ones(4)), made)


def whole_numbers_side_by_side() -> onnx.ModelProto:
    made = Graph()
    return doubled(made.constant(np.ones(4), np.int64), made)


def shapes_side_by_side() -> onnx.ModelProto:
    made = Graph()
    return doubled(made.add("Shape", "data"), made)


def weights_in_rows_and_columns() -> onnx.ModelProto:
    made = Graph()
    made.add("Add", made.constant(np.ones((100_000, 1))), made.constant(np.ones((1, 100_000))))
    return graph(made)


def weights_that_many_read() -> onnx.ModelProto:
    made = Graph()
    weights = made.constant(np.ones((1, 3, 500, 500)))
    for _ in range(READ):
        made.add("Conv", "data", weights, kernel_shape=[500, 500], pads=[250, 250, 250, 250])
    return graph(made)


in_each_format = pytest.mark.parametrize(
    "format", [tflite, openvino, coreml], ids=lambda format: format.__name__.rpartition(".")[2]
)


@in_each_format
@pytest.mark.parametrize(
    "make",
    [
        *(pixels_side_by_side, weights_side_by_side, whole_numbers_side_by_side, shapes_side_by_side),
        *(weights_in_rows_and_columns, weights_that_many_read),
    ],
)
def test_what_grows_without_bounds_is_refused(make: Callable[[], onnx.ModelProto], format: ModuleType) -> None:
    model = read(make().SerializeToString())
    known = (
        "Shape is not known"
        if make is shapes_side_by_side and format is tflite
        else r"(134,217,728|402,653,184) numbers"
    )
    with pytest.raises(Unexportable, match=known):
        format.files(Subject(model, ["a", "b"], Ending.PROBABILITIES, False))


@in_each_format
@pytest.mark.parametrize("most", [0, 1 << 40])
def test_as_many_boxes_as_no_format_has_room_for_are_refused(most: int, format: ModuleType) -> None:
    model = read(small_detector(3))
    (given,) = (node.input[2] for node in model.graph.node if node.op_type == "NonMaxSuppression")
    (limit,) = (weight for weight in model.graph.initializer if weight.name == given)
    limit.CopyFrom(numpy_helper.from_array(np.array([most]), given))
    with pytest.raises(Unexportable, match="boxes of a tag"):
        format.files(Subject(model, ["a", "b", "c"], Ending.BOXES, False))


@in_each_format
def test_what_does_not_fit_together_is_refused(format: ModuleType) -> None:
    made = Graph()
    made.add("Add", made.constant(np.ones((2, 3))), made.constant(np.ones((4, 5))))
    with pytest.raises(Unexportable, match="read"):
        format.files(Subject(graph(made), ["a", "b"], Ending.PROBABILITIES, False))


@pytest.mark.parametrize("format", [tflite, openvino], ids=["tflite", "openvino"])
@pytest.mark.parametrize("domain", ["General (compact) [S1]", "General (compact)"])
def test_a_detector_of_small_objects_has_room(domain: str, format: ModuleType) -> None:
    """It looks at four times as many pixels as others."""
    recipe, widths = replace(RECIPE, zoom=2), BACKBONES[RECIPE.backbone].scale_widths
    features = onnx.load(prepare_features(Path(Settings.read().backbones_folder), recipe.backbone, recipe.pixels))
    head = BoxHead(widths, 3, recipe.width, recipe.depth).eval()
    graph = detector(sized(features, recipe.served), head, recipe).SerializeToString()
    (id,) = (each.id for each in DOMAINS.values() if (each.name, each.type) == (domain, DomainType.OBJECT_DETECTION))
    tags = [ModelTag(uuid4(), name) for name in "abc"]
    spec = replace(make_detector_spec(uuid4(), uuid4()), domain_id=id, tags=tags, preprocessing=recipe.preprocessing)
    assert format.files(subject(graph, spec))


@in_each_format
@pytest.mark.parametrize("places", [(-3, 1), (-2, 0)], ids=["boxes", "tags"])
def test_boxes_that_are_chosen_otherwise_are_refused(places: tuple[int, int], format: ModuleType) -> None:
    """Formats choose by themselves, and would answer what the graph does not."""
    model = read(small_detector(3))
    node, place = places
    tags, cells = (each.output[0] for each in model.graph.node[-5:-3])
    answer = model.graph.node[node]
    answer.input[place] = tags if answer.input[place] == cells else cells
    with pytest.raises(Unexportable, match="a way that is not known"):
        format.files(Subject(model, ["a", "b", "c"], Ending.BOXES, False))
