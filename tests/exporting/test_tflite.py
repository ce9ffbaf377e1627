"""TensorFlow Lite, as ai-edge-litert runs it on real photographs."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
import tflite as schema
from ai_edge_litert.interpreter import Interpreter

from shared.exporting import tflite
from shared.exporting.graph.subject import Subject
from tests.exporting.agreement import Answers, agree
from tests.exporting.consumers import by_tflite, fed

KINDS = ["multiclass", "multilabel", "boxes", "grid"]
FLOAT, INT = np.float32, np.int32
OUTPUTS: dict[str, dict[str, tuple[list[int], type[np.generic]]]] = {
    "multiclass": {"loss": ([1, 4], FLOAT)},
    "multilabel": {"loss": ([1, 5], FLOAT)},
    "boxes": {
        "detected_boxes": ([300, 4], FLOAT),
        "detected_classes": ([300], INT),
        "detected_scores": ([300], FLOAT),
    },
    "grid": {"model_outputs": ([1, 13, 13, 35], FLOAT)},
}


@pytest.mark.parametrize("half", [False, True], ids=["float32", "float16"])
@pytest.mark.parametrize("kind", KINDS)
def test_tflite_answers_as_the_served_graph(
    subjects: Mapping[str, Subject],
    served: Mapping[str, Answers],
    photographs: Sequence[bytes],
    kind: str,
    half: bool,
) -> None:
    subject = subjects[kind]
    before = subject.model.SerializeToString(deterministic=True)
    model = tflite.files(subject, half=half)["model.tflite"]
    assert subject.model.SerializeToString(deterministic=True) == before
    assert len(model) < len(before) * (0.6 if half else 1.2)
    agree(served[kind], by_tflite(model, fed(subject, photographs)), half=half)


@pytest.mark.parametrize("kind", KINDS)
def test_tflite_is_what_consumers_expect(subjects: Mapping[str, Subject], kind: str) -> None:
    interpreter = Interpreter(model_content=tflite.files(subjects[kind], half=True)["model.tflite"])
    (given,) = interpreter.get_input_details()
    side = 288 if kind == "multilabel" else 320 if kind in ("boxes", "grid") else 360
    assert (given["name"], given["shape"].tolist(), given["dtype"]) == ("Placeholder", [1, side, side, 3], FLOAT)
    outputs = interpreter.get_output_details()
    assert {each["name"]: (each["shape"].tolist(), each["dtype"]) for each in outputs} == OUTPUTS[kind]
    assert interpreter.get_signature_list() == {
        "serving_default": {"inputs": ["Placeholder"], "outputs": list(OUTPUTS[kind])}
    }


def test_tflite_has_its_kernels_where_phones_can_use_them_as_they_lie(subjects: Mapping[str, Subject]) -> None:
    data = tflite.files(subjects["multiclass"])["model.tflite"]
    assert data[4:8] == b"TFL3"
    model = schema.Model.GetRootAsModel(data, 0)
    buffers = [model.Buffers(place) for place in range(model.BuffersLength())]
    starts = [each._tab.Vector(each._tab.Offset(4)) for each in buffers if each.DataLength()]
    assert len(starts) > 100
    assert {start % 16 for start in starts} == {0}
