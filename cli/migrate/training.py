"""A model of what was moved, trained here."""

import time
from uuid import UUID

from msgspec import Struct

from cli.migrate.iterations import Performance, performance
from cli.migrate.service import Refused, Service
from cli.migrate.shapes import Iteration

POLL_SECONDS = 5.0
NOT_NEEDED, IN_PROGRESS = "BadRequestTrainingNotNeeded", "BadRequestTrainingAlreadyInProgress"
INVALID = "TrainingValidationFailed"


class Trained(Struct, frozen=True):
    """The iteration that learned from the images as they are here now; where there is none, why not."""

    iteration: UUID | None
    name: str
    performance: Performance | None = None
    reason: str = ""


def train(target: Service, project: UUID) -> Trained:
    """Where nothing has changed since the last training, that one counts; one that was begun is waited for."""
    try:
        iteration = target.send(Iteration, "POST", "projects", project, "train")
    except Refused as refused:
        if refused.code.endswith(INVALID):
            return Trained(None, "", reason=str(refused))
        if refused.code not in (NOT_NEEDED, IN_PROGRESS):
            raise
        iteration = _last(target, project)
    while iteration.status not in ("Completed", "Failed"):
        time.sleep(POLL_SECONDS)
        iteration = target.get(Iteration, "projects", project, "iterations", iteration.id)
    if iteration.status == "Failed":
        return Trained(None, iteration.name, reason=f"training failed: {iteration.training_error_details}")
    return Trained(iteration.id, iteration.name, performance(target, project, iteration.id))


def _last(target: Service, project: UUID) -> Iteration:
    """The one in training, or that was trained last; imported models were not trained here."""
    ours = [each for each in target.iterations(project) if each.imported_from is None and each.status != "Failed"]
    return max(ours, key=lambda each: (each.status != "Completed", each.trained_at or ""))
