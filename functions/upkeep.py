"""Timers and the upkeep queue: watch training jobs, expire what is old, finish deletions."""

import logging

import azure.functions as func
import msgspec

from functions.edge import blueprints
from functions.runtime import runtime
from shared.models.jobs import AnyTask
from shared.operations import upkeep
from shared.operations.training import train
from shared.storage.account import queues
from shared.storage.training import iterations

blueprint = blueprints["training"]
RETRY_SECONDS = 600.0


@blueprint.queue_trigger(arg_name="message", queue_name="upkeep", connection="STORAGE_CONNECTION_STRING")
def upkeep_do(message: func.QueueMessage) -> None:
    app = runtime()
    upkeep.do(app.store, app.settings, app.publisher, msgspec.json.decode(message.get_body(), type=AnyTask))


@blueprint.queue_trigger(arg_name="message", queue_name="upkeep-poison", connection="STORAGE_CONNECTION_STRING")
def upkeep_retry(message: func.QueueMessage) -> None:
    """No task is given up: one that failed on every attempt waits longer for the next ones."""
    task = msgspec.json.decode(message.get_body(), type=AnyTask)
    logging.error("%s failed on every attempt; it is tried again in %d s", task, RETRY_SECONDS)
    queues.send(runtime().store, "upkeep", task, delay=RETRY_SECONDS)


@blueprint.timer_trigger(arg_name="timer", schedule="*/15 * * * * *")
def upkeep_watch_trainings(timer: func.TimerRequest) -> None:
    app = runtime()
    for lock in iterations.running(app.store):
        try:
            train.watch_training(app.store, app.settings, lock)
        except Exception:
            # One project that can't be looked after must not keep the others from it.
            logging.exception("The training of project %s could not be watched", lock.project_id)


@blueprint.timer_trigger(arg_name="timer", schedule="0 30 3 * * *")
def upkeep_expire(timer: func.TimerRequest) -> None:
    upkeep.expire(runtime().store, runtime().settings.limits)
