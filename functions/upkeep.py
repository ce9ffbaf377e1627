"""Timers and the upkeep queue: watch training jobs, expire what is old, finish deletions."""

import logging

import azure.functions as func
import msgspec

from functions.edge.decorators import blueprints
from functions.edge.runtime import runtime
from shared.models.tasks import AnyTask
from shared.operations import upkeep
from shared.operations.training import watch
from shared.storage.account import queues
from shared.storage.training import iterations
from shared.telemetry import counters
from shared.telemetry.sending import sent
from shared.telemetry.tracing import span

blueprint = blueprints["training"]
RETRY_SECONDS = 600.0


@blueprint.queue_trigger(arg_name="message", queue_name="upkeep", connection="STORAGE_CONNECTION_STRING")
def upkeep_do(message: func.QueueMessage) -> None:
    app = runtime()
    task = msgspec.json.decode(message.get_body(), type=AnyTask)
    with sent(), span("upkeep_do", queues.trace_of(message.get_body()), task=type(task).__name__):
        upkeep.do(app.store, app.settings, app.publisher, task)


@blueprint.queue_trigger(arg_name="message", queue_name="upkeep-poison", connection="STORAGE_CONNECTION_STRING")
def upkeep_retry(message: func.QueueMessage) -> None:
    """No task is given up: one that failed on every attempt waits longer for the next ones."""
    task = msgspec.json.decode(message.get_body(), type=AnyTask)
    with sent(), span("upkeep_retry", queues.trace_of(message.get_body()), task=type(task).__name__):
        counters.poisoned("upkeep")
        # Without what it holds, addresses with their keys among it.
        logging.error("%s failed on every attempt; it is tried again in %d s", type(task).__name__, RETRY_SECONDS)
        queues.send(runtime().store, "upkeep", task, delay=RETRY_SECONDS)


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
