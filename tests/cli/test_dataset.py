"""Data sets in and out of a project of the running service."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from cli.faults import FAILED, NO
from shared.formats.catalogue import FORMATS
from shared.formats.dataset import Labelled, Mark
from tests.commands import ocellus
from tests.formats.labelled import write
from tests.pictures import picture

SIZE = (320, 240)
BOXED = [
    Labelled("apple 1.jpg", (), (Mark("apple", 0.1, 0.2, 0.3, 0.4), Mark("Leaf", 0.5, 0.5, 0.25, 0.5)), "train", SIZE),
    Labelled("leaf.jpg", (), (Mark("Leaf", 0.0, 0.0, 1.0, 1.0),), "val", SIZE),
    Labelled("bare.jpg", (), (), "val", SIZE),
]


@pytest.fixture(autouse=True)
def environment(service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISION_TRAINING_ENDPOINT", service.endpoint)
    monkeypatch.setenv("VISION_TRAINING_KEY", service.training_key)


@pytest.fixture
def name(training):
    """Of a project that is not there yet."""
    name = f"dataset {uuid4()}"
    yield name
    for project in training.get_projects():
        if project.name == name:
            training.delete_project(project.id)


def boxed_set(folder: Path, format: str) -> Path:
    """With pictures that differ."""
    write(folder, FORMATS[format], BOXED)
    for seed, each in enumerate(BOXED):
        (folder / FORMATS[format].places(each)[0]).write_bytes(picture("leaf", seed, SIZE))
    return folder


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    return json.loads(capsys.readouterr().out)


def test_a_data_set_comes_in_once_however_often_it_is_brought(training, name, tmp_path, capsys):
    folder = boxed_set(tmp_path / "set", "coco")
    (folder / "images" / "bare.jpg").write_bytes(b"no picture")
    given = ["dataset", "import", str(folder), "--project", name, "--json", "--journal", str(tmp_path / "journal")]
    assert ocellus(*given) == FAILED
    assert "there is no project" in capsys.readouterr().err
    assert ocellus(*given, "--create", "--domain", "General (compact)") == NO
    first = report(capsys)
    assert (first["format"], first["pictures"], first["created"]) == ("coco", 3, 2)
    assert first["left_out"] == ["images/bare.jpg is no whole JPEG, PNG, BMP or GIF"]

    project = str(first["project"])
    images = {image.metadata["filename"]: image for image in training.get_images(project)}
    assert {file: image.metadata["split"] for file, image in images.items()} == {
        "apple 1.jpg": "train",
        "leaf.jpg": "val",
    }
    boxes = {region.tag_name: region for region in images["apple 1.jpg"].regions}
    assert boxes["apple"].left == pytest.approx(0.1, abs=1e-4)
    assert boxes["Leaf"].height == pytest.approx(0.5, abs=1e-4)

    (folder / "images" / "bare.jpg").write_bytes(picture("sky", 1, SIZE))
    assert ocellus(*given) == 0
    again = report(capsys)
    assert (again["created"], again["present"], again["done_before"]) == (1, 0, 2)
    # In another format, with tags of other cases, and no journal: the service knows the pictures.
    other = boxed_set(tmp_path / "other", "yolo")
    yaml = other / "data.yaml"
    yaml.write_text(yaml.read_text().replace("apple", "APPLE"))
    assert ocellus("dataset", "import", str(other), "--project", project, "--background", "--json") == 0
    third = report(capsys)
    assert (third["created"], third["present"]) == (1, 2)
    assert len(training.get_tags(project)) == 2
    assert {image.metadata.get("background") for image in training.get_images(project)} == {None, "true"}
    assert sum(len(image.regions or []) for image in training.get_images(project)) == 3


def test_what_a_project_can_not_take_is_refused(training, project, tmp_path, capsys):
    folder = boxed_set(tmp_path, "voc")
    assert ocellus("dataset", "import", str(folder), "--project", project.name) == FAILED
    assert "--create --kind detection" in capsys.readouterr().err
    assert ocellus("dataset", "import", str(folder), "--project", project.id, "--format", "vocc") == FAILED
    assert "no format is called vocc; there are coco" in capsys.readouterr().err
    assert ocellus("dataset", "import", str(folder / "nowhere"), "--project", project.id) == FAILED
    assert "there is no file or folder" in capsys.readouterr().err
    (folder / "journal").write_text("no journal\n")
    tagged = write(tmp_path / "tagged", FORMATS["folders"], [Labelled("a.png", ("x",))])
    given = ["dataset", "import", str(tagged), "--project", project.id]
    assert ocellus(*given, "--journal", str(folder / "journal")) == FAILED
    assert "is no journal of ours" in capsys.readouterr().err
    assert training.get_image_count(project.id) == 0


def test_a_dry_run_reads_without_a_service(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("VISION_TRAINING_KEY")
    folder = boxed_set(tmp_path, "kitti")
    assert ocellus("dataset", "import", str(folder), "--project", "any", "--dry-run") == 0
    assert capsys.readouterr().out == "3 pictures, read as kitti\n"
