"""Changes of many images as tasks: how far one is, and the way back."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import ocellus
from functions.edge.operation import Answer
from shared.models.access.roles import LABELERS, READERS
from shared.models.workspace.bulk import WorkspaceTask
from shared.operations.workspace import bulk

TASK = "projects/{project_id}/tasks/{task_id}"


@ocellus("GET", TASK, READERS)
def get_task(call: Call, project_id: UUID, task_id: UUID) -> WorkspaceTask:
    """How far a task is."""
    return bulk.get_task(call.store, project_id, task_id)


@ocellus("POST", f"{TASK}/undo", LABELERS, statuses=(200, 202))
def undo_task(call: Call, project_id: UUID, task_id: UUID) -> Answer[WorkspaceTask]:
    """Take back what a task has changed, while it is under way or afterwards."""
    task = bulk.undo_task(call.store, project_id, task_id)
    return Answer(202 if task.is_under_way else 200, task)
