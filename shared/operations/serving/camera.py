"""The camera pipeline: an uploaded picture ends as a result or as a recorded rejection, exactly once.

Both steps can run twice on the same event: ids come from the upload's path and ETag, so every write is a rewrite.
"""

import logging
from collections import Counter
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

import msgspec

from shared import errors
from shared.events import Publisher
from shared.imaging import resize
from shared.imaging.decode import decode
from shared.imaging.drawing import draw_predictions
from shared.models.limits import Limits
from shared.models.messages.events import EventType
from shared.models.serving.camera import CameraResult, DeadEvent, Frame, Outcome, Step, Upload
from shared.models.serving.predictions import Pointer
from shared.models.wire import now
from shared.models.workspace.domains import DomainType
from shared.operations.serving import feedback
from shared.operations.serving.pictures import require_uncompressed
from shared.prediction.model import Model
from shared.prediction.sessions import Sessions
from shared.storage.account import blobs, queues
from shared.storage.account.store import Store
from shared.storage.serving import results
from shared.telemetry import counters
from shared.telemetry.predictions import observed
from shared.telemetry.tracing import annotate

UNREADABLE = "unreadable/"
NAMESPACE = UUID("6d3f6a0e-6a0b-4b52-9c5e-0c8f3f1f5f10")


class Target(NamedTuple):
    """Whose model shall look at an upload: uploads/{project_id}/{published_name}/any/path.jpg."""

    project_id: UUID
    published_name: str


def preprocess(store: Store, publisher: Publisher, limits: Limits, upload: Upload) -> Step:
    """Check an upload, write a frame that the model can take at once, and queue it."""
    target = _target(upload.path)
    try:
        blob = results.read_upload(store, upload.path, limits.camera_image_bytes)
        if not blob.data:
            # No picture yet, or the marker of a folder. What fills it has an event of its own.
            return Step.PASSED_OVER
        # Overwritten since the event: what is there now is looked at, once, however many events tell of it.
        upload = Upload(upload.path, blob.etag.strip('"'))
        if target is None:
            raise errors.BadRequest("The path names no model; upload to {project id}/{published name}/any/path.jpg.")
        if _result(store, target.project_id, upload):
            return Step.PASSED_OVER
        frame = _frame(blob.data, limits)
    except errors.ServiceUnavailable:
        raise
    except errors.ServiceError as error:
        reject(store, publisher, upload, error)
        return Step.REJECTED
    name = f"{_result_id(upload)}.jpg"
    results.write_frame(store, name, frame)
    queues.send(store, Frame(upload, target.project_id, target.published_name, name))
    return Step.QUEUED


def predict(store: Store, publisher: Publisher, sessions: Sessions, frame: Frame, *, draw_boxes: bool = False) -> None:
    """Run the published model on a frame, record the result and announce it. The frame goes last.

    With `draw_boxes` a copy of the frame shows what a detector found.
    """
    try:
        model, pointer = sessions.published(frame.project_id, frame.published_name)
        done = _result(store, frame.project_id, frame.upload)
        result = done or _predicted(store, model, pointer, frame, draw_boxes)
        _record(store, publisher, result)
        feedback.keep(store, pointer.camera_feedback, frame, result, model.spec.domain_id)
    except errors.ServiceUnavailable:
        raise
    except errors.ServiceError as error:
        reject(store, publisher, frame.upload, error)
    results.delete_frame(store, frame.blob)


def reject(store: Store, publisher: Publisher, upload: Upload, error: errors.ServiceError) -> None:
    """Record why a picture has no result; one that has its result keeps and announces it."""
    target = _target(upload.path)
    if target and (done := _result(store, target.project_id, upload)):
        _record(store, publisher, done)
        return
    rejection = CameraResult(
        _result_id(upload),
        upload,
        Outcome.REJECTED,
        now(),
        project_id=target.project_id if target else None,
        published_name=target.published_name if target else None,
        code=error.code,
        reason=error.message,
    )
    _record(store, publisher, rejection)


def reject_dead_letters(store: Store, publisher: Publisher) -> None:
    """Turn the events that Event Grid gave up on into rejections. Run by a timer."""
    for name in blobs.names(store, "deadletters", ""):
        letter = None if name.startswith(UNREADABLE) else blobs.read(store, "deadletters", name)
        if letter is None:
            continue
        try:
            events = msgspec.json.decode(letter.data, type=list[DeadEvent])
        except msgspec.MsgspecError as error:
            logging.error("The dead letter %s can't be read and is put aside: %s", name, error)
            blobs.write(store, "deadletters", UNREADABLE + name, letter.data)
            events = []
        for event in events:
            if event.upload is None or _is_empty(store, event.upload):
                continue
            reason = f"No attempt to take the picture up succeeded ({event.last_delivery_outcome}); replay it."
            reject(store, publisher, event.upload, errors.ServiceUnavailable(reason))
        blobs.delete(store, "deadletters", name)


def replay_rejected(
    store: Store, publisher: Publisher, limits: Limits, project_id: UUID | None = None
) -> tuple[int, int]:
    """Send rejected pictures that are still in `uploads` through the pipeline again.

    Returns how many were queued for their model, and how many were refused at once.
    """
    rejected = {rejection.upload.path: rejection for rejection in results.list_all(store, project_id, Outcome.REJECTED)}
    steps = Counter(_replay(store, publisher, limits, rejection.upload) for rejection in rejected.values())
    return steps[Step.QUEUED], steps[Step.REJECTED]


def _replay(store: Store, publisher: Publisher, limits: Limits, upload: Upload) -> Step:
    """One that storage refuses does not keep the others from their turn."""
    try:
        if results.upload_size(store, upload.path) is None:
            return Step.PASSED_OVER
        return preprocess(store, publisher, limits, upload)
    except (errors.Conflict, errors.UploadRefused) as refusal:
        reject(store, publisher, upload, refusal)
        return Step.REJECTED


def expire(store: Store, limits: Limits) -> None:
    """Drop results past their retention, where they have one. Run by a timer."""
    if limits.camera_result_retention_days:
        results.expire(store, now() - timedelta(days=limits.camera_result_retention_days))


def _is_empty(store: Store, upload: Upload) -> bool:
    try:
        return results.upload_size(store, upload.path) == 0
    except (errors.Conflict, errors.UploadRefused):
        return False


def _frame(data: bytes, limits: Limits) -> bytes:
    """Raises BadImageFormat and what else `resize.frame` does."""
    require_uncompressed(data)
    return resize.frame(data, limits)


def _result(store: Store, project_id: UUID, upload: Upload) -> CameraResult | None:
    """The result that is recorded already. A rejection does not count: a replay may turn it into a result."""
    try:
        recorded = results.get(store, project_id, _result_id(upload))
    except errors.NotFound:
        return None
    return recorded if recorded.outcome == Outcome.RESULT else None


def _predicted(store: Store, model: Model, pointer: Pointer, frame: Frame, draw_boxes: bool) -> CameraResult:
    result_id, drawn = _result_id(frame.upload), None
    with observed(model.spec, frame.published_name, "camera") as observation:
        data = results.read_frame(store, frame.blob)
        predictions = observation.predictions = model.predict(data, observation.watch, pointer.tiles)
    if draw_boxes and model.spec.domain_type == DomainType.OBJECT_DETECTION:
        shown = resize.jpeg(draw_predictions(decode(data), predictions))
        drawn = results.write_drawn(store, frame.project_id, result_id, shown)
    return CameraResult(
        result_id,
        frame.upload,
        Outcome.RESULT,
        now(),
        frame.project_id,
        frame.published_name,
        pointer.iteration_id,
        predictions,
        drawn=drawn,
    )


def _record(store: Store, publisher: Publisher, result: CameraResult) -> None:
    """The row before the event, both under ids that a repeat shares; a later result has an event id of its own."""
    annotate(request_id=result.id, outcome=result.code or counters.OK)
    if result.outcome == Outcome.REJECTED:
        counters.rejection(result.code or "")
    results.put(store, result)
    kind = EventType.CAMERA_RESULT if result.outcome == Outcome.RESULT else EventType.CAMERA_REJECTED
    publisher.publish(kind, f"uploads/{result.upload.path}", result, f"{result.id}:{result.outcome}")


def _result_id(upload: Upload) -> str:
    """The same for every event about this content at this path, another for new content."""
    return str(uuid5(NAMESPACE, f"{upload.path}\n{upload.etag}"))


def _target(path: str) -> Target | None:
    """Whose model the path names, or None."""
    project, _, rest = path.partition("/")
    published_name, _, name = rest.partition("/")
    try:
        return Target(UUID(project), published_name) if published_name and name else None
    except ValueError:
        return None
