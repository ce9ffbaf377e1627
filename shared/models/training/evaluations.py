"""What a model said of the images that it was judged by: performance.json."""

from datetime import datetime
from uuid import UUID

from shared.models.training.model_spec import ModelTag
from shared.models.wire import Wire
from shared.models.workspace.images import RegionMark
from shared.models.workspace.projects import ClassificationType


class EvaluatedBox(Wire, frozen=True, gc=False):
    """A box that the model found: the position of its tag in `Evaluation.tags`; fractions (0..1) of the picture."""

    tag: int
    probability: float
    left: float
    top: float
    width: float
    height: float


class EvaluatedImage(Wire, frozen=True):
    """An image judged by a model that never saw it: its true tags and regions, and what the model says of it.

    A classifier says the probability of every tag in the model's order, a detector boxes.
    """

    id: UUID
    created: datetime
    width: int
    height: int
    tags: list[UUID]
    probabilities: list[float] = []
    regions: list[RegionMark] = []
    boxes: list[EvaluatedBox] = []


class Evaluation(Wire, frozen=True):
    """Per-image results, from which precision and recall at any threshold are computed."""

    tags: list[ModelTag]
    classification_type: ClassificationType | None
    images: list[EvaluatedImage]
