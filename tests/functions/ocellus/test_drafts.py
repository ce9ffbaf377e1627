"""Detectors of a few images, over HTTP."""

from uuid import UUID

import pytest
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    Region,
)

from shared.storage.training import iterations as stored_iterations
from tests.functions.flows import DETECTION, refused
from tests.pictures import picture


@pytest.fixture
def draft(post):
    return lambda project: post(f"projects/{project.id}/iterations/draft", {})


@pytest.fixture
def boxed(training):
    """A detector with two tags, of which one has boxes on so many images, and the other on one fewer."""

    def make(count):
        project = training.create_project(f"draft of {count}", domain_id=DETECTION)
        tags = [training.create_tag(project.id, name).id for name in ("fork", "spoon")]
        regions = [[Region(tag_id=tag, left=0.1, top=0.1, width=0.5, height=0.5) for tag in tags], []]
        regions[1] = regions[0][:1]
        entries = [ImageFileCreateEntry(contents=picture("leaf", at), regions=regions[at == 0]) for at in range(count)]
        assert training.create_images_from_files(project.id, ImageFileCreateBatch(images=entries)).is_batch_successful
        return project

    return make


def test_train_draft_learns_from_the_tags_with_a_few_images(training, storage, draft, boxed):
    project = boxed(5)
    with refused("BadRequestDetectionTrainingValidationFailed"):
        training.train_project(project.id)
    begun = draft(project)
    assert (begun.status, begun.body["status"], begun.body["trainingType"]) == (200, "Training", "Regular")
    run = stored_iterations.get(storage, UUID(project.id), UUID(begun.body["id"])).run
    names = {tag.id: tag.name for tag in training.get_tags(project.id)}
    assert (run.draft, [names[str(tag_id)] for tag_id in run.selected_tags]) == (True, ["fork"])
    assert draft(project).body["code"] == "BadRequestTrainingAlreadyInProgress"
    training.delete_iteration(project.id, begun.body["id"])


def test_train_draft_refuses_fewer_images_and_classifiers(draft, boxed, project):
    few = draft(boxed(4))
    assert (few.status, few.body["code"]) == (400, "BadRequestDetectionTrainingValidationFailed")
    assert "No tag has boxes on 5 images yet" in few.body["message"]
    assert draft(project).body["code"] == "BadRequestOperationNotSupported"
