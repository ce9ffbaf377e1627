"""Publishing of iterations."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training
from shared.models.roles import DEPLOYERS
from shared.operations.serving import publish


@training(
    "POST",
    "projects/{project_id}/iterations/{iteration_id}/publish",
    DEPLOYERS,
    audit=("project_id", "iteration_id", "publish_name", "prediction_id", "overwrite"),
)
def publish_iteration(
    call: Call, project_id: UUID, iteration_id: UUID, publish_name: str, prediction_id: str, overwrite: bool = False
) -> bool:
    return publish.publish_iteration(
        call.store,
        project_id,
        iteration_id,
        publish_name=publish_name,
        prediction_id=prediction_id,
        overwrite=overwrite,
        by=call.actor,
    )


@training(
    "DELETE", "projects/{project_id}/iterations/{iteration_id}/publish", DEPLOYERS, audit=("project_id", "iteration_id")
)
def unpublish_iteration(call: Call, project_id: UUID, iteration_id: UUID) -> None:
    publish.unpublish_iteration(call.store, project_id, iteration_id)
