"""What a detector finds on pictures with boxes, and how good that is."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from azure.cognitiveservices.vision.customvision.prediction import models as answered

from shared.formats.dataset import BoxedPicture, Mark
from shared.metrics import detection
from shared.models.serving.predictions import BoundingBox, Prediction
from shared.models.training.evaluations import EvaluatedBox, EvaluatedImage, Evaluation
from shared.models.training.model_spec import ModelTag
from shared.models.training.performance import IterationPerformance
from shared.models.wire import now
from shared.models.workspace.images import RegionMark

THRESHOLD = OVERLAP = 0.5
NOBODY = UUID(int=0)


class Detected(NamedTuple):
    """A picture, and what the detector says of it."""

    picture: BoxedPicture
    predictions: list[Prediction]


def prediction_of(found: answered.Prediction) -> Prediction:
    box = found.bounding_box
    place = BoundingBox(box.left, box.top, box.width, box.height)
    return Prediction(found.probability, UUID(found.tag_id), found.tag_name, bounding_box=place)


def judge(answers: Sequence[Detected], tags: Sequence[ModelTag]) -> IterationPerformance:
    """As the service judges a detector, at `THRESHOLD` and `OVERLAP`."""
    positions = {tag.id: position for position, tag in enumerate(tags)}
    ids = {tag.name: tag.id for tag in tags}
    images = [
        EvaluatedImage(
            NOBODY,
            now(),
            0,
            0,
            [],
            regions=[_truth(mark, ids) for mark in answer.picture.marks],
            boxes=[_box(each, positions) for each in answer.predictions],
        )
        for answer in answers
    ]
    return detection.iteration_performance(Evaluation(list(tags), None, images), THRESHOLD, OVERLAP)


def _truth(mark: Mark, ids: dict[str, UUID]) -> RegionMark:
    return RegionMark(NOBODY, ids[mark.tag], now(), mark.left, mark.top, mark.width, mark.height)


def _box(found: Prediction, positions: dict[UUID, int]) -> EvaluatedBox:
    assert isinstance(found.bounding_box, BoundingBox)
    box = found.bounding_box
    return EvaluatedBox(positions[found.tag_id], found.probability, box.left, box.top, box.width, box.height)
