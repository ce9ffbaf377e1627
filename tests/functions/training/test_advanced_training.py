"""Advanced training through the SDK, by a shrunken recipe on rendered scenes."""

from itertools import count, islice
from uuid import uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    Region,
)

from shared.imaging.boxes import xyxy_to_ltwh
from tests.functions.flows import refused, train
from tests.prediction.graphs import DETECTION_DOMAIN
from tests.training_job.detection.scenes import rendered


@pytest.fixture
def discs(training):
    """A detection project with a tag, whose boxes are on fifteen scenes."""
    project = training.create_project(f"discs {uuid4()}", domain_id=str(DETECTION_DOMAIN))
    tag = training.create_tag(project.id, "disc")
    scenes = (rendered(seed) for seed in count())
    images = [
        ImageFileCreateEntry(
            name=f"{number}.jpg",
            contents=data,
            regions=[
                Region(tag_id=tag.id, left=left, top=top, width=width, height=height)
                for left, top, width, height in xyxy_to_ltwh(boxes[tags == 0]).tolist()
            ],
        )
        for number, (data, boxes, tags) in enumerate(islice((each for each in scenes if 0 in each[2]), 15))
    ]
    assert training.create_images_from_files(project.id, ImageFileCreateBatch(images=images)).is_batch_successful
    yield project
    training.delete_project(project.id)


def test_train_project_fine_tunes_a_detector_within_its_budget(training, discs):
    """Takes as long as a small detector is trained and then fine-tuned."""
    for hours in (-1, 25):
        with refused("BadRequest", "reservedBudgetInHours"):
            training.train_project(discs.id, training_type="Advanced", reserved_budget_in_hours=hours)
    iteration = train(training, discs.id, training_type="Advanced", reserved_budget_in_hours=1)
    assert (iteration.training_type, iteration.reserved_budget_in_hours) == ("Advanced", 1)
    assert 1 <= iteration.training_time_in_minutes < 60
    performance = training.get_iteration_performance(discs.id, iteration.id, threshold=0.3, overlap_threshold=0.5)
    # Of three held-out scenes, with a recipe that is shrunken; a model that learned nothing finds nothing.
    assert performance.average_precision > 0.1
    with refused("BadRequestTrainingNotNeeded"):
        training.train_project(discs.id, training_type="Advanced", reserved_budget_in_hours=1)
