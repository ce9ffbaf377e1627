"""Deleted images that come back."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import ocellus
from shared.models.access.roles import LABELERS
from shared.models.workspace.images import ImageRestoreBatch, ImageRestoreSummary
from shared.operations.workspace import restoring


@ocellus("POST", "projects/{project_id}/images/restore", LABELERS)
def restore_images(call: Call, project_id: UUID, body: ImageRestoreBatch) -> ImageRestoreSummary:
    """Bring images back that were deleted by their ids in the last ten minutes."""
    return restoring.restore_images(call.store, call.limits, project_id, body.image_ids)
