"""Many pictures predicted by a published model, into each kind of file."""

import csv
import json
import os
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from cli.faults import FAILED, NO
from local.service import RESOURCE_ID
from shared.models.training.model_spec import ModelTag
from tests.cli.predict.films import SIZE, film
from tests.commands import ocellus
from tests.pictures import picture, rectangles
from tests.prediction.detectors import put_detector
from tests.prediction.graphs import COLOURS, DETECTION_DOMAIN, publish, put_model

GREEN = (0.5, 0.25, 0.25, 0.5)


@pytest.fixture(autouse=True)
def environment(service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISION_PREDICTION_ENDPOINT", service.endpoint)
    monkeypatch.setenv("VISION_PREDICTION_KEY", service.prediction_key)


@pytest.fixture(scope="module")
def project(training, storage):
    """One whose detector of colours is published as `live`."""
    made = training.create_project(f"predict {uuid4()}", domain_id=str(DETECTION_DOMAIN))
    tags = [ModelTag(UUID(training.create_tag(made.id, colour).id), colour) for colour in COLOURS]
    iteration = put_detector(storage, UUID(made.id), tags)
    training.publish_iteration(made.id, str(iteration.id), "live", RESOURCE_ID)
    yield made.id
    training.unpublish_iteration(made.id, str(iteration.id))
    training.delete_project(made.id)


@pytest.fixture
def shots(tmp_path) -> Path:
    folder = tmp_path / "shots" / "deep"
    folder.mkdir(parents=True)
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(rectangles({"green": GREEN}, orientation=6 if number == 2 else 1))
    (folder.parent / "none.png").write_bytes(b"no picture")
    (folder.parent / "notes.txt").touch()
    return folder.parent


def test_a_folder_is_predicted_into_a_table_and_what_is_no_picture_is_named(project, shots, tmp_path, capsys):
    out = tmp_path / "out.csv"
    (shots / os.fsdecode(b"\xdcber.jpg")).write_bytes(b"x")
    given = ["predict", str(shots), "--project", project, "--name", "live", "--to", str(out), "--threshold", "0.5"]
    assert ocellus(*given, "--draw", str(tmp_path / "drawn"), "--json") == NO
    said = json.loads(capsys.readouterr().out)
    assert (said["pictures"], said["tags"]) == (5, {"green": 3})
    assert [line.partition(": ")[0] for line in said["refused"]] == [str(shots / "none.png"), str(shots / "Über.jpg")]
    assert said["refused"][1].endswith("has a name that is not UTF-8; rename it")
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["tag"] for row in rows] == ["green"] * 3 + [""] * 2
    assert [float(rows[0][side]) for side in ("left", "top", "width", "height")] == pytest.approx(GREEN, abs=0.05)
    assert rows[3]["error"].startswith("BadRequestImageFormat")
    assert sorted(path.name for path in (tmp_path / "drawn" / "deep").iterdir()) == [f"{n}.jpg.jpg" for n in range(3)]
    assert not out.with_name("out.csv.journal").exists()


def test_a_killed_run_goes_on_where_it_was(project, shots, tmp_path, capsys):
    out, pattern = tmp_path / "out.jsonl", str(shots / "**" / "*.jpg")
    first = {"file": str(shots / "deep" / "0.jpg"), "predictions": []}
    subject = {"project": project, "name": "live", "threshold": 0.0}
    journal = out.with_name("out.jsonl.journal")
    journal.write_text(f'{json.dumps(subject)}\n{json.dumps(first)}\n{{"file": "cut o')
    given = ["predict", pattern, "--project", project, "--to", str(out)]
    assert ocellus(*given, "--name", "other") == FAILED
    assert "is of another model or threshold" in capsys.readouterr().err
    assert ocellus(*given, "--name", "live") == 0
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    # What the journal has is not asked again.
    assert [len(line.get("predictions", [])) > 0 for line in lines] == [False, True, True]
    assert "3 pictures, 1 of them before" in capsys.readouterr().out


def test_a_project_goes_by_its_name_where_the_environment_says_who_knows_it(
    training, project, shots, service, tmp_path, monkeypatch, capsys
):
    project_name = training.get_project(project).name
    given = [
        "predict",
        str(shots / "deep"),
        "--project",
        project_name,
        "--name",
        "live",
        "--to",
        str(tmp_path / "out.csv"),
    ]
    assert ocellus(*given) == FAILED
    assert "takes VISION_TRAINING_ENDPOINT and VISION_TRAINING_KEY; or give its id" in capsys.readouterr().err
    monkeypatch.setenv("VISION_TRAINING_ENDPOINT", service.endpoint)
    monkeypatch.setenv("VISION_TRAINING_KEY", service.training_key)
    assert ocellus(*given) == 0


def test_a_name_that_was_mistyped_leaves_nothing_in_the_way(project, shots, tmp_path, capsys):
    given = ["predict", str(shots / "deep"), "--project", project, "--to", str(tmp_path / "out.csv")]
    assert ocellus(*given, "--name", "life") == FAILED
    assert (tmp_path / "out.csv.journal").exists()
    assert ocellus(*given, "--name", "live") == 0


def test_the_surest_tag_of_each_picture_is_counted_and_an_empty_file_is_named(training, storage, tmp_path, capsys):
    made = training.create_project(f"classified {uuid4()}", classification_type="Multiclass")
    publish(storage, UUID(made.id), put_model(storage, UUID(made.id), "apple"))
    for seed in (1, 2):
        (tmp_path / f"{seed}.jpg").write_bytes(picture("apple", seed))
    (tmp_path / "empty.jpg").touch()
    given = ["--project", made.id, "--name", "live", "--to", str(tmp_path / "out.jsonl"), "--json"]
    assert ocellus("predict", str(tmp_path), *given) == NO
    said = json.loads(capsys.readouterr().out)
    assert said["refused"] == [f"{tmp_path / 'empty.jpg'}: is empty"]
    assert sum(said["tags"].values()) == 2


def test_coco_has_boxes_in_pixels_of_the_upright_picture(project, shots, tmp_path):
    out = tmp_path / "out.json"
    given = ["predict", str(shots / "deep"), "--project", project, "--name", "live", "--to", str(out)]
    assert ocellus(*given, "--threshold", "0.5", "--at-once", "1") == 0
    told = json.loads(out.read_text())
    assert [(image["width"], image["height"]) for image in told["images"]] == [(640, 320), (640, 320), (320, 640)]
    box = [part * side for part, side in zip(GREEN, (640, 320) * 2, strict=True)]
    assert told["annotations"][0]["bbox"] == pytest.approx(box, abs=20)
    assert told["categories"] == [{"id": 1, "name": "green"}]


def test_videos_are_predicted_frame_by_frame_and_go_on_after_a_kill(project, tmp_path, capsys):
    clip = film(tmp_path / "clip.mkv", ["red", "red", "blue"])
    out, drawn, broken = tmp_path / "out.csv", tmp_path / "drawn", tmp_path / "broken.mp4"
    broken.write_bytes(b"")
    subject = {"project": project, "name": "live", "threshold": 0.5, "draw": str(drawn), "span": 1.0}
    known = {"file": str(clip), "seconds": 1.0, "size": SIZE, "predictions": []}
    out.with_name("out.csv.journal").write_text(f"{json.dumps(subject)}\n{json.dumps(known)}\n")
    given = ["--project", project, "--name", "live", "--threshold", "0.5", "--draw", str(drawn), "--json"]
    assert ocellus("predict", str(clip), str(broken), *given, "--to", str(out), "--every", "1s") == NO
    said = json.loads(capsys.readouterr().out)
    assert (said["pictures"], said["asked_before"], said["tags"]) == (3, 1, {"red": 1, "blue": 1})
    assert [line.partition(": ")[0] for line in said["refused"]] == [str(broken)]
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [(row["seconds"], row["tag"]) for row in rows] == [("0.0", "red"), ("1.0", ""), ("2.0", "blue"), ("", "")]
    assert sorted(path.name for path in (drawn / "clip.mkv").iterdir()) == ["000000.000.jpg", "000002.000.jpg"]


def test_coco_has_frames_by_their_time(project, tmp_path):
    clip, out = film(tmp_path / "clip.mp4", ["red", "blue"]), tmp_path / "out.json"
    given = ["--project", project, "--name", "live", "--threshold", "0.5", "--to", str(out)]
    assert ocellus("predict", str(clip), *given, "--scenes") == 0
    told = json.loads(out.read_text())
    assert [(image["file_name"], image["seconds"]) for image in told["images"]] == [
        (f"{clip}#t=0.000", 0.0),
        (f"{clip}#t=1.000", 1.0),
    ]
    assert {(image["width"], image["height"]) for image in told["images"]} == {SIZE}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"--to": "out.txt"}, "ends with none of .csv, .jsonl, .json"),
        ({"--to": "shots.csv"}, "shots.csv is a folder; name a file, which is written anew"),
        ({"--name": "nobody"}, "404 NotFound"),
        ({"pictures": "nowhere"}, "no picture is called nowhere; of a folder"),
        ({"pictures": "archives/2025/"}, "For what lies in Blob Storage there is `ocellus batch start`"),
        ({"--every": "soon"}, "is no time between frames"),
    ],
)
def test_what_can_not_be_predicted_is_said(project, shots, tmp_path, monkeypatch, capsys, changes, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shots.csv").mkdir()
    given = {"--project": project, "--name": "live", "--to": "out.csv", "pictures": str(shots)} | changes
    pictures = given.pop("pictures")
    assert ocellus("predict", pictures, *[word for pair in given.items() for word in pair]) == FAILED
    assert says in capsys.readouterr().err
    monkeypatch.delenv("VISION_PREDICTION_KEY")
    if not changes.keys() & {"--to", "--every", "pictures"}:
        assert ocellus("predict", pictures, *[word for pair in given.items() for word in pair]) == FAILED
        assert "VISION_PREDICTION_KEY" in capsys.readouterr().err
