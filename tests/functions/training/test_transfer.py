"""Export and import of projects through the SDK, within an installation and into another."""

from contextlib import contextmanager
from uuid import uuid4

import pytest
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    Region,
)
from msrest.authentication import ApiKeyCredentials

from local.service import RESOURCE_ID, running
from tests.functions.flows import DETECTION, import_project, refused, upload
from tests.pictures import picture


@contextmanager
def imported(training, token, name=None):
    project = import_project(training, token, name)
    yield project
    training.delete_project(project.id)


def images_of(training, project_id, **options):
    """All that clients see of the images but their addresses and the ids of tags."""
    return [
        (
            image.id,
            image.created,
            image.width,
            image.height,
            image.metadata,
            [(tag.tag_name, tag.created) for tag in image.tags or []],
            [(r.region_id, r.tag_name, r.left, r.top, r.width, r.height) for r in image.regions or []],
        )
        for image in training.get_images(project_id, take=256, **options)
    ]


def tags_of(training, project_id, **options):
    return [(t.name, t.description, t.type, t.image_count) for t in training.get_tags(project_id, **options)]


def probabilities(result):
    return [(item.tag_name, item.tag_type, item.probability) for item in result.predictions]


def test_export_project_tells_what_import_project_brings(training, prediction, trained, web):
    original = trained.project.id
    export = training.export_project(original)
    assert (export.iteration_count, export.image_count, export.tag_count, export.region_count) == (2, 12, 4, 0)
    assert export.estimated_import_time_in_ms > 0
    with imported(training, export.token) as project:
        copy = project.id
        assert project.name == f"{trained.project.name} (1)"
        assert project.settings == trained.project.settings
        assert tags_of(training, copy) == tags_of(training, original)
        assert {t.id for t in training.get_tags(copy)}.isdisjoint(t.id for t in training.get_tags(original))
        assert images_of(training, copy) == images_of(training, original)
        first, second = (training.get_images(id, take=1)[0] for id in (original, copy))
        assert web.get(first.original_image_uri) == web.get(second.original_image_uri)

        (before,), (after,) = training.get_iterations(original), training.get_iterations(copy)
        assert (after.publish_name, after.exportable_to, after.project_id) == (None, None, copy)
        for field in ("id", "name", "status", "created", "trained_at", "domain_id", "classification_type"):
            assert getattr(after, field) == getattr(before, field), field
        scoped = {"iteration_id": after.id}
        assert images_of(training, copy, **scoped) == images_of(training, original, **scoped)
        assert tags_of(training, copy, **scoped) == tags_of(training, original, **scoped)
        performances = [training.get_iteration_performance(id, after.id) for id in (original, copy)]
        for performance in performances:
            for tag in performance.per_tag_performance:
                tag.id = None
        assert performances[0] == performances[1]
        with refused("BadRequestTrainingNotNeeded"):
            training.train_project(copy)

        data = picture("apple", 77)
        training.publish_iteration(copy, after.id, "live", RESOURCE_ID)
        published = prediction.classify_image_with_no_store(copy, "live", data)
        tested = training.quick_test_image(original, data, iteration_id=after.id, store=False)
        assert probabilities(published) == probabilities(tested)
        assert {p.tag_id for p in published.predictions} == {t.id for t in training.get_tags(copy)}
        training.unpublish_iteration(copy, after.id)


def test_import_project_goes_on_counting_iterations_and_needs_training_after_a_change(training, trained):
    with imported(training, training.export_project(trained.project.id).token, "a copy") as project:
        assert project.name == "a copy"
        upload(training, project.id, "sky", range(5))
        assert training.train_project(project.id).name == "Iteration 2"


def test_import_project_brings_what_only_an_iteration_holds(training, trained, web):
    with imported(training, training.export_project(trained.project.id).token) as first:
        gone = [image.id for image in training.get_images(first.id)]
        training.delete_images(first.id, image_ids=gone)
        with imported(training, training.export_project(first.id).token) as second:
            assert training.get_image_count(second.id) == 0
            held = training.get_images(second.id, iteration_id=trained.iteration.id)
            assert {image.id for image in held} == set(gone)
            assert all(len(web.get(image.thumbnail_uri)) > 500 for image in held)
            assert second.name == f"{first.name} (1)"


def test_import_project_of_detection_with_regions(training):
    project = training.create_project("boxes", domain_id=DETECTION, description="of apples")
    tag = training.create_tag(project.id, "apple", description="round")
    training.create_tag(project.id, "unused")
    entries = [
        ImageFileCreateEntry(
            name=str(n),
            contents=picture("apple", n),
            regions=[Region(tag_id=tag.id, left=0.1 * k, top=0.1, width=0.2, height=0.3) for k in range(n)],
        )
        for n in range(3)
    ]
    training.create_images_from_files(project.id, ImageFileCreateBatch(images=entries, metadata={"camera": "7"}))
    export = training.export_project(project.id)
    assert (export.iteration_count, export.image_count, export.tag_count, export.region_count) == (1, 3, 2, 3)
    with imported(training, export.token) as copy:
        assert (copy.name, copy.description) == ("boxes (1)", "of apples")
        assert copy.settings == project.settings
        assert images_of(training, copy.id) == images_of(training, project.id)
        assert tags_of(training, copy.id) == tags_of(training, project.id)
        with imported(training, export.token) as another:
            assert another.name == "boxes (2)"
    training.delete_project(project.id)


def test_import_project_in_another_installation(training, trained, tmp_path):
    token = training.export_project(trained.project.id).token
    with running(tmp_path) as other:
        far = CustomVisionTrainingClient(
            other.endpoint, ApiKeyCredentials(in_headers={"Training-key": other.training_key})
        )
        project = import_project(far, token, "moved")
        far.publish_iteration(project.id, trained.iteration.id, "live", RESOURCE_ID)
        near = CustomVisionPredictionClient(
            other.endpoint, ApiKeyCredentials(in_headers={"Prediction-key": other.prediction_key})
        )
        data = picture("leaf", 77)
        published = near.classify_image_with_no_store(project.id, "live", data)
    tested = training.quick_test_image(trained.project.id, data, iteration_id=trained.iteration.id, store=False)
    assert probabilities(published) == probabilities(tested)


def test_export_project_refuses_an_unknown_project(training):
    with refused("NotFoundProject"):
        training.export_project(uuid4())


@pytest.mark.parametrize(
    "token",
    ["nonsense", "ftp://127.0.0.1/a", "http://127.0.0.1:9/info.json", "http://169.254.169.254/latest/meta-data", "{}"],
)
def test_import_project_refuses_bad_tokens(training, token):
    with refused("BadRequestInvalidImportToken", "Invalid Token"):
        training.import_project(token)


def test_import_project_refuses_what_is_no_export_or_gone(training, trained, web):
    token = training.export_project(trained.project.id).token
    image = training.get_images(trained.project.id, take=1)[0]
    foreign = [
        web.serve(b"<html>"),
        web.serve(b'{"format": "another"}'),
        f"{web.address}/missing",
        image.original_image_uri,
        token.replace("info.json", "other.json"),
        token.replace("se=20", "se=19"),
        token.partition("?")[0],
    ]
    for wrong in foreign:
        with refused("BadRequestInvalidImportToken", "Invalid Token"):
            training.import_project(wrong)
    with refused("BadRequestProjectName"):
        training.import_project(token, name=" ")
