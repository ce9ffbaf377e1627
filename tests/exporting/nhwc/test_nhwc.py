"""Small graphs, operator by operator: what is read of them is what onnxruntime makes of them, whatever the colours."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import parser

from shared.exporting import tflite
from shared.exporting.graph.selection import BOXES, SCORES, select
from shared.exporting.graph.selection import TAGS as CLASSES
from shared.exporting.graph.subject import Ending, Subject, Unexportable
from shared.exporting.nhwc.reader import read
from tests.exporting.consumers import by_tflite
from training_job.graphs.graph import Graph

HEAD = '<ir_version: 8, opset_import: ["": 13]> graph (float[1, 3, 8, 8] x) => (float[N] y)'
# Weights, and the nodes from x to y.
GRAPHS = {
    "a crop, and a constant for each colour": (
        "int64[2] from = {1, 2}, int64[2] to = {7, 9000000000}, int64[2] axes = {2, 3},float[3, 1, 1] mean = {1, 2, 3}",
        "a = Slice (x, from, to, axes) y = Sub (a, mean)",
    ),
    "a kernel for all colours": (
        "float[2, 3, 1, 1] kernel = {1, 2, 3, 4, 5, 6}, float[2] bias = {0.5, 1}, float hundred = {100}",
        "a = Sub (hundred, x) b = Conv (a, kernel, bias) y = Relu (b)",
    ),
    "a kernel for each colour, a step, and pads that are no one's way": (
        "float[3, 1, 2, 1] kernel = {1, 2, 3, 4, 5, 6}",
        "y = Conv <group = 3, strides = [2, 2], pads = [1, 0, 1, 1]> (x, kernel)",
    ),
    "two kernels for each colour": (
        "float[6, 1, 1, 1] kernel = {1, 2, 3, 4, 5, 6}",
        "y = Conv <group = 3> (x, kernel)",
    ),
    "a batch norm without an activation": (
        "float[1, 3, 1, 1] kernel = {1, 2, 3}, float[1] gain = {2}, float[1] offset = {1}, float[1] mean = {9},"
        "float[1] variance = {4}",
        "a = Conv (x, kernel) y = BatchNormalization (a, gain, offset, mean, variance)",
    ),
    "an activation that another reads, too": (
        "float[1, 3, 1, 1] kernel = {1, -2, 1}, float none = {0}, float six = {6}",
        "a = Conv (x, kernel) b = Clip (a, none, six) c = Relu (a) y = Add (b, c)",
    ),
    "the mean of each colour, and a product": (
        "float[3, 2] weights = {1, 2, 3, 4, 5, 6}, float[2] bias = {1, 2}",
        "a = GlobalAveragePool (x) b = Flatten (a) c = MatMul (b, weights) y = Add (c, bias)",
    ),
    "a product with rows, and probabilities": (
        "float[2, 3] weights = {0.01, 0.02, 0.03, 0.04, 0.05, 0.06}, float[2] bias = {1, 2}",
        "a = GlobalAveragePool (x) b = Flatten (a) c = Gemm <transB = 1> (b, weights, bias) y = Softmax <axis = 1> (c)",
    ),
    "pixels in a row": ("", "y = Flatten (x)"),
    "pixels as a list": ("int64[3] shape = {0, 3, -1}", "a = Reshape (x, shape) y = Transpose <perm = [0, 2, 1]> (a)"),
    "axes of a picture": ("", "a = Relu (x) y = Transpose <perm = [0, 2, 3, 1]> (a)"),
    "channels side by side": ("", "a = Relu (x) y = Concat <axis = 1> (x, a)"),
    "pictures and what is no picture": (
        "int64[4] shape = {1, 3, 8, 8}, int64[3] list = {1, 3, 64}",
        "a = Reshape (x, list) b = Reshape (a, shape) c = Mul (x, b) y = Concat <axis = -1> (c, b)",
    ),
    "parts": ("", "a, b, c = Split <axis = 1> (x) d = Sub (a, c) y = Concat <axis = 2> (d, b)"),
    "unequal parts": ("int64[2] sizes = {2, 6}", "a, b = Split <axis = 3> (x, sizes) y = Concat <axis = 3> (b, a)"),
    "dimensions more and fewer": (
        "int64[2] more = {0, -1}, int64[2] fewer = {0, 1}",
        "a = Unsqueeze (x, more) y = Squeeze (a, fewer)",
    ),
    "the largest of each place, and the least": (
        "",
        "a = ReduceMax <axes = [1]> (x) b = ReduceMin <axes = [1]> (x) y = Sub (a, b)",
    ),
    "sums and means": (
        "int64[1] axes = {1}",
        "a = ReduceSum <keepdims = 0> (x, axes) b = ReduceMean <axes = [-2], keepdims = 0> (a)"
        "y = ReduceL2 <axes = [1]> (b)",
    ),
    "all of the elementary functions": (
        "float small = {0.01}",
        "a = Mul (x, small) b = Exp (a) c = Log (b) d = Sqrt (c) e = Floor (x) f = Neg (e) g = Abs (f) h = Sigmoid (a)"
        "i = Max (d, g, h) j = Min (i, b) y = Div (i, b)",
    ),
    "limits": (
        "float low = {90}, float high = {140}",
        "a = Clip (x, low) b = Clip (x, low, high) c = Clip (x, , high) y = Concat <axis = 1> (a, b, c)",
    ),
    "comparisons": (
        "float[1, 1, 8, 1] limits = {10, 50, 90, 130, 170, 200, 220, 240}",
        "a = Greater (x, limits) b = Less (x, limits) c = Equal (x, x) d = Cast <to = 1> (a) e = Cast <to = 6> (b)"
        "f = Cast <to = 1> (e) g = Cast <to = 1> (c) y = Concat <axis = 1> (d, f, g)",
    ),
    "the best, and where they are": (
        "int64[1] most = {3}, int64[2] list = {24, 8}, int64 second = {1}",
        "a = Reshape (x, list) b, c = TopK <axis = -1> (a, most) d = Cast <to = 1> (c)"
        "e = Gather (b, c) f = ReduceMax <axes = [0, 1]> (e) g = Add (f, d) h = Transpose (g)"
        "y = Gather <axis = 1> (h, second)",
    ),
    "each pixel twice": (
        "float[4] scales = {1, 1, 2, 3}",
        'y = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor">'
        "(x, , scales)",
    ),
    "each pixel so often that there are as many": (
        "int64[4] sizes = {1, 3, 16, 8}",
        'y = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor">'
        "(x, , , sizes)",
    ),
}


def graph(weights: str, nodes: str) -> onnx.ModelProto:
    between = f"<{weights}>" if weights else ""
    model = parser.parse_model(f"{HEAD} {between} {{ {nodes} }}")
    # How many dimensions there are is not told.
    model.graph.output[0].type.tensor_type.ClearField("shape")
    return model


@pytest.mark.parametrize("bgr", [False, True], ids=["rgb", "bgr"])
@pytest.mark.parametrize("name", GRAPHS)
def test_a_small_graph_is_read_as_it_runs(name: str, bgr: bool) -> None:
    model = graph(*GRAPHS[name])
    picture = np.random.default_rng(1).uniform(1, 255, (1, 3, 8, 8)).astype(np.float32)
    options = ort.SessionOptions()
    options.log_severity_level = 3
    (wanted,) = ort.InferenceSession(model.SerializeToString(), options).run(None, {"x": picture})
    files = tflite.files(Subject(model, [], Ending.PROBABILITIES, bgr))
    fed = picture[:, ::-1] if bgr else picture
    (answer,) = by_tflite(files["model.tflite"], fed.transpose(0, 2, 3, 1))
    found = answer["loss"]
    # A picture is answered as one.
    assert np.allclose(found if found.shape == wanted.shape else found.transpose(0, 3, 1, 2), wanted, rtol=1e-5)


TAGS, CELLS, MOST = 7, 40, 20


def detector(least: float) -> onnx.ModelProto:
    """Boxes of many tags that overlap a lot; the brighter the picture, the surer."""
    random, graph = np.random.default_rng(2), Graph()
    corners = np.sort(random.uniform(0, 1, (2, CELLS, 2)), axis=0)
    brightness = graph.add("Flatten", graph.add("GlobalAveragePool", "x"))
    weights = graph.constant(random.uniform(0, 0.01, (3, TAGS * CELLS)))
    logits = graph.add("Add", graph.add("MatMul", brightness, weights), graph.constant(least))
    scores = graph.add("Reshape", graph.add("Sigmoid", logits), graph.constant([1, TAGS, CELLS], np.int64))
    boxes = graph.constant(np.concatenate([*corners], axis=1)[None])
    select(graph, boxes, scores, 0.3, MOST)
    return graph.model({"x": [1, 3, 8, 8]}, {BOXES: [1, "n", 4], CLASSES: [1, "n"], SCORES: [1, "n"]}, {CLASSES})


@pytest.mark.parametrize(("least", "count"), [(-2, MOST), (-6.5, 7), (-9, 0)], ids=["many", "some", "none"])
def test_boxes_of_many_tags_are_chosen_as_by_the_served_graph(least: float, count: int) -> None:
    """In a file they are as many every time, and filled up with scores of 0."""
    model, picture = detector(least), np.full((1, 3, 8, 8), 80, np.float32)
    boxes, tags, scores = ort.InferenceSession(model.SerializeToString()).run([BOXES, CLASSES, SCORES], {"x": picture})
    files = tflite.files(Subject(model, ["tag"] * TAGS, Ending.BOXES, False))
    (answer,) = by_tflite(files["model.tflite"], picture.transpose(0, 2, 3, 1))
    assert scores.shape == (1, count)
    assert len(set(tags[0].tolist())) >= min(count, 4)
    assert answer[SCORES].shape == (MOST,)
    assert answer[SCORES].tolist() == pytest.approx([*scores[0].tolist(), *[0] * (MOST - count)], abs=1e-6)
    assert answer[CLASSES][:count].tolist() == tags[0].tolist()
    assert np.array_equal(answer[BOXES][:count], boxes[0])


REFUSED = {
    "an operator that is not known": ("", "y = Tanh (x)", "Tanh"),
    "an attribute that is not known": ("", "y = Flatten <axis = 2> (x)", "axis 2"),
    "an answer that is the picture": ("", "y = Identity (x)", "not computed"),
    "an answer that is read, too": ("", "y = Relu (x) z = Relu (y)", "not computed"),
    "a shape that does not fit": ("int64[2] shape = {7, 9}", "y = Reshape (x, shape)", "reshaped"),
    "a shape of nothing": ("int64[2] shape = {0, -1}", "a = Reshape (x, shape) y = Squeeze (a, shape)", "squeezed"),
    "a kernel of other colours": ("float[1, 2, 1, 1] kernel = {1, 2}", "y = Conv (x, kernel)", "groups"),
    "a kernel without sides": ("float[3] kernel = {1, 2, 3}", "y = Conv (x, kernel)", "read"),
    "a kernel that is computed": ("", "a = Relu (x) y = Conv (x, a)", "running"),
    "a dilation": ("float[1, 3, 1, 1] kernel = {1, 2, 3}", "y = Conv <dilations = [2, 2]> (x, kernel)", "dilated"),
    "a step of nothing": ("float[1, 3, 1, 1] kernel = {1, 2, 3}", "y = Conv <strides = [0, 0]> (x, kernel)", "read"),
    "shapes that do not go together": ("float[5] five = {1, 2, 3, 4, 5}", "y = Add (x, five)", "read"),
    "a value that is not there": ("", "y = Add (x, z)", "before it is there"),
    "too few inputs": ("", "a = Relu (x) y = Sub (a, a, a) z = Gather (x)", "read"),
    "boxes in a classifier": ("", "y = NonMaxSuppression (x, x)", "without boxes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_graph_that_can_not_be_read_is_refused(name: str) -> None:
    weights, nodes, message = REFUSED[name]
    with pytest.raises(Unexportable, match=message):
        read(Subject(graph(weights, nodes), [], Ending.PROBABILITIES, False))


def test_a_number_that_a_file_has_no_room_for_is_refused() -> None:
    model = graph("float[1, 3, 1, 1] kernel = {1, 2, 3}", "y = Conv <strides = [8589934592, 1]> (x, kernel)")
    with pytest.raises(Unexportable, match="bad number"):
        tflite.files(Subject(model, [], Ending.PROBABILITIES, False))
