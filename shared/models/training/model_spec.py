"""What serving needs to know of a model beside its graph: model.json."""

from datetime import datetime
from uuid import UUID

from shared.models.training.importing import ModelOrigin
from shared.models.training.preprocessing import Preprocessing
from shared.models.wire import Wire
from shared.models.workspace.domains import DomainType
from shared.models.workspace.projects import ClassificationType
from shared.models.workspace.tags import TagType

# Of models that name none: the backbone, and the side in pixels of what it sees.
FIRST_ARCHITECTURE = "efficientnet-lite0-288"


class ModelTag(Wire, frozen=True):
    id: UUID
    name: str
    type: TagType = TagType.REGULAR


class ModelSpec(Wire, frozen=True):
    """Tags stand in the order of the graph's outputs. A model that was imported has an `origin`."""

    project_id: UUID
    iteration_id: UUID
    domain_id: UUID
    domain_type: DomainType
    classification_type: ClassificationType | None
    tags: list[ModelTag]
    preprocessing: Preprocessing
    trained: datetime
    architecture: str = FIRST_ARCHITECTURE
    origin: ModelOrigin | None = None
