"""Timers and the queues of tasks: watch training jobs, expire what is old, back up, end deletions, tell who waits."""

import logging

import azure.functions as func
import msgspec

from functions.edge.decorators import blueprints
from functions.edge.retrying import retried, retry
from functions.edge.runtime import runtime
from shared.models.messages.tasks import AnyTask
from shared.operations import upkeep
from shared.operations.backup import nightly
from shared.operations.training import watch
from shared.storage.account import queues
from shared.storage.training import iterations
from shared.telemetry.sending import sent
from shared.telemetry.tracing import span

blueprint = blueprints["training"]
ASIDE = ("events-poison", "work-poison", "upkeep-poison")


@blueprint.queue_trigger(arg_name="message", queue_name="events", connection="STORAGE_CONNECTION_STRING")
def upkeep_events(message: func.QueueMessage) -> None:
    _do("upkeep_events", message)


@blueprint.queue_trigger(arg_name="message", queue_name="work", connection="STORAGE_CONNECTION_STRING")
def upkeep_work(message: func.QueueMessage) -> None:
    _do("upkeep_work", message)


@blueprint.queue_trigger(arg_name="message", queue_name="upkeep", connection="STORAGE_CONNECTION_STRING")
def upkeep_patient(message: func.QueueMessage) -> None:
    """Tasks that may wait. Others are of before there were several queues, and jobs that began then still send them."""
    body = message.get_body()
    task = msgspec.json.decode(body, type=AnyTask)
    if task.queue == "upkeep":
        _do("upkeep_patient", message)
    else:
        with sent(), span("upkeep_patient", queues.trace_of(body), task=type(task).__name__):
            queues.send(runtime().store, task)


@blueprint.timer_trigger(arg_name="timer", schedule="0 15 * * * *")
def upkeep_retry_aside(timer: func.TimerRequest) -> None:
    """A task lies aside that could not even be begun again, as when its process was killed on every attempt."""
    with sent():
        for message in (message for queue in ASIDE for message in queues.take(runtime().store, queue)):
            try:
                retry(message.body, msgspec.json.decode(message.body, type=AnyTask))
            except msgspec.MsgspecError:
                logging.exception("A message stays aside: it is no task that this version knows")
            else:
                message.delete()


@blueprint.timer_trigger(arg_name="timer", schedule="0 0 * * * *")
def upkeep_watch_trainings(timer: func.TimerRequest) -> None:
    """Each training is watched by a task of its own; this finds one whose task was never sent, or is from before."""
    app = runtime()
    with sent():
        for lock in iterations.running(app.store):
            try:
                watch.watch_training(app.store, app.settings, lock)
            except Exception:
                # One project that can't be looked after must not keep the others from it.
                logging.exception("The training of project %s could not be watched", lock.project_id)


@blueprint.timer_trigger(arg_name="timer", schedule="0 30 3 * * *")
def upkeep_expire(timer: func.TimerRequest) -> None:
    with sent():
        upkeep.expire(runtime().store, runtime().settings.limits)


@blueprint.timer_trigger(arg_name="timer", schedule="0 0 2 * * *")
def upkeep_back_up(timer: func.TimerRequest) -> None:
    with sent():
        nightly.begin(runtime().store, runtime().settings)


def _do(name: str, message: func.QueueMessage) -> None:
    app, body = runtime(), message.get_body()
    task = msgspec.json.decode(body, type=AnyTask)
    with sent(), retried(message, task), span(name, queues.trace_of(body), task=type(task).__name__):
        upkeep.do(app.store, app.settings, app.publisher, task)
