"""What goes on in the background so that others hear of it: short steps, for which nothing else has to wait."""

from shared.models.messages.tasks import Announce, NotifyExport, NotifyTraining
from shared.operations.notifications import announcements, destinations
from shared.operations.step import Context, Rest, Steps


def announce(context: Context, task: Announce) -> None:
    announcements.announce(context.publisher, context.settings, task)


def notify(context: Context, task: NotifyTraining | NotifyExport) -> Rest | None:
    over = destinations.notify(context.store, context.settings, task)
    return None if over else Rest(task, destinations.RETRY_SECONDS)


STEPS: Steps = {Announce: announce, NotifyTraining: notify, NotifyExport: notify}
