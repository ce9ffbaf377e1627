"""ONNX: what each flavor answers, by onnxruntime, beside the served graph."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import onnx
import pytest
from PIL import Image

from shared.exporting import onnx as format
from shared.exporting.graph.subject import Subject
from shared.imaging.resize import model_input
from tests.exporting.conftest import KINDS
from tests.exporting.consumers import resized
from tests.exporting.making import answers, decoded, size_of
from training_job.graphs.running import session

ENDINGS = ["multiclass", "multilabel", "boxes", "grid"]


def model_of(subject: Subject, **flavor: bool) -> onnx.ModelProto:
    before = subject.model.SerializeToString()
    ((name, data),) = format.files(subject, **flavor).items()
    assert (name, subject.model.SerializeToString()) == ("model.onnx", before)
    model = onnx.ModelProto.FromString(data)
    onnx.checker.check_model(model, full_check=True)
    return model


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_plain_flavor_is_the_graph_itself(subjects: dict[str, Subject], ending: str) -> None:
    assert model_of(subjects[ending]) == subjects[ending].model


@pytest.mark.parametrize("ending", ENDINGS)
def test_float16_takes_half_the_bytes_and_answers_nearly_the_same(
    subjects: dict[str, Subject], photographs: Sequence[bytes], ending: str
) -> None:
    subject = subjects[ending]
    half = model_of(subject, half=True)
    assert half.ByteSize() < 0.51 * subject.model.ByteSize()
    floats = {onnx.TensorProto.FLOAT16, onnx.TensorProto.INT64}
    assert {value.type.tensor_type.elem_type for value in [*half.graph.input, *half.graph.output]} <= floats
    for whole, other in zip(answers(subject.model, photographs), answers(half, photographs), strict=True):
        assert other.keys() == whole.keys()
        if ending.startswith("multi"):
            (expected,), (found,) = whole["model_output"], other["model_output"]
            assert found == pytest.approx(expected, abs=0.02)
            assert ((found > 0.5) == (expected > 0.5)).all()
        elif ending == "boxes":
            assert other["detected_scores"][0, :5] == pytest.approx(whole["detected_scores"][0, :5], abs=0.02)
        else:
            best, others = (decoded(each["model_outputs0"][0].astype(np.float64)) for each in (whole, other))
            place = best[:, 4].argmax()
            assert np.abs(best[place] - others).max(axis=1).min() < 0.02


def test_a_classifier_of_the_first_generation_names_tags(
    subjects: dict[str, Subject], photographs: Sequence[bytes]
) -> None:
    named = model_of(subjects["multiclass"], named=True)
    assert [output.name for output in session(named).get_outputs()] == ["model_output", "classLabel", "loss"]
    for plain, found in zip(
        answers(subjects["multiclass"].model, photographs), answers(named, photographs), strict=True
    ):
        (probabilities,) = found["model_output"]
        assert (plain["model_output"] == probabilities).all()
        assert found["classLabel"].tolist() == [KINDS[probabilities.argmax()]]
        assert found["loss"] == [dict(zip(KINDS, probabilities.tolist(), strict=True))]


@pytest.mark.parametrize("ending", ENDINGS[1:])
def test_no_other_names_tags(subjects: dict[str, Subject], ending: str) -> None:
    assert model_of(subjects[ending], named=True) == subjects[ending].model


def by_metadata(model: onnx.ModelProto, picture: Image.Image) -> list[np.ndarray]:
    """As Microsoft's samples do: size, type and name of the one input, and the pixels as the model says."""
    running = session(model)
    (given,), told = running.get_inputs(), running.get_modelmeta().custom_metadata_map
    pixels = np.asarray(picture.resize(given.shape[:1:-1])).astype(np.float32)
    if told["Image.BitmapPixelFormat"] == "Bgr8":
        pixels = pixels[..., ::-1]
    if told["Image.NominalPixelRange"] != "NominalRange_0_255":
        pixels = pixels / np.float32(255)
    dtype = np.float16 if given.type == "tensor(float16)" else np.float32
    return list(running.run(None, {given.name: pixels.transpose(2, 0, 1)[None].astype(dtype)}))


@pytest.mark.parametrize(
    ("ending", "flavor", "margin"),
    [
        *(("multiclass", "half", 0.02), ("multilabel", "half", 0.02)),
        *(("multiclass", "named", 0), ("multilabel", "named", 0), ("boxes", "named", 0), ("grid", "named", 0)),
    ],
)
def test_pixels_are_fed_as_the_model_says(
    subjects: dict[str, Subject], photographs: Sequence[bytes], ending: str, flavor: str, margin: float
) -> None:
    subject = subjects[ending]
    model, some = model_of(subject, **{flavor: True}), photographs[::4]
    for photograph, wanted in zip(some, answers(subject.model, some), strict=True):
        first, *_ = by_metadata(model, Image.open(BytesIO(photograph)))
        assert first == pytest.approx(next(iter(wanted.values())), abs=margin)


@pytest.mark.parametrize("kind", ["multiclass", "multilabel", "boxes"])
def test_large_pictures_are_fed_nearly_as_the_service_does(
    subjects: dict[str, Subject], large: Sequence[bytes], kind: str
) -> None:
    """There the service averages pixels before it resizes, and what samples feed is a little other."""
    subject = subjects[kind]
    for photograph, wanted in zip(large, answers(subject.model, large), strict=True):
        mine, other = model_input(photograph, size_of(subject.model))[0], resized(photograph, subject)
        assert 0 < np.abs(mine - other.transpose(2, 0, 1)).max() <= 8
        if kind != "boxes":
            (found,) = by_metadata(subject.model, Image.open(BytesIO(photograph)))
            assert found == pytest.approx(wanted["model_output"], abs=1e-3)
            assert found.argmax() == wanted["model_output"].argmax()
