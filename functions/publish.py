"""Publishing of iterations."""

from uuid import UUID

from functions.call import Call
from functions.edge import training
from shared.operations import publish


@training("POST", "projects/{project_id}/iterations/{iteration_id}/publish")
def publish_iteration(call: Call, project_id: UUID, iteration_id: UUID) -> bool:
    return publish.publish_iteration(
        call.store,
        project_id,
        iteration_id,
        publish_name=call.query("publishName"),
        prediction_id=call.query("predictionId"),
        overwrite=call.flag("overwrite", False),
    )


@training("DELETE", "projects/{project_id}/iterations/{iteration_id}/publish")
def unpublish_iteration(call: Call, project_id: UUID, iteration_id: UUID) -> None:
    publish.unpublish_iteration(call.store, project_id, iteration_id)
