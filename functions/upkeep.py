"""Timers and the upkeep queue: watch training jobs, expire what is old, finish deletions."""

import azure.functions as func
import msgspec

from functions.edge import blueprints
from functions.runtime import runtime
from shared.models.jobs import Task
from shared.operations import train, upkeep

blueprint = blueprints["training"]


@blueprint.queue_trigger(arg_name="message", queue_name="upkeep", connection="AzureWebJobsStorage")
def upkeep_do(message: func.QueueMessage) -> None:
    app = runtime()
    upkeep.do(app.store, app.publisher, msgspec.json.decode(message.get_body(), type=Task))


@blueprint.timer_trigger(arg_name="timer", schedule="*/15 * * * * *")
def upkeep_watch_trainings(timer: func.TimerRequest) -> None:
    train.watch_trainings(runtime().store, runtime().settings)


@blueprint.timer_trigger(arg_name="timer", schedule="0 30 3 * * *")
def upkeep_expire(timer: func.TimerRequest) -> None:
    upkeep.expire(runtime().store, runtime().settings.limits)
