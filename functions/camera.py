"""The camera pipeline: Event Grid tells of an upload, a queue carries its frame, another what failed for good.

Batches are predicted here, too: this app alone may read pictures that lie in Blob Storage.
"""

import azure.functions as func
import msgspec

from functions.edge.decorators import blueprints
from functions.edge.retrying import retried
from functions.edge.runtime import runtime
from shared.errors import ServiceError
from shared.models.messages.tasks import AnyBatchTask
from shared.models.serving.camera import Frame, Upload
from shared.models.wire import now
from shared.operations.serving import batches, camera, shares
from shared.storage.account import queues
from shared.telemetry import counters
from shared.telemetry.sending import sent
from shared.telemetry.tracing import span

blueprint = blueprints["camera"]
# Of each hour, not of each day: one run may not get through all.
EXPIRY_MINUTE = 45


@blueprint.event_grid_trigger(arg_name="event")
def camera_preprocess(event: func.EventGridEvent, context: func.Context) -> None:
    """BlobCreated in `uploads`."""
    app = runtime()
    upload = Upload.of_event(event.subject, event.get_json())
    if upload is None:
        # A subscription without its filter tells of other containers too, our own results among them.
        return
    # A subscription may deliver in the schema of CloudEvents, whose extension for tracing names the sender's trace.
    # The worker brings azure.functions, and only newer versions of it hand that on.
    told = str(getattr(event, "extension_attrs", {}).get("traceparent", ""))
    with sent(), span("camera_preprocess", told or context.trace_context.trace_parent):
        camera.preprocess(app.store, app.publisher, app.settings.limits, upload)


@blueprint.queue_trigger(arg_name="message", queue_name="frames", connection="STORAGE_CONNECTION_STRING")
def camera_predict(message: func.QueueMessage) -> None:
    app = runtime()
    frame = msgspec.json.decode(message.get_body(), type=Frame)
    with sent(), span("camera_predict", queues.trace_of(message.get_body())):
        camera.predict(app.store, app.publisher, app.sessions, frame, draw_boxes=app.settings.camera_draw_boxes)


@blueprint.queue_trigger(arg_name="message", queue_name="frames-poison", connection="STORAGE_CONNECTION_STRING")
def camera_reject_poison(message: func.QueueMessage) -> None:
    """A frame that failed on every attempt ends as a recorded rejection."""
    app = runtime()
    frame = msgspec.json.decode(message.get_body(), type=Frame)
    reason = ServiceError("The picture failed on every attempt; the log of camera_predict says why.")
    with sent(), span("camera_reject_poison", queues.trace_of(message.get_body())):
        counters.poisoned("frames")
        camera.reject(app.store, app.publisher, frame.upload, reason)


@blueprint.queue_trigger(arg_name="message", queue_name="batches", connection="STORAGE_CONNECTION_STRING")
def camera_batch(message: func.QueueMessage) -> None:
    """A step of a batch: a page of its blobs is listed, or a share of them predicted."""
    app, body = runtime(), message.get_body()
    task = msgspec.json.decode(body, type=AnyBatchTask)
    context = shares.Predicting(app.store, app.publisher, app.sessions, app.quota, app.settings.limits)
    with (
        sent(),
        retried(message, task, shares.AGAIN),
        span("camera_batch", queues.trace_of(body), task=type(task).__name__),
    ):
        shares.step(context, task)


@blueprint.timer_trigger(arg_name="timer", schedule="30 * * * * *")
def camera_tidy(timer: func.TimerRequest) -> None:
    """Uploads whose events were never taken end as recorded rejections, too; steps of batches that failed for
    good count as failed; by the hour, what is old is dropped.

    One function does all, as each timer function wakes an instance of its own.
    """
    app = runtime()
    with sent():
        camera.reject_dead_letters(app.store, app.publisher)
        for message in queues.take(app.store, "batches-poison"):
            counters.poisoned("batches")
            shares.give_up(app.store, app.publisher, msgspec.json.decode(message.body, type=AnyBatchTask))
            message.delete()
        if now().minute == EXPIRY_MINUTE:
            camera.expire(app.store, app.settings.limits)
            batches.expire(app.store)
