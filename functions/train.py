"""Training of a project."""

from uuid import UUID

from functions.call import Call
from functions.edge import training
from shared.models.iterations import Iteration, TrainingParameters, TrainingType
from shared.operations import train


@training("POST", "projects/{project_id}/train")
def train_project(call: Call, project_id: UUID) -> Iteration:
    return train.train_project(
        call.store,
        call.runtime.settings,
        project_id,
        training_type=call.choice("trainingType", TrainingType.REGULAR),
        reserved_budget_in_hours=call.integer("reservedBudgetInHours", 0),
        force_train=call.flag("forceTrain", False),
        notification_email_address=call.optional("notificationEmailAddress"),
        parameters=call.json(TrainingParameters),
    )
