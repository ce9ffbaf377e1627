"""What a training job reads and writes beside the iteration: its dataset, the model's description, its results."""

from datetime import datetime
from uuid import UUID

from shared.models.domains import DomainType
from shared.models.images import ImageRecord, RegionMark
from shared.models.preprocessing import Preprocessing
from shared.models.projects import ClassificationType
from shared.models.tags import Tag, TagType
from shared.models.wire import Wire

# What is trained now: the backbone, and the side in pixels of what it sees. A head fits embeddings of its own alone.
ARCHITECTURE = "efficientnet-lite0-288"


class DatasetHeader(Wire, frozen=True):
    """The first line of dataset.jsonl; each further line is an ImageRecord. Tags are those to train, in their order."""

    project_id: UUID
    iteration_id: UUID
    domain_id: UUID
    classification_type: ClassificationType | None
    tags: list[Tag]


class Dataset(Wire, frozen=True):
    header: DatasetHeader
    images: list[ImageRecord]


class ModelTag(Wire, frozen=True):
    id: UUID
    name: str
    type: TagType = TagType.REGULAR


class ModelSpec(Wire, frozen=True):
    """model.json: all that serving needs beside the graph. Tags stand in the order of the graph's outputs."""

    project_id: UUID
    iteration_id: UUID
    domain_id: UUID
    domain_type: DomainType
    classification_type: ClassificationType | None
    tags: list[ModelTag]
    preprocessing: Preprocessing
    trained: datetime
    architecture: str = ARCHITECTURE


class EvaluatedBox(Wire, frozen=True):
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
    """performance.json: per-image results, from which precision and recall at any threshold are computed."""

    tags: list[ModelTag]
    classification_type: ClassificationType | None
    images: list[EvaluatedImage]
