"""Many images tagged at once."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import ocellus
from functions.edge.operation import Answer
from shared.models.access.roles import LABELERS
from shared.models.workspace.bulk import RetagRequest, WorkspaceTask
from shared.operations.workspace import retagging


@ocellus("POST", "projects/{project_id}/images/retag", LABELERS, statuses=(200, 202))
def retag_images(call: Call, project_id: UUID, body: RetagRequest) -> Answer[WorkspaceTask]:
    """Put tags on, and take tags off, all images of a selection or of a filter; get_task tells how far it is."""
    task = retagging.retag_images(call.store, call.limits, project_id, body, by=call.actor)
    return Answer(202 if task.is_under_way else 200, task)
