"""Run by an environment of its own: indexes the three apps, calls each of their functions once, and prints the answers.

Azurite and the keys come from the environment. What is printed is the version of azure.functions, and by app and
function the status of an answer, or what a function without one ended with.
"""

import json
import re
import sys
from uuid import uuid4

import azure.functions as func
import msgspec
from azure.functions.eventgrid import EventGridEventInConverter
from azure.functions.meta import Datum

from function_app import MODULES, build
from local.host.functions import FunctionFailed, HostedFunction, index
from shared.models.messages.tasks import ListBatch, PurgeProject
from shared.models.serving.camera import Frame, Upload
from shared.settings import Settings
from shared.storage.account.store import Store

PARAMETER = re.compile(r"\{\*?(\w+)[^}]*\}")
UPLOAD = Upload(f"{uuid4()}/live/1.jpg", "0x1")
FRAME = Frame(UPLOAD, uuid4(), "live", "gone.jpg")
PURGE = PurgeProject(uuid4())
LIST = ListBatch(uuid4(), uuid4())
MESSAGES = {"frames": FRAME, "frames-poison": FRAME, "batches": LIST, "events": PURGE, "work": PURGE, "upkeep": PURGE}
EVENT = {
    "id": "1",
    "topic": "/storage",
    "subject": f"/blobServices/default/containers/uploads/blobs/{UPLOAD.path}",
    "eventType": "Microsoft.Storage.BlobCreated",
    "eventTime": "2026-11-21T00:00:00Z",
    "dataVersion": "",
    "metadataVersion": "1",
    "data": {"eTag": UPLOAD.etag},
}


def value(function: HostedFunction, settings: Settings) -> object:
    trigger = function.trigger
    match trigger.type:
        case "httpTrigger":
            names = PARAMETER.findall(trigger.route or "")
            headers = {"Training-Key": settings.training_key_1, "Prediction-Key": settings.prediction_key_1}
            given = {name: "v3.3" if name == "version" else str(uuid4()) for name in names}
            method = (trigger.methods or ["GET"])[0]
            return func.HttpRequest(method, "http://host/any", headers=headers, route_params=given, body=b"")
        case "queueTrigger":
            return func.QueueMessage(id="1", body=msgspec.json.encode(MESSAGES[trigger.queue_name]))
        case "timerTrigger":
            return func.timer.TimerRequest(past_due=False)
        case "eventGridTrigger":
            return EventGridEventInConverter.decode(Datum(json.dumps(EVENT), "json"), trigger_metadata=None)
    raise AssertionError(f"no value is known for a {trigger.type}")


def called(function: HostedFunction, settings: Settings) -> object:
    try:
        answer = function(value(function, settings))
    except FunctionFailed as fault:
        return str(fault)
    return answer.status_code if isinstance(answer, func.HttpResponse) else answer


if __name__ == "__main__":
    settings = Settings.read()
    Store.open(settings).provision()
    apps = {name: index(build(name)) for name in MODULES}
    answers = {name: {each.name: called(each, settings) for each in functions} for name, functions in apps.items()}
    json.dump({"version": func.__version__, "answers": answers}, sys.stdout)
