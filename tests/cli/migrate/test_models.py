"""Models move, and old and new are compared."""

from itertools import product
from uuid import UUID

import msgspec
import pytest
import requests

from cli.migrate import iterations as old_models
from cli.migrate import training as new_models
from cli.migrate.report import Report
from cli.migrate.service import Service
from shared.models.training.model_spec import ModelTag
from tests.cli.migrate.holdings import COLOURS, DETECTOR, GENERAL, PERFORMANCE, classifier, drawn, iteration
from tests.cli.migrate.standin import KEY, Picture, hold, identify
from tests.importing.packages import THERE, manifest, zipped
from tests.importing.packages import classifier as onnx_classifier
from tests.pictures import picture, rectangles
from tests.prediction.detectors import put_detector


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
