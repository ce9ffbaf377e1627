"""Iterations of the training API: trained, read, changed, published."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training
from functions.edge.parameters import BudgetHours
from shared.models.access.roles import DEPLOYERS, READERS, TRAINERS
from shared.models.training.iterations import Iteration, IterationUpdate, TrainingParameters, TrainingType
from shared.operations.serving import publish
from shared.operations.training import iterations, train
from shared.packages.exportability import iteration_with_exports


@training("POST", "projects/{project_id}/train", TRAINERS, rate="trainings_per_second")
def train_project(
    call: Call,
    project_id: UUID,
    body: TrainingParameters,
    training_type: TrainingType = TrainingType.REGULAR,
    reserved_budget_in_hours: BudgetHours = 0,
    force_train: bool = False,
    notification_email_address: str | None = None,
) -> Iteration:
    settings = call.runtime.settings
    iteration = train.train_project(
        call.store,
        settings,
        project_id,
        training_type=training_type,
        reserved_budget_in_hours=reserved_budget_in_hours,
        force_train=force_train,
        notification_email_address=notification_email_address,
        parameters=body,
    )
    return iteration_with_exports(settings, iteration)


@training("GET", "projects/{project_id}/iterations", READERS)
def get_iterations(call: Call, project_id: UUID) -> list[Iteration]:
    found = iterations.get_iterations(call.store, project_id)
    return [iteration_with_exports(call.runtime.settings, iteration) for iteration in found]


@training("GET", "projects/{project_id}/iterations/{iteration_id}", READERS)
def get_iteration(call: Call, project_id: UUID, iteration_id: UUID) -> Iteration:
    return iteration_with_exports(call.runtime.settings, iterations.get_iteration(call.store, project_id, iteration_id))


@training(
    "PATCH",
    "projects/{project_id}/iterations/{iteration_id}",
    TRAINERS,
    audit=("project_id", "iteration_id", "name", "is_default"),
)
def update_iteration(call: Call, project_id: UUID, iteration_id: UUID, body: IterationUpdate) -> Iteration:
    iteration = iterations.update_iteration(call.store, project_id, iteration_id, body)
    return iteration_with_exports(call.runtime.settings, iteration)


@training("DELETE", "projects/{project_id}/iterations/{iteration_id}", TRAINERS, audit=("project_id", "iteration_id"))
def delete_iteration(call: Call, project_id: UUID, iteration_id: UUID) -> None:
    iterations.delete_iteration(call.store, project_id, iteration_id)


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
