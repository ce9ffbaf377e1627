"""Events on the configured topic: what became of an iteration."""

from msgspec import structs

from shared.events import Publisher
from shared.models.messages.events import EventType
from shared.models.messages.tasks import Announce
from shared.models.training.iterations import EndedIteration
from shared.packages.exportability import iteration_with_exports
from shared.settings import Settings
from shared.telemetry import counters


def announce(publisher: Publisher, settings: Settings, task: Announce) -> None:
    iteration = iteration_with_exports(settings, task.iteration)
    if task.event in (EventType.ITERATION_TRAINED, EventType.ITERATION_FAILED):
        counters.training(counters.OK if task.event == EventType.ITERATION_TRAINED else "Failed")
        iteration = EndedIteration(
            **structs.asdict(iteration), notification_email_address=task.notification_email_address
        )
    publisher.publish(task.event, f"projects/{iteration.project_id}/iterations/{iteration.id}", iteration, task.id)
