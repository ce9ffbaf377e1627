"""How a training ends: what is told of it, and that the next may begin."""

from uuid import uuid5

from msgspec.structs import replace

from shared.models.messages.events import EventType
from shared.models.messages.tasks import Announce, NotifyTraining, StopTraining
from shared.models.training.iterations import REASON_LENGTH, Iteration, IterationRecord, IterationStatus
from shared.models.wire import now
from shared.storage.account import queues
from shared.storage.account.store import Store
from shared.storage.training import iterations as stored_iterations


def end_training(store: Store, record: IterationRecord) -> None:
    """What a training does last: announce its end, under an id that a repeat shares, then unlock."""
    iteration = record.iteration
    completed = iteration.status == IterationStatus.COMPLETED
    event = EventType.ITERATION_TRAINED if completed else EventType.ITERATION_FAILED
    address = record.run.notification_email_address
    queues.send(store, Announce(event, str(uuid5(iteration.id, event)), iteration, address))
    queues.send(store, NotifyTraining(iteration.project_id, now(), iteration.id, iteration.status))
    stored_iterations.unlock_training(store, iteration.project_id, iteration.id)


def fail(store: Store, iteration: Iteration, reason: str) -> None:
    def change(record: IterationRecord) -> IterationRecord:
        if record.iteration.status != IterationStatus.TRAINING:
            return record
        failed = replace(
            record.iteration,
            status=IterationStatus.FAILED,
            exportable_to=[],
            training_error_details=reason[:REASON_LENGTH],
            last_modified=now(),
        )
        return replace(record, iteration=failed)

    end_training(store, stored_iterations.update(store, iteration.project_id, iteration.id, change))


def cancel(store: Store, record: IterationRecord) -> None:
    """End a training that nobody waits for any more; its job is stopped aside."""
    fail(store, record.iteration, "The training was cancelled.")
    if record.run.execution:
        queues.send(store, StopTraining(record.run.execution))
