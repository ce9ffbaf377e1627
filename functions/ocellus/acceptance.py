"""Suggestions made labels."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import ocellus
from functions.edge.operation import Answer
from shared.models.access.roles import LABELERS
from shared.models.workspace.bulk import AcceptRequest, WorkspaceTask
from shared.operations.labelling import acceptance


@ocellus("POST", "projects/{project_id}/suggestions/accept", LABELERS, statuses=(200, 202))
def accept_suggestions(call: Call, project_id: UUID, body: AcceptRequest) -> Answer[WorkspaceTask]:
    """Make labels of what an iteration suggested for untagged images; get_task tells how far it is."""
    task = acceptance.accept_suggestions(call.store, call.limits, project_id, body, by=call.actor)
    return Answer(202 if task.is_under_way else 200, task)
