"""Training of a project."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import training
from functions.edge.parameters import BudgetHours
from shared.models.iterations import Iteration, TrainingParameters, TrainingType
from shared.models.roles import TRAINERS
from shared.operations.training import train


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
    return train.train_project(
        call.store,
        call.runtime.settings,
        project_id,
        training_type=training_type,
        reserved_budget_in_hours=reserved_budget_in_hours,
        force_train=force_train,
        notification_email_address=notification_email_address,
        parameters=body,
    )
