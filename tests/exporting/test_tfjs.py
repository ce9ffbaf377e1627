"""TensorFlow.js, as it runs real photographs on WebAssembly."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from shared.exporting import tfjs
from shared.exporting.graph.subject import Subject
from tests.exporting.agreement import Answers, agree
from tests.exporting.consumers import by_tfjs, fed

# Every photograph, or every so many: the trunks are the same twice, and half precision is a matter of loading.
KINDS = [
    ("multiclass", False, 1),
    ("multilabel", False, 4),
    ("boxes", False, 1),
    ("grid", False, 2),
    ("boxes", True, 2),
]


@pytest.mark.parametrize(("kind", "half", "step"), KINDS)
def test_tfjs_answers_as_the_served_graph(
    subjects: Mapping[str, Subject],
    served: Mapping[str, Answers],
    photographs: Sequence[bytes],
    tmp_path: Path,
    kind: str,
    half: bool,
    step: int,
) -> None:
    files = tfjs.files(subjects[kind], half=half)
    answers = by_tfjs(files, fed(subjects[kind], photographs[::step]), tmp_path)
    agree(served[kind][::step], answers, half=half)
    if kind == "boxes":
        assert {name: (str(value.dtype), value.shape[1:]) for name, value in answers[0].items()} == {
            "detected_boxes": ("float32", (4,)),
            "detected_classes": ("int32", ()),
            "detected_scores": ("float32", ()),
        }


@pytest.mark.parametrize("kind", ["multiclass", "boxes"])
def test_tfjs_tells_what_its_consumers_ask_for(subjects: Mapping[str, Subject], kind: str) -> None:
    files = tfjs.files(subjects[kind], half=True)
    model = json.loads(files["model.json"])
    assert (model["format"], list(files)) == ("graph-model", ["model.json", "weights.bin"])
    # Consumers that find no format feed blue first.
    wanted = {} if kind == "multiclass" else {"Image.BitmapPixelFormat": "Rgb8"}
    assert model["userDefinedMetadata"] == wanted
    assert list(model["signature"]["inputs"]) == ["Placeholder"]
    (group,) = model["weightsManifest"]
    sizes = [np.prod(each["shape"], dtype=int) * (2 if "quantization" in each else 4) for each in group["weights"]]
    assert sum(sizes) == len(files["weights.bin"]) < 8_500_000
