"""Packages of anybody: read within bounds, and refused with what is expected."""

from collections.abc import Callable
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZipFile

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from shared.errors import InvalidModel
from shared.exporting import onnx as format
from shared.exporting.graph.ending import subject
from shared.importing import package as packages
from shared.importing.model import bring
from shared.importing.package import read
from shared.models.training.importing import ImportOptions, Layout, Order, Range, Scoring
from shared.models.training.preprocessing import Fit
from shared.models.workspace.domains import DomainType
from tests.exporting.making import spec_of
from tests.importing.consumers import Seen as Found
from tests.importing.consumers import agree, run, suppressed
from tests.importing.packages import classifier, grid, manifest, model_of, named, rows, zipped
from tests.prediction.small import SIDE, small_classifier, small_detector

LABELS = ["cog", "axle", "rivet"]
PROBABLE = Scoring.PROBABILITIES
CLASSIFYING, DETECTING = DomainType.CLASSIFICATION, DomainType.OBJECT_DETECTION
Change = Callable[[onnx.ModelProto], object]


def brought(model: onnx.ModelProto, kind: DomainType = CLASSIFYING, **options: object) -> onnx.ModelProto:
    imported = bring(read(zipped(model, LABELS)), ImportOptions(**options), kind)  # type: ignore[arg-type]
    return onnx.ModelProto.FromString(imported.graph)


def files(kind: int = ZIP_DEFLATED, **contents: bytes) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", kind) as package:
        for name, data in contents.items():
            package.writestr(name.replace("__", "."), data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("package", "message"),
    [
        (b"PK\x03\x04 and no more", "no zip"),
        (files(ZIP_DEFLATED, **{f"f{number}": b"" for number in range(1_001)}), "over 1,000 files"),
        (files(readme__txt=b""), "no model"),
        (files(model__pb=b"", labels__txt=b""), "another platform; export the iteration to ONNX"),
        (files(a__onnx=b"", b__onnx=b""), "2 .onnx files"),
        (files(ZIP_LZMA, model__onnx=b"x"), "zip it by deflate"),
        (files(model__onnx=b"x", labels__txt=b"\xff"), "text in UTF-8"),
        (files(model__onnx=b"x", labels__txt=b"a\n\nb"), "printable"),
        (files(model__onnx=b"x", labels__txt=b"a", cvexport__manifest=b"{"), "cvexport.manifest can't be read"),
        (files(model__onnx=b"x", labels__txt=b"a" * 2_000_000), "over 1,048,576 bytes"),
    ],
    ids=range(10),
)
def test_what_is_no_package_is_refused(package: bytes, message: str) -> None:
    with pytest.raises(InvalidModel, match=message):
        read(package)


def test_a_file_that_unpacks_to_more_than_a_graph_may_have_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "GRAPH_BYTES", 1_000_000)
    with pytest.raises(InvalidModel, match="over 1,000,000 bytes"):
        read(files(model__onnx=bytes(50_000_000), labels__txt=b"a"))


def test_a_name_that_leads_elsewhere_is_a_name() -> None:
    model = classifier(3).SerializeToString()
    found = read(
        files(ZIP_DEFLATED, **{"../../etc/model.onnx": model, "../../etc/labels.txt": b"\xef\xbb\xbfa\r\nb\r\n"})
    )
    assert (found.graph, found.labels, found.manifest) == (model, ["a", "b"], None)


def elsewhere(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL
    model.graph.initializer[0].external_data.add(key="location", value="/etc/passwd")


def of_two_inputs(model: onnx.ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1, 3, 32, 32]))


def of_any_size(model: onnx.ModelProto) -> None:
    for side in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        side.dim_param = "any"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (of_two_inputs, r"2 inputs \(data, more\); one image"),
        (of_any_size, "say its `size`"),
        (elsewhere, "lie in another file"),
        (lambda model: model.opset_import.pop(0), "opset 0"),
        (lambda model: model.functions.add(name="f", domain="x"), "more than a graph"),
        (lambda model: setattr(model.graph.node[1], "op_type", "Abracadabra"), "no valid graph"),
        (lambda model: setattr(model.graph.node[1], "domain", "com.example"), "not ONNX's own"),
        (lambda model: setattr(model, "doc_string", "x" * 3_000_000), "beside weights"),
        (lambda model: setattr(model.graph.input[0].type.tensor_type, "elem_type", TensorProto.STRING), "STRING"),
        (lambda model: setattr(model.graph.input[0].type.tensor_type.shape.dim[1], "dim_value", 4), "is expected"),
        (lambda model: setattr(model.graph.input[0].type.tensor_type.shape.dim[0], "dim_value", 8), "8 pictures"),
    ],
    ids=range(11),
)
def test_a_graph_that_is_not_one_of_pictures_is_refused(change: Change, message: str) -> None:
    model = classifier(3)
    change(model)
    with pytest.raises(InvalidModel, match=message):
        brought(model)


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (classifier(3), {}, "detector answers detected_boxes"),
        (grid(3), {"anchors": [1.0, 1.0]}, "1 anchors"),
        (grid(4), {}, "a grid of 3 labels and 5 anchors"),
        (rows(np.zeros((9, 20))), {}, r"YOLO's boxes of 3 labels are \(1, 7, boxes\)"),
    ],
    ids=range(4),
)
def test_a_graph_that_is_no_detector_of_the_labels_is_refused(
    model: onnx.ModelProto, options: dict[str, list[float]], message: str
) -> None:
    with pytest.raises(InvalidModel, match=message):
        brought(model, DETECTING, **options)


def test_labels_are_those_of_the_graph_where_it_has_some() -> None:
    found = bring(read(zipped(named(["rivet", "cog"]), None)), ImportOptions(), CLASSIFYING)
    assert (found.labels, found.origin.order, found.origin.range) == (["rivet", "cog"], Order.BGR, Range.BYTES)
    with pytest.raises(InvalidModel, match="name other tags"):
        bring(read(zipped(named(["rivet", "cog"]), LABELS)), ImportOptions(), CLASSIFYING)


def test_a_model_of_one_domain_is_not_of_another() -> None:
    with pytest.raises(InvalidModel, match="of ObjectDetection, and the project of Classification"):
        bring(read(zipped(classifier(3), LABELS, manifest=manifest("ObjectDetection"))), ImportOptions(), CLASSIFYING)


def test_an_old_graph_is_brought_to_operators_that_exports_read() -> None:
    made = brought(classifier(3))
    assert (made.opset_import[0].version, made.ir_version) == (13, 8)
    assert {"BatchNormalization", "LeakyRelu", "MaxPool"} <= {node.op_type for node in made.graph.node}


def test_channels_that_come_last_and_half_floats_are_taken() -> None:
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["means"], axes=[1, 2], keepdims=0),
        helper.make_node("Identity", ["means"], ["answer"]),
    ]
    output = helper.make_tensor_value_info("answer", TensorProto.FLOAT16, [1, 3])
    model = model_of(nodes, ("image", [1, 8, 8, 3]), [output], [], opset=13, kind=TensorProto.FLOAT16)
    made = brought(model, order=Order.BGR, range=Range.UNIT, scores=PROBABLE)
    pixels = np.ones((1, 3, 8, 8), np.float32) * np.array([255, 51, 0], np.float32).reshape(3, 1, 1)
    (answered,) = run(made, pixels)
    assert answered[0] == pytest.approx([0, 0.2, 1], abs=1e-3)


def test_boxes_without_a_dimension_of_pictures_get_one() -> None:
    values = {"detected_boxes": [[0.1, 0.2, 0.3, 0.4]], "detected_classes": [2], "detected_scores": [0.5]}
    kinds = (TensorProto.FLOAT, TensorProto.INT32, TensorProto.FLOAT)
    weights = [
        numpy_helper.from_array(np.array(value, helper.tensor_dtype_to_np_dtype(kind)), f"{name} there")
        for (name, value), kind in zip(values.items(), kinds, strict=True)
    ]
    nodes = [helper.make_node("Identity", [f"{name} there"], [name]) for name in values]
    outputs = [helper.make_tensor_value_info(name, kind, None) for name, kind in zip(values, kinds, strict=True)]
    for output, weight in zip(outputs, weights, strict=True):
        output.type.tensor_type.shape.CopyFrom(helper.make_tensor_value_info("", 1, weight.dims).type.tensor_type.shape)
    made = brought(model_of(nodes, ("image_tensor", [1, 3, 8, 8]), outputs, weights, opset=13), DETECTING)
    answered = dict(zip(values, run(made, np.zeros((1, 3, 8, 8), np.float32)), strict=True))
    assert {name: each.dtype.name for name, each in answered.items()} == {
        "detected_boxes": "float32", "detected_classes": "int64", "detected_scores": "float32"
    }  # fmt: skip
    assert {name: each[0].tolist() for name, each in answered.items()} == {
        name: pytest.approx(np.array(value)) if name == "detected_boxes" else value for name, value in values.items()
    }


def test_a_graph_with_a_branch_is_taken() -> None:
    model = classifier(3)
    graph = model.graph
    output = helper.make_tensor_value_info("chosen", TensorProto.FLOAT, [1, 3])
    branches = {
        name: helper.make_graph([helper.make_node(operator, ["model_output"], [f"{name} value"])], name, [], [])
        for name, operator in (("then_branch", "Identity"), ("else_branch", "Neg"))
    }
    for name, branch in branches.items():
        branch.output.append(helper.make_tensor_value_info(f"{name} value", TensorProto.FLOAT, [1, 3]))
    graph.initializer.append(helper.make_tensor("always", TensorProto.BOOL, [], [True]))
    graph.node.append(helper.make_node("If", ["always"], ["chosen"], **branches))
    del graph.output[:]
    graph.output.append(output)
    pixels = np.random.default_rng(5).uniform(0, 255, (1, 3, 32, 32)).astype(np.float32)
    (there,), (here,) = run(classifier(3), pixels[:, ::-1].copy()), run(brought(model, scores=PROBABLE), pixels)
    assert here == pytest.approx(there, abs=1e-6)


def test_the_rows_of_a_yolo_are_decoded_and_suppressed() -> None:
    random = np.random.default_rng(3)
    places = np.concatenate([random.uniform(8, 56, (40, 2)), random.uniform(8, 30, (40, 2))], axis=1)
    scores = random.uniform(0, 1, (40, 3))
    imported = bring(read(zipped(rows(np.hstack([places, scores]).T), LABELS)), ImportOptions(), DETECTING)
    assert (imported.origin.layout, imported.preprocessing.fit) == (Layout.YOLO, Fit.LETTERBOX)
    halves = places[:, 2:] / 2
    corners = np.hstack([places[:, :2] - halves, places[:, :2] + halves]) / 64
    boxes, tags, found = run(onnx.ModelProto.FromString(imported.graph), np.zeros((1, 3, 64, 64), np.float32))
    answered = [
        Found(int(tag), float(score), box.clip(0, 1))
        for box, tag, score in zip(boxes[0], tags[0], found[0], strict=True)
    ]
    agree(suppressed(corners, scores, same=0.7, most=40), answered)


@pytest.mark.parametrize(
    ("kind", "make"), [(CLASSIFYING, small_classifier), (DETECTING, small_detector)], ids=["classifier", "detector"]
)
def test_what_was_brought_is_exported_and_brought_again(kind: DomainType, make: Callable[[int], bytes]) -> None:
    """Each time the graph has the names that it was given the last time."""
    model = onnx.ModelProto.FromString(make(len(LABELS)))
    pixels = np.random.default_rng(2).uniform(0, 255, (1, 3, SIDE, SIDE)).astype(np.float32)
    first = best(model, pixels)
    for half in (False, False, True, True):
        exported = subject(model.SerializeToString(), spec_of(model, "General (compact)", LABELS))
        ((_, data),) = format.files(exported, half=half, named=not half).items()
        model = brought(onnx.ModelProto.FromString(data), kind, order=Order.RGB, range=Range.BYTES)
        assert best(model, pixels) == pytest.approx(first, abs=2e-3 if half else 1e-5)


def best(model: onnx.ModelProto, pixels: np.ndarray) -> float:
    """The surest score."""
    return float(run(model, pixels)[-1].max())
