"""Files of a project, for clients that can't reach its storage."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training
from shared.models.access.roles import READERS
from shared.operations.workspace import artifacts


@training("GET", "projects/{project_id}/artifacts", READERS)
def get_artifact(call: Call, project_id: UUID, path: str) -> bytes:
    return artifacts.get_artifact(call.store, project_id, path=path)
