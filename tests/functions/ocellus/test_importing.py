"""Models that were trained elsewhere, over HTTP: they answer here what their own consumers compute."""

import json
from types import SimpleNamespace
from urllib.parse import urlencode
from urllib.request import urlopen
from uuid import UUID, uuid4

import numpy as np
import onnx
import pytest
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageFileCreateBatch,
    ImageFileCreateEntry,
)
from PIL import Image

from local.service import RESOURCE_ID
from shared.importing.package import read
from shared.storage.account import blobs
from tests.functions.flows import refused
from tests.importing.consumers import Seen, agree, decoded, pixels_of, run, suppressed
from tests.importing.packages import BGR, PERFORMANCE, RGB_UNIT, THERE, classifier, grid, manifest, named, rows, zipped
from tests.pictures import encoded, picture
from tests.prediction.graphs import make_detector

GRIDS, BOXES = "a27d5ca5-bb19-49d8-a70a-fec086c47f5b", "7ec2ac80-887b-48a6-8df9-8b1357765430"
LABELS = ["cog", "axle", "rivet"]


def noise(width: int = 500, height: int = 400) -> bytes:
    """A photograph that no detail of is lost in."""
    small = np.random.default_rng(7).integers(0, 256, (height // 20, width // 20, 3), np.uint8)
    return encoded(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC), "PNG")


# Of less than four times a model's input, which the service resizes as all others do.
PICTURE, SMALL = noise(), noise(60, 40)


@pytest.fixture
def bring(ask):
    """Import a package."""

    def send(project, package, **options):
        path = f"/ocellus/v1/projects/{project.id}/iterations/import?{urlencode(options)}"
        return ask("POST", path, package, Content_Type="application/octet-stream")

    return send


@pytest.fixture
def classifying(training):
    made = training.create_project(f"moved {uuid4()}", classification_type="Multiclass")
    yield made
    discard(training, made)


@pytest.fixture
def detecting(training):
    made = training.create_project(f"moved {uuid4()}", domain_id=GRIDS)
    yield made
    discard(training, made)


def discard(training, project):
    for iteration in training.get_iterations(project.id):
        if iteration.publish_name:
            training.unpublish_iteration(project.id, iteration.id)
    training.delete_project(project.id)


def published(training, project, reply):
    assert reply.status == 200, reply.body
    training.publish_iteration(project.id, reply.body["id"], "live", RESOURCE_ID, overwrite=True)


def probabilities(answer):
    return {each.tag_name: each.probability for each in answer.predictions}


def boxes(answer):
    found = []
    for each in answer.predictions:
        box = each.bounding_box
        corners = np.array([box.left, box.top, box.left + box.width, box.top + box.height])
        found.append(Seen(LABELS.index(each.tag_name), each.probability, corners))
    return found


def test_import_iteration_of_a_windows_classifier_answers_as_it_did(training, prediction, classifying, bring, storage):
    kept = training.create_tag(classifying.id, "AXLE")
    model = named(["rivet", "axle", "cog"])
    package = zipped(model, LABELS, manifest=manifest("Classification"))
    reply = bring(classifying, package, name="The one of before")
    published(training, classifying, reply)
    assert (reply.body["name"], reply.body["status"]) == ("The one of before", "Completed")
    origin = reply.body["importedFrom"]
    assert (origin["iterationId"], origin["platform"], origin["layout"]) == (str(THERE), "ONNX", "Probabilities")
    assert (origin["exported"], reply.body["trainedAt"]) == ("2024-03-05T07:08:09.123456Z", "2024-03-05T07:08:09.123Z")
    _, loss = run(model, pixels_of(SMALL, 32, bgr=True, unit=False))
    answer = prediction.classify_image_with_no_store(classifying.id, "live", SMALL)
    wanted = {("AXLE" if label == "axle" else label): score for label, score in loss[0].items()}
    assert probabilities(answer) == pytest.approx(wanted, abs=1e-4)
    assert probabilities(training.quick_test_image(classifying.id, SMALL, store=False)) == probabilities(answer)
    assert {tag.name for tag in training.get_tags(classifying.id)} == {"AXLE", "cog", "rivet"}
    assert kept.id in {each.tag_id for each in answer.predictions}
    told = blobs.model_read(storage, UUID(classifying.id), UUID(reply.body["id"]), "model.json")
    spec = SimpleNamespace(**json.loads(told))
    assert (spec.origin["order"], spec.origin["range"], spec.preprocessing["fit"]) == ("Bgr", "0-255", "squash")
    again = bring(classifying, package, name="The one of before")
    assert (again.status, again.body["id"]) == (200, reply.body["id"])
    assert len(training.get_iterations(classifying.id)) == 1


@pytest.mark.parametrize(
    ("metadata", "options", "seen"),
    [
        (BGR, {}, {"bgr": True, "unit": False}),
        (RGB_UNIT, {}, {"bgr": False, "unit": True}),
        (None, {"order": "rgb", "range": "0-255"}, {"bgr": False, "unit": False}),
        (BGR, {"order": "Rgb", "range": "0-1"}, {"bgr": False, "unit": True}),
    ],
)
def test_import_iteration_of_a_classifier_sees_as_its_metadata_or_its_options_say(
    training, classifying, bring, metadata, options, seen
):
    model = classifier(3, metadata=metadata)
    reply = bring(classifying, zipped(model, LABELS), **options)
    assert reply.status == 200, reply.body
    (wanted,) = run(model, pixels_of(SMALL, 32, **seen))
    answer = training.quick_test_image(classifying.id, SMALL, iteration_id=reply.body["id"], store=False)
    assert probabilities(answer) == pytest.approx(dict(zip(LABELS, wanted[0].tolist(), strict=True)), abs=1e-4)


def test_import_iteration_of_a_classifier_of_others_takes_mean_deviation_and_scores(training, classifying, bring):
    model, mean, std = classifier(3, last="", metadata=None), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    said = {"order": "Rgb", "range": "0-1", "mean": "0.485,0.456,0.406", "std": "0.229,0.224,0.225"}
    silent = bring(classifying, zipped(model, LABELS), **said)
    assert (silent.status, silent.body["code"]) == (400, "BadRequestInvalidModel")
    assert "say `scores`" in silent.body["message"]
    reply = bring(classifying, zipped(model, LABELS), scores="softmax", **said)
    assert reply.status == 200, reply.body
    normed = (pixels_of(SMALL, 32, bgr=False, unit=True) - np.reshape(mean, (3, 1, 1))) / np.reshape(std, (3, 1, 1))
    (logits,) = run(model, normed.astype(np.float32))
    wanted = np.exp(logits[0]) / np.exp(logits[0]).sum()
    answer = training.quick_test_image(classifying.id, SMALL, iteration_id=reply.body["id"], store=False)
    assert probabilities(answer) == pytest.approx(dict(zip(LABELS, wanted.tolist(), strict=True)), abs=1e-4)


def test_import_iteration_of_a_raw_grid_finds_what_its_consumers_find(
    training, prediction, detecting, bring, ask, eventually
):
    model = grid(3)
    reply = bring(detecting, zipped(model, LABELS, manifest=manifest("ObjectDetection")))
    published(training, detecting, reply)
    assert (reply.body["domainId"], reply.body["importedFrom"]["layout"]) == (GRIDS, "Grid")
    (answered,) = run(model, pixels_of(PICTURE, 416, bgr=True, unit=False))
    wanted = suppressed(*decoded(answered[0]))
    assert len(wanted) == 64
    agree(wanted, boxes(prediction.detect_image_with_no_store(detecting.id, "live", PICTURE)))
    training.export_iteration(detecting.id, reply.body["id"], "ONNX")
    eventually(lambda: training.get_exports(detecting.id, reply.body["id"])[0].status == "Done")
    (export,) = training.get_exports(detecting.id, reply.body["id"])
    with urlopen(export.download_uri) as answer:
        exported = onnx.ModelProto.FromString(read(answer.read()).graph)
    (grid_of,) = run(exported, pixels_of(PICTURE, 416, bgr=False, unit=False))
    # Each box goes out with its best tag alone.
    here, there = (suppressed(*best_alone(*decoded(each[0]))) for each in (grid_of, answered))
    agree(there, here, most=1e-3)


def best_alone(corners, scores):
    return corners, np.where(scores == scores.max(axis=1, keepdims=True), scores, 0)


def test_import_iteration_of_a_detector_of_the_second_generation_answers_its_boxes(training, bring):
    project = training.create_project(f"moved {uuid4()}", domain_id=BOXES)
    colours = ["red", "green", "blue"]
    image = Image.new("RGB", (64, 64), "white")
    image.paste((255, 0, 0), (16, 0, 48, 32))
    red = encoded(image, "PNG")
    for metadata, label in ((None, "red"), (BGR, "blue")):
        model = onnx.ModelProto.FromString(make_detector())
        onnx.helper.set_model_props(model, metadata or {})
        reply = bring(project, zipped(model, colours))
        assert reply.status == 200, reply.body
        found = training.quick_test_image(project.id, red, iteration_id=reply.body["id"], store=False).predictions
        assert [each.tag_name for each in found] == [label]
        box = found[0].bounding_box
        assert (box.left, box.top, box.width, box.height) == pytest.approx((0.25, 0, 0.5, 0.5), abs=1e-4)
    training.delete_project(project.id)


def test_import_iteration_of_a_yolo_keeps_proportions_and_suppresses(training, detecting, bring):
    # On 64 pixels: middles, sizes, and three scores each. The second overlaps the first, the third is of another tag.
    rows_of = np.array(
        [[20, 24, 8, 8, 0.9, 0.1, 0], [21, 24, 8, 8, 0.8, 0, 0], [20, 24, 8, 8, 0, 0.7, 0], [50, 40, 4, 8, 0, 0, 0.6]]
    )
    reply = bring(detecting, zipped(rows(np.pad(rows_of, ((0, 8), (0, 0))).T), LABELS))
    assert (reply.status, reply.body["importedFrom"]["layout"]) == (200, "Yolo")
    # Twice as wide as high, so that it lies between rows 16 and 48 of the input.
    answer = training.quick_test_image(detecting.id, noise(200, 100), iteration_id=reply.body["id"], store=False)
    told = [(each.tag_name, round(each.probability, 4)) for each in answer.predictions]
    assert told == [("cog", 0.9), ("axle", 0.7), ("rivet", 0.6)]
    box = answer.predictions[0].bounding_box
    assert (box.left, box.top, box.width, box.height) == pytest.approx((16 / 64, 4 / 32, 8 / 64, 8 / 32), abs=1e-4)


def test_import_iteration_refuses_what_does_not_fit_and_leaves_nothing(training, classifying, bring, storage):
    ok = zipped(classifier(3), LABELS)
    for package, options, message in [
        (b"no zip at all", {}, "no zip"),
        (b"", {}, "no zip"),
        (zipped(b"junk", LABELS), {}, "can't be taken"),
        (zipped(classifier(3), ["one", "two"]), {}, "there are 2 labels"),
        (zipped(classifier(3), None), {}, "no labels.txt"),
        (zipped(classifier(3), ["a", "A", "b"]), {}, "twice"),
        (zipped(classifier(3), LABELS, manifest=manifest("ObjectDetection")), {}, "import it into one of its kind"),
        (zipped(grid(3), LABELS), {}, "boxes belong into a project that detects"),
        (zipped(classifier(3, metadata=None), LABELS), {}, "say `order`"),
        (ok, {"std": "1,0,1"}, "above 0"),
    ]:
        reply = bring(classifying, package, **options)
        assert (reply.status, reply.body["code"]) == (400, "BadRequestInvalidModel"), message
        assert message in reply.body["message"]
    for options, status, code in [
        ({"mean": "a,b"}, 400, "BadRequest"),
        ({"fit": "stretch"}, 400, "BadRequest"),
        ({"name": "\n"}, 400, "BadRequestIterationName"),
    ]:
        reply = bring(classifying, ok, **options)
        assert (reply.status, reply.body["code"]) == (status, code)
    assert bring(SimpleNamespace(id=uuid4()), ok).body["code"] == "NotFoundProject"
    assert training.get_iterations(classifying.id) == training.get_tags(classifying.id) == []
    assert list(blobs.names(storage, "models", f"{classifying.id}/")) == []


def test_import_iteration_refuses_anchors_that_a_grid_has_not(detecting, bring):
    for anchors, message in [("1,1,2,2", "2 anchors"), ("1,2,3", "pairs"), ("0,1", "above 0")]:
        reply = bring(detecting, zipped(grid(3), LABELS), anchors=anchors)
        assert (reply.status, reply.body["code"]) == (400, "BadRequestInvalidModel")
        assert message in reply.body["message"]


def test_judge_iteration_compares_an_imported_model_by_the_projects_own_images(
    training, classifying, bring, ask, eventually
):
    package = zipped(classifier(2), ["apple", "leaf"])
    reply = bring(classifying, package)
    iteration = reply.body["id"]
    with refused("NotFoundIterationPerformance", "was imported"):
        training.get_iteration_performance(classifying.id, iteration, threshold=0.5)
    tags = {tag.name: tag.id for tag in training.get_tags(classifying.id)}
    for kind in tags:
        entries = [ImageFileCreateEntry(name=f"{seed}", contents=picture(kind, seed)) for seed in range(3)]
        training.create_images_from_files(classifying.id, ImageFileCreateBatch(images=entries, tag_ids=[tags[kind]]))
    path = f"/ocellus/v1/projects/{classifying.id}/iterations"
    assert ask("POST", f"{path}/{iteration}/judge").status == 202
    eventually(lambda: ask("GET", f"{path}/compare?a={iteration}&b={iteration}").body.get("images") == 6)
    told = training.get_iteration_performance(classifying.id, iteration, threshold=0.5)
    assert [tag.name for tag in told.per_tag_performance] == ["apple", "leaf"]


def test_judge_iteration_refuses_one_that_was_trained_here(ask, trained):
    path = f"/ocellus/v1/projects/{trained.project.id}/iterations/{trained.iteration.id}/judge"
    assert ask("POST", path).body["code"] == "BadRequestOperationNotSupported"


def test_put_past_performance_takes_the_place_of_what_was_told(ask, project):
    path = f"/ocellus/v1/projects/{project.id}/pastperformances"
    for name in ("Iteration 3", "Iteration 4"):
        body = {"name": name, "trainedAt": "2024-03-01T00:00:00Z", "publishName": "live", "performance": PERFORMANCE}
        reply = ask("PUT", f"{path}/{THERE}", json.dumps(body).encode(), Content_Type="application/json")
        assert (reply.status, reply.body["id"], reply.body["name"]) == (200, str(THERE), name)
    assert ask("GET", path).body == [reply.body]
    assert reply.body["performance"] == PERFORMANCE


def test_put_past_performance_refuses_names_that_can_not_be(ask, project):
    path = f"/ocellus/v1/projects/{project.id}/pastperformances/{uuid4()}"
    for body, code in [
        ({"name": "", "performance": PERFORMANCE}, "BadRequestIterationName"),
        ({"name": "Iteration 1"}, "BadRequest"),
    ]:
        reply = ask("PUT", path, json.dumps(body).encode(), Content_Type="application/json")
        assert (reply.status, reply.body["code"]) == (400, code)


def test_get_past_performances_of_a_project_without_any(ask, project):
    assert ask("GET", f"/ocellus/v1/projects/{project.id}/pastperformances").body == []


def test_get_past_performances_refuses_an_unknown_project(ask):
    assert ask("GET", f"/ocellus/v1/projects/{uuid4()}/pastperformances").body["code"] == "NotFoundProject"
