"""TensorFlow's frozen graph and SavedModel: they hold what TensorFlow.js runs, and TensorFlow runs them where asked."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from shared.exporting import graphdef, savedmodel, tfjs, tflite
from shared.exporting.graph.subject import Subject
from shared.settings import ROOT
from tests.exporting.agreement import Answers, agree
from tests.exporting.consumers import answers_of, fed
from tests.exporting.tensorflow.messages import parsed, told

# TensorFlow 1.15 has these, with these attributes.
OPERATORS = {
    "Add": {"T"},
    "BiasAdd": {"T"},
    "Cast": {"SrcT", "DstT"},
    "ConcatV2": {"T", "N"},
    "Const": {"dtype", "value"},
    "Conv2D": {"T", "strides", "dilations", "data_format", "padding"},
    "DepthwiseConv2dNative": {"T", "strides", "dilations", "data_format", "padding"},
    "Equal": {"T"},
    "Exp": {"T"},
    "Floor": {"T"},
    "FloorDiv": {"T"},
    "GatherV2": {"Tparams", "Tindices", "Taxis"},
    "Log": {"T"},
    "MatMul": {"T", "transpose_b"},
    "Max": {"T", "keep_dims"},
    "Maximum": {"T"},
    "Mean": {"T", "keep_dims"},
    "Minimum": {"T"},
    "Mul": {"T"},
    "NonMaxSuppressionV3": set(),
    "Pad": {"T"},
    "Placeholder": {"dtype", "shape"},
    "RealDiv": {"T"},
    "Relu": {"T"},
    "Relu6": {"T"},
    "Reshape": {"T"},
    "ResizeNearestNeighbor": {"T"},
    "Sigmoid": {"T"},
    "Slice": {"T", "Index"},
    "Softmax": {"T"},
    "Sqrt": {"T"},
    "Square": {"T"},
    "Sub": {"T"},
    "Sum": {"T", "keep_dims"},
    "TopKV2": {"T"},
    "Transpose": {"T"},
}
BOXES = {"detected_boxes", "detected_classes", "detected_scores"}
# What it takes, and what it answers.
ENDS = {
    "multiclass": ([-1, 360, 360, 3], {"loss"}),
    "multilabel": ([-1, 288, 288, 3], {"loss"}),
    "boxes": ([1, 320, 320, 3], BOXES),
    "grid": ([1, 320, 320, 3], {"model_outputs"}),
}


@pytest.mark.parametrize("kind", ENDS)
def test_the_frozen_graph_and_the_saved_model_hold_what_tensorflow_js_runs(
    subjects: Mapping[str, Subject], kind: str
) -> None:
    graph = parsed("Graph", graphdef.files(subjects[kind])["model.pb"])
    saved = parsed("SavedModel", savedmodel.files(subjects[kind])["saved_model.pb"])
    files = tfjs.files(subjects[kind])
    twin = json.loads(files["model.json"])
    (meta,) = saved.meta_graphs
    assert meta.graph == graph
    constants = [node.attr.pop("value").tensor for node in graph.node if node.op == "Const"]
    assert graph == told("Graph", twin["modelTopology"])
    assert b"".join(each.tensor_content for each in constants) == files["weights.bin"]
    method = {"methodName": "tensorflow/serving/predict"}
    assert (meta.meta_info.tags, dict(meta.signatures)) == (
        ["serve"],
        {"serving_default": told("Signature", twin["signature"] | method)},
    )


@pytest.mark.parametrize("kind", ENDS)
def test_the_frozen_graph_is_what_consumers_expect(subjects: Mapping[str, Subject], kind: str) -> None:
    """They look for one placeholder, and for the nodes that no other reads."""
    graph = parsed("Graph", graphdef.files(subjects[kind])["model.pb"])
    assert {node.op: set(node.attr) for node in graph.node}.items() <= OPERATORS.items()
    (given,) = (node for node in graph.node if node.op == "Placeholder")
    read = {name.split(":")[0] for node in graph.node for name in node.input}
    shape, outputs = ENDS[kind]
    assert (given.name, [side.size for side in given.attr["shape"].shape.dim]) == ("Placeholder", shape)
    assert {node.name for node in graph.node if node.name not in read} == outputs
    assert graph.versions.producer == 21


def test_tensorflow_answers_as_the_served_graph(
    subjects: Mapping[str, Subject],
    served: Mapping[str, Answers],
    photographs: Sequence[bytes],
    tensorflow: Path,
    tmp_path: Path,
) -> None:
    """The frozen graph, the SavedModel, and TensorFlow Lite."""
    for kind, subject in subjects.items():
        (tmp_path / kind / "variables").mkdir(parents=True)
        files = {**graphdef.files(subject), **savedmodel.files(subject), **tflite.files(subject)}
        for name in set(files) - {"variables/"}:
            (tmp_path / kind / name).write_bytes(files[name])
        np.save(tmp_path / kind / "pictures.npy", fed(subject, photographs))
    command = [str(tensorflow), str(ROOT / "tests" / "exporting" / "tensorflow" / "run_tensorflow.py")]
    subprocess.run([*command, *(str(tmp_path / kind) for kind in subjects)], check=True)
    for kind in subjects:
        for name in ("model.pb", "saved_model.pb", "model.tflite"):
            agree(served[kind], answers_of((tmp_path / kind / f"{name}.json").read_text()))
