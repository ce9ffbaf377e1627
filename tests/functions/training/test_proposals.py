"""Region proposals through the SDK."""

from uuid import uuid4

import pytest
from PIL import Image

from local.demo import scenes
from tests.functions.flows import refused
from tests.pictures import encoded
from tests.prediction.graphs import DETECTION_DOMAIN


@pytest.fixture(scope="module")
def detection(training):
    return training.create_project(f"proposals {uuid4()}", domain_id=str(DETECTION_DOMAIN))


def test_get_image_region_proposals(training, detection):
    scene = scenes.draw("chipped", 1)
    [created] = training.create_images_from_data(detection.id, encoded(scene.image)).images
    answer = training.get_image_region_proposals(detection.id, created.image.id)
    assert (answer.project_id, answer.image_id) == (detection.id, created.image.id)
    assert 0 < len(answer.proposals) <= 25
    confidences = [proposal.confidence for proposal in answer.proposals]
    assert confidences == sorted(confidences, reverse=True)
    boxes = [(box.left, box.top, box.width, box.height) for box in (each.bounding_box for each in answer.proposals)]
    assert any(box == pytest.approx(scene.box_ltwh, abs=0.1) for box in boxes)


def test_get_image_region_proposals_of_a_blank_picture_is_empty(training, detection):
    [created] = training.create_images_from_data(detection.id, encoded(Image.new("RGB", (300, 200)))).images
    assert training.get_image_region_proposals(detection.id, created.image.id).proposals == []


def test_get_image_region_proposals_refuses(training, detection, trained):
    [image] = training.get_images(trained.project.id, take=1)
    with refused("BadRequestOperationNotSupported", "object detection"):
        training.get_image_region_proposals(trained.project.id, image.id)
    with refused("NotFoundImage"):
        training.get_image_region_proposals(detection.id, uuid4())
    with refused("NotFoundImage"):
        training.get_image_region_proposals(detection.id, image.id)
    with refused("NotFoundProject"):
        training.get_image_region_proposals(uuid4(), image.id)
    with refused("BadRequestInvalidIds"):
        training.get_image_region_proposals(detection.id, "no id")
