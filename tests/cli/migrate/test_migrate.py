"""Images with their labels move: through kills, once, and their changes."""

import subprocess
import sys

import msgspec
import pytest
from azure.cognitiveservices.vision.customvision.training.models import ImageTagCreateEntry
from msgspec.structs import replace

from cli.faults import NO
from cli.migrate.report import ProjectReport, Report
from shared.settings import ROOT
from tests.cli.migrate.holdings import (
    GENERAL,
    classifier,
    detector,
    drawn,
    iteration,
    multilabel,
    three,
)
from tests.cli.migrate.standin import KEY, Held, Picture, hold, identify
from tests.commands import ocellus

COUNT = 24


def of(report: Report, held: Held) -> ProjectReport:
    return next(project for project in report.projects if project.name == held.project["name"])


def assert_here(training, here: str, held: Held) -> None:
    """By the official SDK, image by image in the order in which they were made."""
    pictures = [picture for picture in held.pictures if not picture.is_gone]
    images = training.get_images(here, order_by="Oldest", take=256)
    assert [sorted(tag.tag_name for tag in image.tags or []) for image in images] == [
        sorted(picture.tags) for picture in pictures
    ]
    assert [image.metadata or {} for image in images] == [picture.metadata for picture in pictures]
    for image, held_here in zip(images, pictures, strict=True):
        boxes = sorted((box.tag_name, box.left, box.top, box.width, box.height) for box in image.regions or [])
        for box, (name, *sides) in zip(boxes, sorted(held_here.boxes), strict=True):
            assert box[0] == name
            assert list(box[1:]) == pytest.approx(sides, abs=1e-4)


def test_all_is_here_after_one_command_and_two_kills(standin, migrate, training, service, tmp_path):
    projects = three(COUNT)
    running: list[subprocess.Popen[bytes]] = []
    kills = {45: lambda: running[0].kill(), 90: lambda: running[1].kill()}
    trouble = {"busy": 50, "cut": 37, "half": 41, "late": 29, "slow": 0.05, "lasts": 30}
    there = standin(*projects, at=kills, **trouble)
    command = [sys.executable, "-m", "cli", "migrate", "--all", "--no-train", "--folder", str(tmp_path)]
    for _ in kills:
        running.append(subprocess.Popen(command, cwd=ROOT))
        assert running[-1].wait(120) == -9
    code, report = migrate("--all", "--no-train")
    assert code == NO
    gone = projects[0].pictures[-1]
    for held in projects:
        project = of(report, held)
        (reasons,) = [[each.image for each in project.moved.unmoved]]
        assert reasons == ([gone.id] if held is projects[0] else [])
        assert str(project.here) == held.project["id"]
        assert project.verified.differences == []
        assert project.verified.images == len(held.pictures) - len(reasons)
        assert training.get_image_count(project.here) == project.verified.images
        assert_here(training, str(project.here), held)
    assert sum(project.moved.images for project in report.projects) < 3 * COUNT - 1
    names = [project.name for project in training.get_projects()]
    assert [names.count(held.project["name"]) for held in projects] == [1, 1, 1]

    downloads = there.downloads
    code, again = migrate("--all", "--no-train")
    assert (code, there.downloads) == (NO, downloads)
    assert [(each.moved.images, each.moved.relabelled, each.tags_moved) for each in again.projects] == [(0, 0, 0)] * 3
    assert [each.verified.bytes_checked for each in again.projects] == [0, 0, 0]


def test_nothing_comes_twice_where_the_journal_is_lost(standin, migrate, training, tmp_path):
    held = detector(4)
    standin(held)
    migrate("--all", "--no-train")
    (tmp_path / "journal.sqlite").unlink()
    code, report = migrate("--all", "--no-train")
    assert (code, report.projects[0].moved.already, report.projects[0].verified.images) == (0, 4, 4)
    assert_here(training, str(held.project["id"]), held)


def test_settings_and_tags_come_as_they_are(standin, migrate, training):
    held = classifier(0)
    held.project["description"] = "Screws of line 7"
    standin(held)
    code, report = migrate("--all", "--no-train")
    assert code == 0
    project = training.get_project(report.projects[0].here)
    assert (project.name, project.description) == ("Screws <b>&", "Screws of line 7")
    assert isinstance(settings := held.project["settings"], dict)
    assert (project.settings.domain_id, project.settings.classification_type) == (settings["domainId"], "Multiclass")
    assert project.settings.image_processing_settings.augmentation_methods["scaling"] is False
    tags = {tag.name: (tag.type, tag.description) for tag in training.get_tags(project.id)}
    assert tags == {name: (tag["type"], tag["description"]) for name, tag in held.tags.items()}


def test_a_second_move_takes_what_changed_there_and_keeps_what_changed_here(standin, migrate, training):
    held = multilabel(6)
    standin(held)
    _, report = migrate("--all", "--no-train")
    here = str(report.projects[0].here)
    images = training.get_images(here, order_by="Oldest")
    ours = training.create_tag(here, "ours")
    training.create_image_tags(here, [ImageTagCreateEntry(image_id=images[0].id, tag_id=ours.id)])
    training.update_image_metadata(here, [images[0].id], {"seen": "by us"})
    held.pictures[1] = replace(held.pictures[1], tags=["blue"], metadata={"line": "8"})
    held.pictures.append(Picture(identify("new"), drawn("red", 99), tags=["red"]))
    gone = held.pictures.pop(5)
    held.tags["green"]["description"] = "As grass"
    held.project["name"] = "Shelves, all"
    code, report = migrate("Shelves, all", "--no-train")
    (project,) = report.projects
    assert code == 0
    assert (project.moved.images, project.moved.relabelled, project.tags_moved) == (1, 1, 1)
    assert project.moved.gone == [gone.id]
    assert training.get_project(here).name == "Shelves, all"
    assert [image.id for image in training.get_images(here, order_by="Oldest")][:6] == [image.id for image in images]
    first, second, *_ = training.get_images(here, order_by="Oldest")
    assert [tag.tag_name for tag in first.tags] == ["ours"]
    assert ([tag.tag_name for tag in second.tags], second.metadata) == (["blue"], {"line": "8"})

    code, report = migrate("--all", "--no-train", "--delete")
    assert code == 0
    assert training.get_image_count(here) == 6
    assert migrate("--all", "--no-train")[1].projects[0].moved.gone == []


def test_boxes_that_moved_there_move_here(standin, migrate, training):
    held = detector(3)
    standin(held)
    migrate("--all", "--no-train")
    last = held.pictures[2]
    held.pictures[2] = replace(last, boxes=[("blue", 0.25, 0.25, 0.125, 0.125), last.boxes[1]], tags=["blue", "red"])
    code, report = migrate("--all", "--no-train")
    assert (code, report.projects[0].moved.relabelled) == (0, 1)
    assert_here(training, str(report.projects[0].here), held)


def test_what_differs_here_is_named(standin, migrate, training):
    held = detector(4)
    standin(held)
    here = str(migrate("--all", "--no-train")[1].projects[0].here)
    images = training.get_images(here, order_by="Oldest")
    training.delete_image_regions(here, [images[1].regions[0].region_id])
    training.delete_images(here, [images[2].id])
    code, report = migrate("--all", "--no-train")
    found = [(each.image, each.what) for each in report.projects[0].verified.differences]
    ids = [picture.id for picture in held.pictures]
    assert code == NO
    assert found == [(ids[1], "tags"), (ids[1], "boxes"), (ids[2], "it is not here any more")]


def test_a_picture_that_is_refused_is_named_and_stops_no_other(standin, migrate):
    held = classifier(4)
    held.pictures[1] = replace(held.pictures[1], data=b"no picture")
    standin(held)
    code, report = migrate("--all", "--no-train")
    assert code == NO
    assert [(each.image, each.reason) for each in report.projects[0].moved.unmoved] == [
        (held.pictures[1].id, "Ocellus refused it: ErrorImageFormat")
    ]
    assert report.projects[0].verified.images == 3


def test_the_same_bytes_under_two_images_become_one(standin, migrate, training):
    held = multilabel(3)
    held.pictures[2] = replace(held.pictures[2], data=held.pictures[1].data, metadata=held.pictures[1].metadata)
    standin(held)
    code, report = migrate("--all", "--no-train")
    (project,) = report.projects
    assert (code, project.moved.already, project.verified.images) == (0, 1, 2)
    image = training.get_images(project.here, order_by="Oldest")[1]
    assert sorted(tag.tag_name for tag in image.tags) == ["green", "red"]


def test_an_image_of_more_tags_than_a_call_takes_has_them_all(standin, migrate):
    names = [f"tag {n}" for n in range(25)]
    held = hold("Many", GENERAL, "Multilabel", dict.fromkeys(names, "Regular"))
    held.pictures.append(Picture(identify("many"), drawn("red", 1), tags=names))
    standin(held)
    code, report = migrate("--all", "--no-train")
    assert (code, report.projects[0].verified.tags) == (0, 25)


def test_a_resource_behind_a_virtual_network_is_read_by_a_token(standin, migrate, monkeypatch):
    standin(multilabel(2), lasts=2).is_private = True
    monkeypatch.delenv("SOURCE_TRAINING_KEY")
    monkeypatch.setenv("SOURCE_TRAINING_TOKEN", KEY)
    code, report = migrate("--all", "--no-train")
    assert (code, report.projects[0].verified.images) == (0, 2)


def test_a_tag_that_is_made_while_images_are_listed_comes_the_next_time(standin, migrate, training):
    held = multilabel(1)
    there = standin(held)

    def label() -> None:
        held.tags["late"] = {**held.tags["red"], "id": str(identify(held.project["id"], "late")), "name": "late"}
        held.pictures[0] = replace(held.pictures[0], tags=["late"])

    # Projects, the count of images, the tags; then images.
    there.trouble.at[4] = label
    assert migrate("--all", "--no-train")[0] == 0
    code, report = migrate("--all", "--no-train")
    (image,) = training.get_images(report.projects[0].here)
    assert (code, [tag.tag_name for tag in image.tags]) == (0, ["late"])


def test_a_dry_run_counts_and_says_what_stays(standin, training, tmp_path, capsys):
    held = multilabel(5)
    held.iterations.append(iteration("Iteration 1", published="live", exportable=False))
    standin(held, busy=7)
    before = len(training.get_projects())
    assert ocellus("migrate", "--all", "--dry-run") == 0
    told = capsys.readouterr().out
    assert "Shelves: 5 images, 3 tags, 1 iterations, published as live; about 1 min." in told
    assert "the weights of Iteration 1" in told
    assert ocellus("migrate", "--all", "--dry-run", "--json") == 0
    assert msgspec.json.decode(capsys.readouterr().out)["projects"][0]["images"] == 5
    assert len(training.get_projects()) == before
