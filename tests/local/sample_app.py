"""A FunctionApp with every trigger that the local host runs; its functions leave blobs in the container `traces`."""

import contextlib
import json
import threading
import time

import azure.functions as func
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import ContainerClient, LinearRetry

from shared.settings import Settings

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
_overlap = threading.Semaphore(1)


def _trace(name: str, content: str) -> None:
    storage = Settings.read().storage_connection_string
    traces = ContainerClient.from_connection_string(storage, "traces", retry_policy=LinearRetry(backoff=1))
    with contextlib.suppress(ResourceExistsError):
        traces.create_container()
    traces.upload_blob(f"{name}/{time.time_ns()}", content)


@app.function_name("b_echo")
@app.route("echo/{word}/{*rest}", methods=["GET", "POST"])
def b_echo(req: func.HttpRequest) -> func.HttpResponse:
    seen = {
        "function": "b_echo",
        "method": req.method,
        "url": req.url,
        "params": dict(req.params),
        "route": dict(req.route_params),
        "header": req.headers.get("X-Twice", ""),
        "size": len(req.get_body()),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json", headers={"X-Answer": "yes"})


@app.function_name("a_any")
@app.route("echo/any")
def a_any(req: func.HttpRequest) -> str:
    return "a_any"


@app.function_name("c_any")
@app.route("Echo/{word}")
def c_any(req: func.HttpRequest) -> str:
    return f"c_any {req.route_params['word']}"


@app.route("files/{*path}", methods=["GET", "HEAD"])
def files(req: func.HttpRequest) -> str:
    return str(req.route_params.get("path", ""))


@app.route("fails")
def fails(req: func.HttpRequest) -> str:
    raise RuntimeError("a secret that no caller may see")


@app.route("nothing", methods=["DELETE"])
def nothing(req: func.HttpRequest) -> None:
    return None


@app.route("slow")
def slow(req: func.HttpRequest) -> str:
    time.sleep(1)
    return "done"


@app.queue_trigger(arg_name="message", queue_name="work", connection="STORAGE_CONNECTION_STRING")
def work(message: func.QueueMessage) -> None:
    body = message.get_body().decode()
    _trace(f"work-{body}", str(message.dequeue_count))
    if body.startswith("bad"):
        raise ValueError(body)
    if body.startswith("flaky") and message.dequeue_count == 1:
        raise ValueError(body)
    if body.startswith("long"):
        time.sleep(4)


@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
def tick(timer: func.TimerRequest) -> None:
    alone = _overlap.acquire(blocking=False)
    time.sleep(1.2)
    _trace("tick", "alone" if alone else "overlapping")
    if alone:
        _overlap.release()


@app.event_grid_trigger(arg_name="event")
def seen(event: func.EventGridEvent) -> None:
    data = event.get_json()
    if "refused" in event.subject:
        raise ValueError("refused")
    _trace("seen", json.dumps({"subject": event.subject, "type": event.event_type, "id": event.id, "data": data}))
