"""What an iteration is trained on, frozen when it begins: dataset.jsonl."""

from uuid import UUID

from shared.models.wire import Wire
from shared.models.workspace.images import ImageRecord
from shared.models.workspace.projects import ClassificationType
from shared.models.workspace.tags import Tag


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
