"""Projects of a stand-in of Custom Vision move into the running service: through kills, once, and their changes."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
import requests
from azure.cognitiveservices.vision.customvision.training.models import ImageTagCreateEntry
from msgspec.structs import replace

from cli.faults import FAILED, NO
from cli.migrate import iterations as old_models
from cli.migrate import training as new_models
from cli.migrate.report import ProjectReport, Report
from cli.migrate.service import Service
from local.azurite import free_ports
from shared.models.training.model_spec import ModelTag
from shared.settings import ROOT
from tests.cli.migrate.holdings import COLOURS, DETECTOR, GENERAL, classifier, detector, drawn, multilabel, three
from tests.cli.migrate.standin import KEY, Held, Picture, Standin, Trouble, hold, identify, standing_in
from tests.commands import ocellus
from tests.importing.packages import THERE, manifest, zipped
from tests.importing.packages import classifier as onnx_classifier
from tests.pictures import picture, rectangles
from tests.prediction.detectors import put_detector

COUNT = 24


@pytest.fixture
def there(service, monkeypatch: pytest.MonkeyPatch) -> Callable[[Standin], None]:
    """What is there to move from, and the environment that says so."""
    monkeypatch.setenv("VISION_TRAINING_ENDPOINT", service.endpoint)
    monkeypatch.setenv("VISION_TRAINING_KEY", service.training_key)
    monkeypatch.setenv("SOURCE_TRAINING_KEY", KEY)
    return lambda standin: monkeypatch.setenv("SOURCE_TRAINING_ENDPOINT", standin.endpoint)


@pytest.fixture
def standin(there, training) -> Iterator[Callable[..., Standin]]:
    """A stand-in of such projects. Those that were moved are deleted at the end."""
    before = {project.id for project in training.get_projects()}
    opened = []

    def stand_in(*projects: Held, **trouble) -> Standin:
        context = standing_in(list(projects), Trouble(**trouble))
        opened.append(context)
        standin = context.__enter__()
        there(standin)
        return standin

    yield stand_in
    for context in opened:
        context.__exit__(None, None, None)
    for project in training.get_projects():
        if project.id not in before:
            for iteration in training.get_iterations(project.id):
                if iteration.publish_name:
                    training.unpublish_iteration(project.id, iteration.id)
            training.delete_project(project.id)


@pytest.fixture
def migrate(tmp_path: Path, capsys) -> Callable[..., tuple[int, Report]]:
    """The exit code and the report."""

    def migrate(*arguments: str) -> tuple[int, Report]:
        code = ocellus("migrate", "--folder", str(tmp_path), "--json", *arguments)
        return code, msgspec.json.decode(capsys.readouterr().out, type=Report)

    return migrate


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name the projects to move, or say --all"),
        (("Shelves", "--all"), "name the projects to move, or say --all"),
        (("Shelf",), "there is no project 'Shelf'; there are 'Shelves' ("),
    ],
)
def test_which_projects_has_to_be_said(standin, arguments, message, tmp_path, capsys):
    standin(multilabel(0))
    assert ocellus("migrate", "--folder", str(tmp_path), *arguments) == FAILED
    assert message in capsys.readouterr().err


def test_a_wrong_key_is_said(standin, monkeypatch, tmp_path, capsys):
    standin(multilabel(0))
    monkeypatch.setenv("SOURCE_TRAINING_KEY", "wrong")
    assert ocellus("migrate", "--all", "--folder", str(tmp_path)) == FAILED
    assert "Custom Vision said: 401: it does not know this key or token; take a key" in capsys.readouterr().err


def test_what_the_environment_lacks_is_said(service, tmp_path, monkeypatch, capsys):
    assert ocellus("migrate", "--all", "--folder", str(tmp_path)) == FAILED
    assert "set SOURCE_TRAINING_ENDPOINT, and SOURCE_TRAINING_KEY" in capsys.readouterr().err
    assert ocellus("migrate", "--all", "--endpoint", "localhost", "--key", KEY) == FAILED
    assert "is a URL, such as" in capsys.readouterr().err


def test_a_resource_that_is_not_there_is_said_soon(service, monkeypatch, capsys):
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("VISION_TRAINING_ENDPOINT", service.endpoint)
    monkeypatch.setenv("VISION_TRAINING_KEY", service.training_key)
    assert ocellus("migrate", "--all", "--endpoint", address, "--key", KEY) == FAILED
    assert f"{address} can't be reached" in capsys.readouterr().err


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


def test_a_project_that_was_deleted_here_is_not_made_anew(standin, migrate, training, tmp_path, capsys):
    standin(multilabel(1))
    training.delete_project(str(migrate("--all", "--no-train")[1].projects[0].here))
    assert ocellus("migrate", "--all", "--folder", str(tmp_path)) == FAILED
    assert "'Shelves' was deleted here since it was moved; name another --folder" in capsys.readouterr().err


def test_a_move_to_itself_is_refused(standin, service, tmp_path, capsys):
    standin(multilabel(1))
    arguments = ["--endpoint", service.endpoint, "--key", service.training_key, "--folder", str(tmp_path)]
    assert ocellus("migrate", "--all", *arguments) == FAILED
    assert "both endpoints are the same" in capsys.readouterr().err


def test_a_journal_of_another_move_is_not_gone_on_with(standin, migrate, tmp_path, capsys):
    standin(multilabel(0))
    migrate("--all", "--no-train")
    standin(multilabel(0))
    assert ocellus("migrate", "--all", "--folder", str(tmp_path)) == FAILED
    assert "has the journal of a move from" in capsys.readouterr().err


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


def test_old_and_new_are_compared_where_the_old_one_can_be_asked(standin, migrate, monkeypatch, tmp_path):
    """The old model takes all for apples, and the new one has learned."""
    monkeypatch.setattr(new_models, "POLL_SECONDS", 0.2)
    names = {"apple": "apple", "leaf": "<i>leaf"}
    held = hold("<script>alert(1)</script>", GENERAL, "Multiclass", dict.fromkeys(names.values(), "Regular"))
    for kind, seed in product(names, range(6)):
        held.pictures.append(Picture(identify(kind, seed), picture(kind, seed), tags=[names[kind]]))
    held.iterations.append({**iteration("Iteration 1", published="live", exportable=False), "id": str(THERE)})
    held.performances[str(THERE)] = PERFORMANCE
    there = standin(held)
    there.predict = lambda data: [{"probability": 0.9, "tagId": str(identify("apple")), "tagName": "apple"}]
    code, report = migrate("--all", "--prediction-key", KEY, "--compare", "12")
    (project,) = report.projects
    assert code == 0
    assert (there.predictions, project.before[0].publish_name) == (12, "live")
    assert project.before[0].performance is not None
    assert (project.before[0].performance.precision, project.trained.performance.precision) == (0.75, 1.0)
    compared = project.compared
    assert (compared.images, compared.old_right, compared.new_right, compared.alike) == (12, 6, 12, 6)
    page = (tmp_path / "report.html").read_text()
    assert page.count("data:image/jpeg;base64,") == len(compared.differing) == 6
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<i>" not in page
    assert msgspec.json.decode((tmp_path / "report.json").read_bytes(), type=Report) == report
    # Once the old model is here, it is asked here.
    held.iterations[0]["exportable"] = True
    held.packages[str(THERE)] = zipped(onnx_classifier(2), list(names.values()), manifest=manifest("Classification"))
    _, again = migrate("--all", "--prediction-key", KEY, "--compare", "5")
    compared = again.projects[0].compared
    assert (again.projects[0].trained, compared.images, there.predictions) == (project.trained, 5, 12)
    assert compared.old == "Iteration 1, before the move"


def test_a_detector_is_compared_by_its_boxes(standin, migrate, storage, monkeypatch, tmp_path):
    """The new one finds all rectangles; the old one finds them, or beside them, or not all, or is not sure."""
    near, far = (0.25, 0.25, 0.25, 0.5), (0.625, 0.25, 0.25, 0.5)
    shown = [{"red": near}, {"green": near}, {"red": near, "blue": far}, {"blue": near}]
    seen = [[("red", near, 0.9)], [("green", (0.5, *near[1:]), 0.9)], [("red", near, 0.9)], [("blue", near, 0.4)]]
    held = hold("Benches", DETECTOR, None, dict.fromkeys(COLOURS, "Regular"))
    for number, boxes in enumerate(shown):
        marks = [(tag, *box) for tag, box in boxes.items()]
        held.pictures.append(Picture(identify("bench", number), rectangles(boxes), tags=list(boxes), boxes=marks))
    held.iterations.append(iteration("Iteration 1", published="live", exportable=False))
    there = standin(held)
    answers = dict(zip((each.data for each in held.pictures), seen, strict=True))
    there.predict = lambda data: [predicted(*found) for found in answers[data]]

    def trained(target: Service, project: UUID) -> new_models.Trained:
        tags = [ModelTag(tag.id, tag.name) for tag in target.tags(project)]
        return new_models.Trained(put_detector(storage, project, tags).id, "Iteration 2")

    monkeypatch.setattr(new_models, "train", trained)
    code, report = migrate("--all", "--prediction-key", KEY)
    compared = report.projects[0].compared
    assert (code, there.verbs) == (0, {"detect"})
    assert (compared.images, compared.alike, compared.old_right, compared.new_right) == (4, 1, 1, 4)
    [beside] = [each for each in compared.differing if each.truth[0].tag == "green"]
    assert (beside.old[0].box, beside.new[0].box) == ((0.5, *near[1:]), pytest.approx(near, abs=0.05))
    assert sorted(len(each.old) for each in compared.differing) == [0, 1, 1]
    assert (tmp_path / "report.html").read_text().count("data:image/jpeg;base64,") == 3


def predicted(tag: str, box: tuple[float, ...], probability: float) -> dict[str, object]:
    sides = dict(zip(("left", "top", "width", "height"), box, strict=True))
    return {"probability": probability, "tagId": str(identify(tag)), "tagName": tag, "boundingBox": sides}


def test_a_project_that_is_too_small_to_train_is_moved_all_the_same(standin, migrate):
    standin(classifier(2))
    code, report = migrate("--all")
    trained = report.projects[0].trained
    assert (code, trained.iteration) == (0, None)
    assert "TrainingValidationFailed" in trained.reason


def test_the_old_model_keeps_answering_under_its_name(standin, migrate, training, prediction, service, monkeypatch):
    """The package is made there when it is first asked for, and comes once."""
    monkeypatch.setattr(old_models, "POLL_SECONDS", 0.0)
    held = classifier(8)
    held.iterations += [
        iteration("Iteration 1", published=None, exportable=True),
        {**iteration("Iteration 2", published="live", exportable=True), "id": str(THERE)},
    ]
    held.performances = {str(each["id"]): PERFORMANCE for each in held.iterations}
    held.packages[str(THERE)] = zipped(onnx_classifier(2), ["red", "blue"], manifest=manifest("Classification"))
    standin(held)
    code, report = migrate("--all", "--no-train")
    first, second = report.projects[0].before
    assert (code, first.here, first.reason, second.reason) == (0, None, "", "")
    here = str(report.projects[0].here)
    (imported,) = training.get_iterations(here)
    assert (imported.id, imported.name, imported.publish_name) == (
        str(second.here),
        "Iteration 2, before the move",
        "live",
    )
    answer = prediction.classify_image_with_no_store(here, "live", drawn("red", 1))
    assert {each.tag_name for each in answer.predictions} == {"red", "blue"}
    past = requests.get(
        f"{service.endpoint}/ocellus/v1/projects/{here}/pastperformances",
        headers={"Training-Key": service.training_key},
        timeout=10,
    ).json()
    assert [(each["name"], each["publishName"], each["performance"]) for each in past] == [
        ("Iteration 1", None, PERFORMANCE),
        ("Iteration 2", "live", PERFORMANCE),
    ]
    code, report = migrate("--all", "--no-train")
    assert (code, str(report.projects[0].before[1].here)) == (0, imported.id)
    assert len(training.get_iterations(here)) == 1


def test_a_model_that_can_not_be_had_is_named(standin, migrate, monkeypatch):
    monkeypatch.setattr(old_models, "POLL_SECONDS", 0.0)
    monkeypatch.setattr("cli.model.BODY_BYTES", 100)
    held = classifier(1)
    held.iterations += [
        iteration("Iteration 1", published="old", exportable=False),
        iteration("Iteration 2", published="live", exportable=True),
        iteration("Iteration 3", published="large", exportable=True),
    ]
    held.packages[str(held.iterations[-1]["id"])] = bytes(101)
    standin(held)
    code, report = migrate("--all", "--no-train")
    assert code == 0
    *reasons, too_large = [each.reason for each in report.projects[0].before]
    assert too_large.startswith("Ocellus said: it has 101 bytes as a zip, and 100 are the most. Bring its weights")
    assert reasons == [
        "Custom Vision said: the domain is not compact, so the model can't be exported",
        "Custom Vision said: BadRequestExportValidationFailed: Not exportable.",
    ]


PERFORMANCE = {
    "perTagPerformance": [],
    "precision": 0.75,
    "precisionStdDeviation": 0.0,
    "recall": 0.5,
    "recallStdDeviation": 0.0,
    "averagePrecision": 0.875,
}


def iteration(name: str, published: str | None, exportable: bool) -> dict[str, object]:
    return {
        "id": str(identify("iteration", name)),
        "name": name,
        "status": "Completed",
        "created": "2020-11-06T16:37:26.266Z",
        "lastModified": "2020-11-06T16:37:26.266Z",
        "trainedAt": "2020-11-06T16:37:26.266Z",
        "projectId": str(identify("any")),
        "exportable": exportable,
        "exportableTo": ["ONNX"] if exportable else [],
        "publishName": published,
        "trainingErrorDetails": None,
    }
