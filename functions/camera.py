"""The camera pipeline: Event Grid tells of an upload, a queue carries its frame, another what failed for good."""

import azure.functions as func
import msgspec

from functions.edge import blueprints
from functions.runtime import runtime
from shared.errors import ServiceError
from shared.models.camera import Frame, Upload
from shared.operations.serving import camera

blueprint = blueprints["camera"]


@blueprint.event_grid_trigger(arg_name="event")
def camera_preprocess(event: func.EventGridEvent) -> None:
    """BlobCreated in `uploads`."""
    app = runtime()
    upload = Upload.of_event(event.subject, event.get_json()["eTag"])
    if not upload.path:
        # A subscription without its filter tells of other containers too, our own results among them.
        return
    camera.preprocess(app.store, app.publisher, app.settings.limits, upload)


@blueprint.queue_trigger(arg_name="message", queue_name="frames", connection="STORAGE_CONNECTION_STRING")
def camera_predict(message: func.QueueMessage) -> None:
    app = runtime()
    frame = msgspec.json.decode(message.get_body(), type=Frame)
    camera.predict(app.store, app.publisher, app.sessions, frame, draw_boxes=app.settings.camera_draw_boxes)


@blueprint.queue_trigger(arg_name="message", queue_name="frames-poison", connection="STORAGE_CONNECTION_STRING")
def camera_reject_poison(message: func.QueueMessage) -> None:
    """A frame that failed on every attempt ends as a recorded rejection."""
    app = runtime()
    frame = msgspec.json.decode(message.get_body(), type=Frame)
    reason = ServiceError("The picture failed on every attempt; the log of camera_predict says why.")
    camera.reject(app.store, app.publisher, frame.upload, reason)


@blueprint.timer_trigger(arg_name="timer", schedule="30 * * * * *")
def camera_reject_dead_letters(timer: func.TimerRequest) -> None:
    """An upload whose event was never taken ends as a recorded rejection, too."""
    camera.reject_dead_letters(runtime().store, runtime().publisher)
