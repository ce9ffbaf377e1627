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

# OpenVINO 2021.3, which Microsoft's samples ask for, was seen to run these, with these attributes.
LAYERS = {
    **dict.fromkeys(["Add", "Divide", "Equal", "Maximum", "Minimum", "Multiply", "Subtract"], "auto_broadcast"),
    **dict.fromkeys(["Exp", "Floor", "Gather", "Log", "ReLU", "Result", "Sigmoid", "Sqrt", "Transpose"], ""),
    **dict.fromkeys(["ReduceMax", "ReduceMean", "ReduceSum"], "keep_dims"),
    **dict.fromkeys(["Convolution", "GroupConvolution"], "strides dilations pads_begin pads_end auto_pad"),
    "Clamp": "min max",
    "Concat": "axis",
    "Const": "element_type shape offset size",
    "Convert": "destination_type",
    "DetectionOutput": "num_classes background_label_id top_k keep_top_k variance_encoded_in_target code_type "
    "share_location nms_threshold confidence_threshold clip_before_nms clip_after_nms decrease_label_id normalized "
    "input_height input_width objectness_score",
    "Interpolate": "axes mode pads_begin pads_end align_corners antialias",
    "MatMul": "transpose_a transpose_b",
    "Parameter": "shape element_type",
    "RegionYolo": "axis end_axis coords classes num do_softmax mask anchors",
    "Reshape": "special_zero",
    "SoftMax": "axis",
    "TopK": "axis mode sort",
    "VariadicSplit": "",
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


@pytest.mark.parametrize("post_processing", [True, False])
@pytest.mark.parametrize("kind", OUTPUTS)
def test_versions_of_microsofts_samples_read_it(
    subjects: Mapping[str, Subject], kind: str, post_processing: bool
) -> None:
    net = ElementTree.fromstring(openvino.files(subjects[kind], post_processing=post_processing)["model.xml"])
    layers = list(net.iter("layer"))
    assert net.get("version") == "10"
    assert {layer.get("version") for layer in layers} == {"opset1"}
    assert len({layer.get("name") for layer in layers}) == len(layers)
    for layer in layers:
        data = layer.find("data")
        assert " ".join(data.attrib if data is not None else ()) == LAYERS[layer.get("type", "")]
    # They take no side that is told by running alone.
    assert min(int(side.text or 0) for side in net.iter("dim")) > 0


@pytest.mark.parametrize("kind", OUTPUTS)
def test_inputs_and_outputs_are_what_consumers_look_for(subjects: Mapping[str, Subject], kind: str) -> None:
    files = openvino.files(subjects[kind])
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
