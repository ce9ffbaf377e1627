"""Data sets in and out of a project of the running service."""

import json
from pathlib import Path
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest
import requests
from azure.cognitiveservices.vision.customvision.training.models import ImageFileCreateBatch, Region

from cli.client import DescribedFile
from cli.faults import FAILED, NO
from shared.formats.catalogue import FORMATS
from shared.formats.dataset import Labelled, Mark
from shared.formats.names import safe
from shared.models.training.model_spec import ModelTag
from tests.commands import ocellus
from tests.disks import full
from tests.formats.labelled import write
from tests.pictures import picture, rectangles
from tests.prediction.detectors import put_detector
from tests.prediction.graphs import COLOURS, DETECTION_DOMAIN

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
    assert "take it into a project of object detection" in capsys.readouterr().err
    assert ocellus("dataset", "import", str(folder), "--project", project.id, "--format", "vocc") == FAILED
    assert "no format is called vocc; there are coco" in capsys.readouterr().err
    assert ocellus("dataset", "import", str(folder / "nowhere"), "--project", project.id) == FAILED
    assert "there is no file or folder" in capsys.readouterr().err
    for file in (folder / "half.zip", folder / "words.json", next(folder.rglob("*.jpg"))):
        file.write_bytes(b'{"a": 1}')
        assert ocellus("dataset", "import", str(file), "--project", project.id) == FAILED
        assert f"{file.name} is no whole zip, and describes no pictures" in capsys.readouterr().err
    (folder / "journal").write_text("no journal\n")
    tagged = write(tmp_path / "tagged", FORMATS["folders"], [Labelled("a.png", ("x",))])
    given = ["dataset", "import", str(tagged), "--project", project.id]
    boxes = ["dataset", "import", str(tagged), "--project", "boxes of none", "--create", "--kind", "detection"]
    assert ocellus(*boxes) == FAILED
    assert "and boxes of none learns from boxes" in capsys.readouterr().err
    assert "boxes of none" not in [each.name for each in training.get_projects()]
    unnamed = [*boxes[:2], str(folder / "tags.csv"), *boxes[3:6]]
    (folder / "tags.csv").write_text("filename,tag\nleaf.jpg,a\x00b\n")
    assert ocellus(*unnamed) == FAILED
    assert "A tag's ('a\\x00b') name has 1 to 128 printable characters" in capsys.readouterr().err
    assert "boxes of none" not in [each.name for each in training.get_projects()]
    assert ocellus(*given, "--journal", str(folder / "journal")) == FAILED
    assert "is no journal of ours" in capsys.readouterr().err
    assert training.get_image_count(project.id) == 0


def test_tags_are_alike_where_the_service_takes_them_for_alike(training, project, tmp_path, capsys):
    for seed, tag in enumerate(("Maße", "MASSE", "masse")):
        (tmp_path / tag).mkdir()
        (tmp_path / tag / f"{seed}.jpg").write_bytes(picture("leaf", seed, SIZE))
    assert ocellus("dataset", "import", str(tmp_path), "--project", project.id, "--json") == 0
    assert report(capsys)["created"] == 3
    assert {tag.name: tag.image_count for tag in training.get_tags(project.id)} == {"MASSE": 2, "Maße": 1}


def test_the_projects_are_listed_with_what_they_publish(training, detected, capsys):
    assert ocellus("projects", "--json") == 0
    listed = {each["id"]: each for each in json.loads(capsys.readouterr().out)}
    project = training.get_project(detected[0])
    assert listed[project.id] == {"id": project.id, "name": project.name, "kind": "ObjectDetection", "published": []}
    assert ocellus("projects") == 0
    assert f"{project.id}  {project.name} (ObjectDetection)" in capsys.readouterr().out


def test_a_dry_run_reads_without_a_service(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("VISION_TRAINING_KEY")
    folder = boxed_set(tmp_path, "kitti")
    assert ocellus("dataset", "import", str(folder), "--project", "any", "--dry-run") == 0
    assert capsys.readouterr().out == "3 pictures, read as kitti\n"
    (folder / "stray.jpg").write_bytes(picture("apple", 1))
    assert ocellus("dataset", "import", str(folder), "--project", "any", "--dry-run") == 0
    assert "Not carried: 1 pictures that nothing in it names" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("is_zip", "says"),
    [
        (False, "1 links or paths lead out of the folder; name theirs by --images"),
        (True, "1 links or paths lead out of the zip; pack the pictures themselves"),
    ],
)
def test_links_that_lead_out_are_told(is_zip, says, tmp_path, capsys):
    folder = boxed_set(tmp_path / "set", "kitti")
    (folder / "image_2" / "linked.jpg").symlink_to("/etc/hostname")
    if is_zip:
        with ZipFile(tmp_path / "set.zip", "w") as archive:
            for path in folder.rglob("*"):
                if path.is_file() and not path.is_symlink():
                    archive.write(path, path.relative_to(folder))
            archive.writestr("../linked.jpg", b"")
    given = tmp_path / "set.zip" if is_zip else folder
    assert ocellus("dataset", "import", str(given), "--project", "any", "--dry-run") == NO
    assert says in capsys.readouterr().out


GREEN = (0.5, 0.25, 0.25, 0.5)
WILD = ["../../green.jpg", "GREEN.jpg", None, "c:\\shots\\con.jpg"]


@pytest.fixture
def detected(training, storage):
    """A project of four pictures with a green rectangle and its box, whose names are no good for files; a detector."""
    project = training.create_project(f"export {uuid4()}", domain_id=str(DETECTION_DOMAIN))
    tags = [ModelTag(UUID(training.create_tag(project.id, colour).id), colour) for colour in COLOURS]
    region = dict(zip(("left", "top", "width", "height"), GREEN, strict=True), tag_id=str(tags[1].id))
    for seed, name in enumerate(WILD):
        contents = rectangles({"green": GREEN}, size=(320 + 16 * seed, 160))
        entry = DescribedFile(contents=contents, regions=[Region(**region)], metadata={"filename": name or ""})
        training.create_images_from_files(
            project.id, ImageFileCreateBatch(images=[entry], metadata={"split": "../val", "line": "7"})
        )
    iteration = put_detector(storage, UUID(project.id), tags)
    yield project.id, str(iteration.id)
    training.delete_project(project.id)


def test_a_project_goes_out_and_into_another_one(training, detected, name, tmp_path, capsys):
    project, iteration = detected
    folder = tmp_path / "out"
    given = ["dataset", "export", str(folder), "--project", project, "--format", "coco", "--json"]
    assert ocellus(*given, "--predictions", iteration) == 0
    first = report(capsys)
    assert (first["pictures"], first["fetched"], first["lost"]) == (4, 4, {"values of metadata": 4})
    files = {path.name: path for path in (folder / "images").iterdir()}
    by_id = {image.id: image for image in training.get_images(project)}
    named = {file for file in files if not any(id in file for id in by_id)}
    assert named == {"_con.jpg"}
    assert sorted(file.casefold()[:6] for file in files if file.casefold().startswith("green")) == ["green-"] * 2
    originals = [requests.get(image.original_image_uri, timeout=10).content for image in by_id.values()]
    assert sorted(path.read_bytes() for path in files.values()) == sorted(originals)

    coco = json.loads((folder / "annotations" / "instances_val.json").read_text())
    found = json.loads((folder / "predictions.json").read_text())
    ids = {image["file_name"]: image["id"] for image in coco["images"]}
    green = next(category["id"] for category in coco["categories"] if category["name"] == "green")
    assert {(each["image_id"], each["file_name"]) for each in found} == {(id, file) for file, id in ids.items()}
    truth = {each["image_id"]: each["bbox"] for each in coco["annotations"]}
    for image_id, box in truth.items():
        best = max((each for each in found if each["image_id"] == image_id), key=lambda each: each["score"])
        assert best["category_id"] == green
        assert best["bbox"] == pytest.approx(box, abs=8)

    assert ocellus("dataset", "import", str(folder), "--project", name, "--create", "--json") == 0
    copy = str(report(capsys)["project"])
    for image in training.get_images(copy):
        (box,) = image.regions
        assert (box.left, box.top, box.width, box.height) == pytest.approx(GREEN, abs=1e-4)

    # Again, with a picture that is gone, one that was spoiled, and what a kill left of the journal.
    gone = next(image for image in by_id.values() if "con.jpg" in (image.metadata or {}).get("filename", ""))
    training.delete_images(project, image_ids=[gone.id])
    files["_con.jpg"].with_name("note.txt").write_text("mine")
    next(path for file, path in files.items() if file != "_con.jpg").unlink()
    with (folder / ".ocellus-export.jsonl").open("a") as journal:
        journal.write('{"project": "')
    assert ocellus(*given) == 0
    again = report(capsys)
    # The picture, and the predictions that were not asked for this time.
    assert (again["fetched"], again["present"], again["removed"]) == (1, 2, 2)
    assert sorted(path.name for path in (folder / "images").iterdir()) == sorted({*files, "note.txt"} - {"_con.jpg"})


def test_an_export_that_can_not_be_is_refused(detected, project, tmp_path, capsys):
    boxed, _ = detected
    for options, says in [
        (["--project", boxed, "--format", "folders"], "folders has no boxes, which this project has; take one of coco"),
        (["--project", project.id, "--format", "kitti"], "kitti has no tags of whole pictures"),
        (["--project", boxed, "--format", "coco", "--iteration", "none"], "'none'; there are"),
        (["--project", boxed, "--format", "tfrecord"], "no format is called tfrecord"),
        (["--project", boxed, "--format", "coco"], "holds other files"),
    ]:
        (tmp_path / "mine.txt").touch()
        assert ocellus("dataset", "export", str(tmp_path), *options) == FAILED
        assert says in capsys.readouterr().err
    export = ["dataset", "export", str(tmp_path / "new"), "--project", boxed, "--format", "yolo"]
    with full(1_000):
        assert ocellus(*export) == FAILED
    told = capsys.readouterr().err
    assert "ocellus: what it writes can't be read or written: File too large." in told
    assert "Run it again when that is mended, it goes on where it was: ocellus dataset export" in told
    assert ocellus(*export) == 0
    capsys.readouterr()
    given = ["dataset", "export", str(tmp_path / "new"), "--project", project.id, "--format", "csv"]
    assert ocellus(*given) == FAILED
    assert "holds the export of another project" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "fit"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\shots\\a:b?.jpg", "a_b_.jpg"),
        ("..", ""),
        ("", ""),
        ("nul.jpg", "_nul.jpg"),
        ("a\n\x00b .", "a__b"),
        ("x" * 300, "x" * 120),
    ],
)
def test_names_of_files_are_safe(name, fit):
    assert safe(name) == fit
