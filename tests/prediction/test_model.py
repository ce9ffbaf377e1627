"""One loaded model: what it predicts, and how it refuses what is no model."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import msgspec
import onnx
import pytest
from PIL import Image

from shared.errors import BadImageFormat, PredictionModelUnreadable
from shared.models.workspace.tags import TagType
from shared.prediction import model as model_module
from shared.prediction.deadline import Deadline
from shared.prediction.model import Model
from tests.pictures import encoded, picture
from tests.prediction.graphs import make_graph, make_spec

PHOTO, BLACK = picture("apple", 1), encoded(Image.new("RGB", (16, 16)))
# Goes round as often as its picture is bright, and START times: not at all where that is nothing.
LOOP = """
<ir_version: 8, opset_import: ["": 13]>
loop (float[1, 3, 16, 16] data) => (float[1, 2] model_output)
<float many = {1e12}, float start = {START}, float[1, 2] even = {0.5, 0.5}, bool go = {1}>
{
    bright = ReduceMax <keepdims = 0> (data)
    times = Add (bright, start)
    product = Mul (times, many)
    rounds = Cast <to = 7> (product)
    model_output = Loop (rounds, go, even) <body = round (int64 i, bool on, float[1, 2] x)
        => (bool again, float[1, 2] y) { again = Identity (on) y = Identity (x) }>
}
"""


def make_model(names: list[str], outputs: int | None = None) -> Model:
    spec = make_spec(uuid4(), uuid4(), names)
    return Model.load(make_graph(outputs or len(names)), msgspec.json.encode(spec))


def test_predict_answers_every_tag_the_most_probable_first() -> None:
    model = make_model(["apple", "leaf", "none"])
    predictions = model.predict(PHOTO)
    assert [prediction.tag_name for prediction in predictions] == ["apple", "leaf", "none"]
    assert predictions[0].tag_id == model.spec.tags[0].id
    assert [prediction.tag_type for prediction in predictions] == [TagType.REGULAR, TagType.REGULAR, TagType.NEGATIVE]
    probabilities = [prediction.probability for prediction in predictions]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1)


def test_predict_refuses_what_is_no_picture() -> None:
    with pytest.raises(BadImageFormat):
        make_model(["apple", "leaf"]).predict(b"no picture")


@pytest.mark.parametrize("graph", [b"", b"garbage", make_graph(2)[:-40]], ids=["empty", "garbage", "cut off"])
def test_load_refuses_a_broken_graph(graph: bytes) -> None:
    spec = make_spec(uuid4(), uuid4(), ["apple", "leaf"])
    with pytest.raises(PredictionModelUnreadable, match="can't be read"):
        Model.load(graph, msgspec.json.encode(spec))


@pytest.mark.parametrize("description", [b"", b"{}", b"[1", b"\xff\xfe"])
def test_load_refuses_a_broken_description(description: bytes) -> None:
    with pytest.raises(PredictionModelUnreadable, match="can't be read"):
        Model.load(make_graph(2), description)


def test_load_refuses_a_graph_that_does_not_fit_its_tags() -> None:
    with pytest.raises(PredictionModelUnreadable, match="outputs for 3 tags"):
        make_model(["apple", "leaf", "sky"], outputs=2)


def test_load_refuses_a_graph_that_reads_files_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model may come from anybody, with an imported project."""
    monkeypatch.chdir(tmp_path)
    Path("secret").write_bytes(bytes(24))
    graph = onnx.load_from_string(make_graph(2))
    weights = graph.graph.initializer[0]
    weights.ClearField("float_data")
    weights.data_location = onnx.TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="secret")
    # That it is an input keeps the optimiser, which would trip over it, away.
    graph.graph.input.append(onnx.helper.make_tensor_value_info("weights", onnx.TensorProto.FLOAT, [3, 2]))
    with pytest.raises(PredictionModelUnreadable, match="does not exist"):
        Model.load(graph.SerializeToString(), msgspec.json.encode(make_spec(uuid4(), uuid4(), ["apple", "leaf"])))


@pytest.fixture
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_module, "DEADLINE", Deadline(0.2))


def make_loop(start: int) -> Model:
    graph = onnx.parser.parse_model(LOOP.replace("START", str(start))).SerializeToString()
    return Model.load(graph, msgspec.json.encode(make_spec(uuid4(), uuid4(), ["apple", "leaf"])))


def test_load_ends_a_graph_that_goes_round_for_ever(short_deadline: None) -> None:
    with pytest.raises(PredictionModelUnreadable, match=r"took over 0\.2 seconds"):
        make_loop(start=1)


def test_load_ends_a_graph_whose_constants_are_long_to_fold(short_deadline: None) -> None:
    """The optimiser would work them out before the first run, where no deadline reaches."""
    graph = onnx.load_from_string(make_graph(2))
    ones = onnx.helper.make_tensor("one", onnx.TensorProto.FLOAT, [1], [0.001])
    steps = [onnx.helper.make_node("ConstantOfShape", ["side"], ["power0"], value=ones)]
    steps += [onnx.helper.make_node("MatMul", [f"power{n}", "power0"], [f"power{n + 1}"]) for n in range(60)]
    steps += [onnx.helper.make_node("ReduceMax", ["power60"], ["largest"], keepdims=0)]
    steps += [onnx.helper.make_node("Mul", ["bias", "largest"], ["scaled_bias"])]
    for step in reversed(steps):
        graph.graph.node.insert(0, step)
    graph.graph.initializer.append(onnx.helper.make_tensor("side", onnx.TensorProto.INT64, [2], [1000, 1000]))
    (add,) = [node for node in graph.graph.node if node.op_type == "Add"]
    add.input[1] = "scaled_bias"
    with pytest.raises(PredictionModelUnreadable, match=r"took over 0\.2 seconds"):
        Model.load(graph.SerializeToString(), msgspec.json.encode(make_spec(uuid4(), uuid4(), ["apple", "leaf"])))


def test_predict_ends_a_graph_that_goes_round_for_ever(short_deadline: None) -> None:
    model = make_loop(start=0)
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(model.predict, PHOTO) for _ in range(6)]
    for run in runs:
        with pytest.raises(PredictionModelUnreadable, match=r"took over 0\.2 seconds"):
            run.result()
    assert [prediction.probability for prediction in model.predict(BLACK)] == [0.5, 0.5]
