"""OpenVINO, as it runs what was written on real photographs, computing in 32 bits; and what its consumers look for."""

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

import numpy as np
import onnx
import openvino as runtime
import pytest

from shared.exporting import openvino
from shared.exporting.graph.ending import subject
from shared.exporting.graph.grid import ANCHORS, CELLS
from shared.exporting.graph.subject import Ending, Subject, Unexportable
from tests.exporting.agreement import Answers, agree, boxes
from tests.exporting.conftest import CUTLERY
from tests.exporting.consumers import by_openvino
from tests.exporting.making import size_of, spec_of

OUTPUTS: dict[str, dict[str, tuple[list[int], str]]] = {
    "multiclass": {"model_output": ([1, 4], "f32")},
    "multilabel": {"model_output": ([1, 5], "f32")},
    "boxes": {
        "detected_boxes": ([1, 300, 4], "f32"),
        "detected_classes": ([1, 300], "i32"),
        "detected_scores": ([1, 300], "f32"),
    },
    "grid": {"model_outputs": ([1, 35 * 169], "f32")},
}


@pytest.mark.parametrize("kind", ["multiclass", "multilabel", "boxes"])
def test_openvino_answers_as_the_served_graph(
    subjects: Mapping[str, Subject], served: Mapping[str, Answers], photographs: Sequence[bytes], kind: str
) -> None:
    before = subjects[kind].model.SerializeToString(deterministic=True)
    files = openvino.files(subjects[kind])
    assert subjects[kind].model.SerializeToString(deterministic=True) == before
    agree(served[kind], by_openvino(files, subjects[kind], photographs))


def test_a_grid_is_in_a_row_behind_its_logistics_and_softmax(
    subjects: Mapping[str, Subject], served: Mapping[str, Answers], photographs: Sequence[bytes]
) -> None:
    files = openvino.files(subjects["grid"], post_processing=False)
    layers = ElementTree.fromstring(files["model.xml"]).iter("layer")
    (told,) = (layer.find("data") for layer in layers if layer.get("type") == "RegionYolo")
    assert told is not None
    assert list(map(float, told.attrib["anchors"].split(","))) == ANCHORS.ravel().tolist()
    found = by_openvino(files, subjects["grid"], photographs)
    agree(served["grid"], [{"model_outputs0": raw(each["model_outputs"])} for each in found])


def raw(region: np.ndarray) -> np.ndarray:
    """A grid as it was before: (1, 5 (5 + tags) 169) -> (1, 5 (5 + tags), 13, 13)."""
    values = region.reshape(len(ANCHORS), -1, CELLS, CELLS).astype(np.float64)
    logistic = values[:, [0, 1, 4]].clip(1e-12, 1 - 1e-12)
    values[:, [0, 1, 4]] = np.log(logistic / (1 - logistic))
    values[:, 5:] = np.log(values[:, 5:].clip(1e-30))
    return values.reshape(1, -1, CELLS, CELLS)


def test_without_post_processing_consumers_choose_among_all_boxes(
    subjects: Mapping[str, Subject], served: Mapping[str, Answers], photographs: Sequence[bytes]
) -> None:
    files = openvino.files(subjects["boxes"], post_processing=False)
    for mine, found in zip(served["boxes"], by_openvino(files, subjects["boxes"], photographs), strict=True):
        (probabilities,), (middles,) = found["raw_probs"], found["raw_boxes"]
        assert (probabilities.shape, middles.shape) == ((2100, 3), (2100, 4))
        assert not probabilities[:, 0].any()
        corners = np.hstack([middles[:, :2] - middles[:, 2:] / 2, middles[:, :2] + middles[:, 2:] / 2])
        for *box, score, tag in boxes(mine):
            near = np.abs(corners - box).max(axis=1) + np.abs(probabilities[:, 1 + int(tag)] - score)
            assert near.min() < 1e-5


def test_boxes_of_any_domain_are_chosen(
    detector: onnx.ModelProto, served: Mapping[str, Answers], photographs: Sequence[bytes]
) -> None:
    given = subject(detector.SerializeToString(), spec_of(detector, "General (compact)", CUTLERY), grids=False)
    assert given.ending is Ending.BOXES
    agree(served["boxes"], by_openvino(openvino.files(given), given, photographs))


@pytest.mark.parametrize("kind", OUTPUTS)
def test_it_is_what_consumers_of_any_version_read(subjects: Mapping[str, Subject], kind: str) -> None:
    files = openvino.files(subjects[kind])
    net = ElementTree.fromstring(files["model.xml"])
    layers = list(net.iter("layer"))
    assert net.get("version") == "10"
    assert {layer.get("version") for layer in layers} == {"opset1"}
    assert len({layer.get("name") for layer in layers}) == len(layers)
    model = runtime.Core().read_model(files["model.xml"], files["model.bin"])
    (given,) = model.inputs
    name, side = subjects[kind].model.graph.input[0].name, size_of(subjects[kind].model).width
    assert (given.any_name, list(given.shape), given.element_type.to_string()) == (name, [1, 3, side, side], "f32")
    shown = {each.any_name: (list(each.shape), each.element_type.to_string()) for each in model.outputs}
    assert shown == OUTPUTS[kind]


def test_what_is_not_known_is_refused(subjects: Mapping[str, Subject]) -> None:
    model = onnx.ModelProto.FromString(subjects["boxes"].model.SerializeToString())
    next(node for node in model.graph.node if node.op_type == "Sigmoid").op_type = "Erf"
    with pytest.raises(Unexportable, match="The operator Erf is not known"):
        openvino.files(subjects["boxes"]._replace(model=model))
