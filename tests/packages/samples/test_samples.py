"""The samples in Python: a package of each platform, unpacked, says of pictures what the service does."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from shared.models.training.preprocessing import Interpolation
from shared.packages.sampling import SAMPLES
from shared.prediction.model import Model
from shared.settings import ROOT
from tests.packages.unpacking import COMPACT, GENERAL, S1, SEEN, described, seen_here, seen_there, unpacked
from tests.pictures import picture, rectangles


class Run(NamedTuple):
    """A package that its own sample runs here, and how near the service it comes."""

    platform: str
    flavor: str | None
    margin: float


RUNS = [
    Run("ONNX", None, 1e-6),
    Run("ONNX", "ONNX12", 1e-6),
    Run("ONNX", "ONNXFloat16", 0.01),
    Run("OpenVino", None, 1e-5),
    Run("TensorFlow", "TensorFlowLite", 1e-5),
    Run("TensorFlow", "TensorFlowLiteFloat16", 0.01),
]


def saved(path: Path, image: Image.Image, kind: str, **options: object) -> Path:
    image.save(path, kind, **options)
    return path


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files that are decoded in different ways; the last two have something to find."""
    folder = tmp_path_factory.mktemp("photos")
    plain = Image.open(BytesIO(picture("apple", 7))).convert("RGB")
    large = plain.resize((1501, 1003))
    lying = Image.Exif()
    lying[0x0112] = 6
    glass = large.convert("RGBA")
    glass.putalpha(Image.linear_gradient("L").resize(glass.size))
    things = rectangles({"red": (0.0, 0.25, 0.25, 0.25), "blue": (0.5, 0.5, 0.5, 0.25)})
    deep = Image.fromarray(np.asarray(large.convert("L")).astype(np.uint16) * 257)
    (folder / "things.jpg").write_bytes(things)
    return [
        saved(folder / "plain.jpg", plain, "JPEG"),
        saved(folder / "large.jpg", large, "JPEG"),
        saved(folder / "lying.jpg", large, "JPEG", exif=lying),
        saved(folder / "large.png", large, "PNG"),
        saved(folder / "glass.png", glass, "PNG"),
        saved(folder / "palette.gif", large.convert("P"), "GIF"),
        saved(folder / "grey.bmp", large.convert("L"), "BMP"),
        saved(folder / "deep.png", deep, "PNG"),
        folder / "things.jpg",
    ]


@contextmanager
def sample(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """What `python predict.py` is, in this process."""
    with monkeypatch.context() as patch:
        patch.syspath_prepend(folder / "python")
        for name in ("predict", "runtime"):
            patch.delitem(sys.modules, name, raising=False)
        import predict

        yield predict


@pytest.mark.parametrize("domain", [COMPACT, GENERAL])
@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.platform} {run.flavor}")
def test_a_classifiers_sample_predicts_what_the_service_does(
    photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, domain: str
) -> None:
    graph, spec = described(False, domain)
    zipped = unpacked(run.platform, run.flavor, graph, spec, tmp_path)
    plain = run.platform == "ONNX" and run.flavor != "ONNXFloat16"
    assert any(name.startswith("CSharp") for name in zipped.namelist()) == plain
    if run.platform == "TensorFlow":
        assert f"BLUE_FIRST = {str(domain == COMPACT).lower()}" in zipped.read("kotlin/Model.kt").decode()
    served = Model.load(graph, msgspec.json.encode(spec))
    with sample(tmp_path, monkeypatch) as predict:
        model = predict.Model()
        for photo in photos:
            with Image.open(photo) as image:
                found = {each.label: each.probability for each in model.predict(image)}
            expected = {each.tag_name: each.probability for each in served.predict(photo.read_bytes())}
            assert found == pytest.approx(expected, abs=run.margin), photo.name


def test_a_sample_resizes_as_the_model_wants_it(
    photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph, spec = described(False, GENERAL)
    bilinear = replace(spec, preprocessing=replace(spec.preprocessing, interpolation=Interpolation.BILINEAR))
    unpacked("ONNX", None, graph, bilinear, tmp_path)
    served = Model.load(graph, msgspec.json.encode(bilinear)).predict(photos[-1].read_bytes())
    with sample(tmp_path, monkeypatch) as predict, Image.open(photos[-1]) as image:
        found = predict.Model().predict(image)
    assert [each.probability for each in found] == pytest.approx([each.probability for each in served], abs=1e-6)


@pytest.mark.parametrize("domain", [COMPACT, S1])
@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.platform} {run.flavor}")
def test_a_detectors_sample_finds_what_the_service_does(
    photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, domain: str
) -> None:
    graph, spec = described(True, domain)
    zipped = unpacked(run.platform, run.flavor, graph, spec, tmp_path)
    assert json.loads(zipped.read("cvexport.manifest"))["DomainType"] == "ObjectDetection"
    assert not any(name.startswith(("CSharp", "kotlin")) for name in zipped.namelist())
    served = Model.load(graph, msgspec.json.encode(spec)).predict(photos[-1].read_bytes())
    with sample(tmp_path, monkeypatch) as predict, Image.open(photos[-1]) as image:
        found = [each for each in predict.Model().predict(image) if each.probability > SEEN]
    expected = [each for each in served if each.probability > SEEN]
    assert len(expected) == 3
    assert {each.label for each in found} == {"red", "blue"}
    mine, theirs = (sorted(each) for each in (map(seen_here, found), map(seen_there, expected)))
    assert np.array(mine) == pytest.approx(np.array(theirs), abs=max(run.margin, 1e-5))


def test_samples_ask_for_a_pillow_that_resizes_as_the_services_does() -> None:
    """Those before 13 take a tall picture's rows and columns in the other order, and round otherwise."""
    (pinned,) = re.findall(r"^pillow==(\d+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    asked = [path.read_text() for path in SAMPLES.glob("*/python/requirements.txt")]
    assert len(asked) == 5
    assert all(f"pillow>={pinned}\n" in text for text in asked)


def test_the_sample_prints_what_it_predicts(photos: list[Path], tmp_path: Path) -> None:
    graph, spec = described(True, S1)
    unpacked("ONNX", None, graph, spec, tmp_path)
    command = [sys.executable, str(tmp_path / "python" / "predict.py"), str(photos[-1])]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines[0] == str(photos[-1])
    assert sorted(line.split()[1] for line in lines[1:4]) == ["blue", "blue", "red"]


@pytest.mark.parametrize("domain", [COMPACT, S1])
@pytest.mark.parametrize("detects", [False, True], ids=["classifier", "detector"])
@pytest.mark.parametrize("flavor", ["TensorFlowNormal", "TensorFlowSavedModel"])
def test_the_sample_for_tensorflow_prints_what_the_service_predicts(
    photos: list[Path], tmp_path: Path, tensorflow: Path, flavor: str, detects: bool, domain: str
) -> None:
    graph, spec = described(detects, domain)
    unpacked("TensorFlow", flavor, graph, spec, tmp_path)
    command = [str(tensorflow), str(tmp_path / "python" / "predict.py"), str(photos[-1])]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = re.findall(r"^ +([\d.]+)%  (\w+)(?: at (.*))?$", said, re.MULTILINE)
    found = [(label, float(share) / 100, [*map(float, re.findall(r"[\d.]+", box))]) for share, label, box in lines]
    served = Model.load(graph, msgspec.json.encode(spec)).predict(photos[-1].read_bytes())
    if not detects:
        told = {each.tag_name: each.probability for each in served}
        assert {label: probability for label, probability, _ in found} == pytest.approx(told, abs=1e-3)
        return
    mine = sorted(seen_here(each) for each in found if each[1] > SEEN)
    theirs = sorted(seen_there(each) for each in served if each.probability > SEEN)
    assert np.array(mine) == pytest.approx(np.array(theirs), abs=1e-3)
