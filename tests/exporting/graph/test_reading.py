"""Graphs that an imported project may bring: measured before anything is made of them, and refused with a reason."""

from collections.abc import Callable

import onnx
import pytest
from onnx import TensorProto, helper

from shared.exporting.graph import reading, wire
from shared.exporting.graph.reading import read
from shared.exporting.graph.subject import Unexportable
from tests.prediction.graphs import make_graph

Change = Callable[[onnx.ModelProto], object]


def changed(change: Change) -> bytes:
    model = onnx.ModelProto.FromString(make_graph(2))
    change(model)
    return model.SerializeToString()


def weight(model: onnx.ModelProto) -> onnx.TensorProto:
    return model.graph.initializer[0]


def a_branch(model: onnx.ModelProto) -> None:
    model.graph.node[0].attribute.append(helper.make_attribute("body", helper.make_graph([], "inner", [], [])))


def elsewhere(model: onnx.ModelProto) -> None:
    weight(model).data_location = TensorProto.EXTERNAL
    weight(model).external_data.add(key="location", value="/etc/passwd")


def an_endless_shape(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(
        helper.make_tensor("shape", TensorProto.INT64, [500_000], bytes(4_000_000), raw=True)
    )


def too_many_nodes(model: onnx.ModelProto) -> None:
    model.graph.node.extend(helper.make_node("Relu", ["data"], [f"v{each}"]) for each in range(reading.NODES))


def too_many_values(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Split", ["data"], [f"v{each}" for each in range(reading.NAMES)], axis=1))


def hollow(model: onnx.ModelProto) -> None:
    """Two bytes each on the wire."""
    for _ in range(wire.MOST_FIELDS):
        model.graph.node.add()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (too_many_nodes, "more than 5,000 nodes"),
        (too_many_values, "more than 20,000 values"),
        (hollow, "over 100,000 parts"),
        (a_branch, "graphs within"),
        (elsewhere, "another file"),
        (an_endless_shape, "500,000 whole numbers in a row"),
        (lambda model: model.functions.add(name="f", domain="x"), "more than a graph"),
        (lambda model: setattr(model.graph.node[0], "domain", "com.example"), "not ONNX's own"),
        (lambda model: setattr(model, "doc_string", "x" * reading.STRUCTURE_BYTES), "beside weights"),
        (lambda model: weight(model).dims.append(1 << 40), "beyond measure"),
        (lambda model: weight(model).dims.append(2), "don't fit their shape"),
        (lambda model: setattr(weight(model), "data_type", TensorProto.STRING), "a type that is not exported"),
        (lambda model: setattr(model.graph.node[0], "op_type", "Abracadabra"), "no valid graph"),
        (lambda model: model.graph.node[0].input.append("nowhere"), "no valid graph"),
    ],
)
def test_a_graph_beyond_what_is_exported_is_refused(change: Change, message: str) -> None:
    with pytest.raises(Unexportable, match=message):
        read(changed(change))


@pytest.mark.parametrize(
    "data",
    [b"no graph", b"\x3a\xff\xff\xff\xff\x0f", b"\xff" * 20, b"\x07", make_graph(2)[:-3], b"\x3a\x03\x0a\x05ab"],
    ids=["text", "longer than it is", "an endless number", "of no kind", "cut off", "a node beyond its graph"],
)
def test_what_is_no_graph_is_refused(data: bytes) -> None:
    with pytest.raises(Unexportable, match="no valid graph"):
        read(data)


def test_what_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "GRAPH_BYTES", 100)
    with pytest.raises(Unexportable, match="100 are the most"):
        read(make_graph(2))


def test_a_graph_of_ours_is_read_as_it_is(detector: onnx.ModelProto) -> None:
    data = detector.SerializeToString()
    assert read(data).SerializeToString() == data
    assert len(data) - wire.Wire(data).weights() < reading.STRUCTURE_BYTES / 10
