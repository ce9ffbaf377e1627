"""What a graph answers, as predictions: the probabilities of a classifier, or the boxes of a detector."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shared.errors import PredictionModelUnreadable
from shared.imaging.boxes import Reals, xyxy_to_ltwh
from shared.imaging.resize import Placement
from shared.models.serving.predictions import BoundingBox, Prediction
from shared.models.training.model_spec import ModelSpec
from shared.models.training.preprocessing import Preprocessing
from shared.models.workspace.domains import DomainType

Values = npt.NDArray[np.generic]
# What is asked of a graph; of a classifier its first output, whatever its name.
NAMES = {
    DomainType.CLASSIFICATION: None,
    DomainType.OBJECT_DETECTION: ["detected_boxes", "detected_classes", "detected_scores"],
}
# Custom Vision answers boxes from here up.
LOWEST_PROBABILITY = 0.01


def classified(spec: ModelSpec, probabilities: Values) -> list[Prediction]:
    """Every tag, the most probable first, of float (1, tags). Raises PredictionModelUnreadable."""
    if np.shape(probabilities) != (1, len(spec.tags)):
        raise _unfit(f"has {np.shape(probabilities)} outputs for {len(spec.tags)} tags")
    found = zip(spec.tags, probabilities[0].tolist(), strict=True)
    predictions = [Prediction(probability, tag.id, tag.name, tag.type) for tag, probability in found]
    return sorted(predictions, key=lambda prediction: -prediction.probability)


class Found(NamedTuple):
    """Boxes (n, 4), x1, y1, x2, y2 in 0..1 of the picture; tags (n,), probabilities (n,)."""

    boxes: Reals
    tags: npt.NDArray[np.int64]
    probabilities: Reals


def found_in(spec: ModelSpec, values: Sequence[Values], place: Placement) -> Found:
    """The boxes that are worth an answer, of what `NAMES` says: x1, y1, x2, y2 in fractions of the model's input,
    float (1, n, 4); tags, int64 (1, n); probabilities, float (1, n); or all without the 1.

    Raises PredictionModelUnreadable.
    """
    boxes, tags, probabilities = _checked(values)
    corners = _in_picture(boxes, spec.preprocessing, place)
    # Comparing so drops what is not a number, too.
    seen = (probabilities >= LOWEST_PROBABILITY) & (corners[:, 2:] > corners[:, :2]).all(axis=1)
    return Found(corners[seen], tags[seen], probabilities[seen])


def detected(spec: ModelSpec, found: Found, most: int | None) -> list[Prediction]:
    """The `most` probable boxes, the most probable first. Raises PredictionModelUnreadable."""
    best = np.argsort(-found.probabilities, kind="stable")[:most]
    boxes, tags, probabilities = found.boxes[best], found.tags[best], found.probabilities[best]
    if not set(tags.tolist()) <= set(range(len(spec.tags))):
        raise _unfit(f"answers classes {tags.min()} to {tags.max()} for {len(spec.tags)} tags")
    rows = zip(tags.tolist(), probabilities.tolist(), xyxy_to_ltwh(boxes).tolist(), strict=True)
    return [_prediction(spec, tag, probability, box) for tag, probability, box in rows]


def _checked(values: Sequence[Values]) -> Found:
    """As they are told, of the model's input."""
    boxes, tags, scores = (np.asarray(value) for value in values)
    count, kinds = scores.size, boxes.dtype.kind + tags.dtype.kind + scores.dtype.kind
    if boxes.shape[-1:] != (4,) or (boxes.size, tags.size, kinds) != (4 * count, count, "fif"):
        raise _unfit("answers " + ", ".join(f"{each.dtype} {each.shape}" for each in (boxes, tags, scores)))
    return Found(
        boxes.astype(np.float64).reshape(count, 4),
        tags.astype(np.int64).reshape(count),
        scores.astype(np.float64).reshape(count),
    )


def _in_picture(boxes_xyxy: Reals, spec: Preprocessing, place: Placement) -> Reals:
    """Fractions of the model's input -> of the picture that lies in it, and cut off at its edges: (N, 4) -> (N, 4)."""
    pixels = boxes_xyxy * ([spec.width, spec.height] * 2)
    return ((pixels - [place.left, place.top] * 2) / ([place.width, place.height] * 2)).clip(0, 1)


def _prediction(spec: ModelSpec, index: int, probability: float, box_ltwh: list[float]) -> Prediction:
    tag = spec.tags[index]
    return Prediction(probability, tag.id, tag.name, tag.type, BoundingBox(*box_ltwh))


def _unfit(what: str) -> PredictionModelUnreadable:
    return PredictionModelUnreadable(f"The model {what}; train again.")
