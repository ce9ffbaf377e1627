"""What goes on in the background, in steps that can be repeated."""

from datetime import timedelta

from shared.events import Publisher
from shared.models.limits import Limits
from shared.models.messages.tasks import AnyTask, CollectPictures
from shared.models.wire import now
from shared.operations.backup import steps as backup
from shared.operations.labelling import steps as labelling
from shared.operations.notifications import steps as notifications
from shared.operations.step import AGAIN, Context, NotYet, Rest, Steps
from shared.operations.training import steps as training
from shared.operations.transfer import steps as transfer
from shared.operations.workspace import steps as workspace
from shared.settings import Settings
from shared.storage.account import queues
from shared.storage.account.store import Store
from shared.storage.serving import predictions as stored_predictions
from shared.storage.serving import results
from shared.storage.workspace import bulk as stored_bulk
from shared.storage.workspace import exchanges, transfers
from shared.storage.workspace import projects as stored_projects
from shared.storage.workspace import suggestions as stored_suggestions

FRAME_DAYS = 7
# A project's export can be read for a day, by an import that takes up to another.
EXPORT_DAYS = 2
# A change of many images can be taken back so long, and a data set be asked after.
TASK_DAYS = 7

STEPS: Steps = {
    **backup.STEPS,
    **labelling.STEPS,
    **notifications.STEPS,
    **training.STEPS,
    **transfer.STEPS,
    **workspace.STEPS,
}


def do(store: Store, settings: Settings, publisher: Publisher, task: AnyTask) -> None:
    """One step of a task. What is left of it goes back to the queue."""
    try:
        rest = STEPS[type(task)](Context(store, settings, publisher), task)
    except NotYet:
        rest = Rest(task, AGAIN)
    if rest:
        queues.send(store, rest.task, delay=rest.delay)


def expire(store: Store, limits: Limits) -> None:
    """Drop stored predictions and suggestions past their retention, and what nothing refers to or can read any more."""
    retained = now() - timedelta(days=limits.prediction_retention_days)
    stored_predictions.expire(store, retained)
    stored_suggestions.expire(store, retained)
    results.expire_frames(store, now() - timedelta(days=FRAME_DAYS))
    transfers.expire_exports(store, now() - timedelta(days=EXPORT_DAYS))
    stored_bulk.expire(store, now() - timedelta(days=TASK_DAYS))
    exchanges.expire(store, now() - timedelta(days=TASK_DAYS))
    for project in stored_projects.list_all(store):
        queues.send(store, CollectPictures(project.id, now() - timedelta(days=1)))
