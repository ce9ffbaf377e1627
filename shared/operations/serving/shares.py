"""The steps of a batch: its blobs are listed page by page, and predicted share by share.

Every step may run twice, and two at once. A page is kept as it was listed first, so that a share is of the same blobs
however often it comes. Its rows are one blob that is written once, and it is counted by its number.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from shared import errors
from shared.events import Publisher
from shared.imaging.decode import check
from shared.models.limits import Limits
from shared.models.messages.events import EventType
from shared.models.messages.tasks import AnyBatchTask, ListBatch, PredictShare
from shared.models.serving.batches import FAILURES_NAMED, BatchPage, BatchRecord, BatchRow, BatchStatus
from shared.operations.serving import batches
from shared.operations.serving.pictures import require_uncompressed
from shared.operations.serving.quota import Quota
from shared.prediction.model import Model
from shared.prediction.sessions import Sessions
from shared.storage.account import queues
from shared.storage.account.store import Store
from shared.storage.serving import archives, published, results
from shared.storage.serving import batches as stored_batches
from shared.telemetry.predictions import observed

# What may go well when the step is done again; a Conflict is of steps that count at once.
AGAIN = (errors.ServiceUnavailable, errors.Conflict)
# What another picture would not change.
OF_THE_BATCH = (errors.IterationNotFound, errors.PredictionModelUnreadable, errors.QuotaExceeded)

TOO_MUCH = errors.ServiceError(
    "No attempt at this share of the batch succeeded, over one of its pictures; the log of camera_batch says why."
)


class Predicting(NamedTuple):
    """What a step works with."""

    store: Store
    publisher: Publisher
    sessions: Sessions
    quota: Quota
    limits: Limits


def step(context: Predicting, task: AnyBatchTask) -> None:
    """One step of a batch that is under way. One that fails for good ends it, with the reason."""
    _do(context.store, context.publisher, task, lambda record: _step(context, task, record))


def give_up(store: Store, publisher: Publisher, task: AnyBatchTask) -> None:
    """A step that failed on every attempt, or ended its process: what it should have done counts as failed."""

    def fail(record: BatchRecord) -> None:
        if isinstance(task, ListBatch):
            raise errors.ServiceError("Its blobs could not be listed on any attempt; start it again.")
        if isinstance(task, PredictShare):
            _settle(store, task, record, [_failed(name, TOO_MUCH) for name in _names(store, task, record)])

    _do(store, publisher, task, fail)


def _do(store: Store, publisher: Publisher, task: AnyBatchTask, work: Callable[[BatchRecord], None]) -> None:
    project_id, batch_id = task.project_id, task.batch_id
    try:
        record = stored_batches.get(store, project_id, batch_id)
    except errors.NotFound:
        return
    if record.batch.is_under_way:
        try:
            work(record)
        except errors.ServiceError as error:
            if isinstance(error, AGAIN) and not isinstance(error, errors.AccessRefused):
                raise
            message = error.message
            stored_batches.update(
                store, project_id, batch_id, lambda found: batches.end(found, BatchStatus.FAILED, task, message)
            )
    _announce(store, publisher, task)


def _announce(store: Store, publisher: Publisher, task: AnyBatchTask) -> None:
    """The step that ended a batch tells of it. The event has the same id however often it is sent."""
    project_id, batch_id = task.project_id, task.batch_id
    record = stored_batches.get(store, project_id, batch_id)
    if record.announced or record.ended_by != batches.step_name(task):
        return
    subject = f"projects/{project_id}/batches/{batch_id}"
    publisher.publish(EventType.BATCH_ENDED, subject, record.batch, f"{batch_id}:ended")
    stored_batches.update(store, project_id, batch_id, lambda found: replace(found, announced=True))


def _step(context: Predicting, task: AnyBatchTask, record: BatchRecord) -> None:
    if isinstance(task, ListBatch):
        _list(context, task, record)
    elif isinstance(task, PredictShare) and not record.has(_number(task, record)):
        _predict(context, task, record)


def _list(context: Predicting, task: ListBatch, record: BatchRecord) -> None:
    store = context.store
    if record.pages > task.page + 1:
        # A message that came twice: a later page was listed since.
        return
    page = stored_batches.get_page(store, task.batch_id, task.page)
    page = page or stored_batches.put_page(store, task.batch_id, task.page, _page(store, task, record))
    record = stored_batches.update(
        store, task.project_id, task.batch_id, lambda found: _listed(found, task, page, context.limits)
    )
    for start in range(0, len(page.names), record.share):
        share = PredictShare(task.project_id, task.batch_id, task.page, start)
        if not record.has(_number(share, record)):
            queues.send(store, share)
    if page.marker and record.batch.is_under_way:
        queues.send(store, replace(task, page=task.page + 1, marker=page.marker))


def _page(store: Store, task: ListBatch, record: BatchRecord) -> BatchPage:
    batch = record.batch
    try:
        if batch.manifest is not None:
            return archives.manifest_page(store, batch.container, batch.manifest, task.marker)
        return archives.page(store, batch.container, batch.prefix, task.marker)
    except errors.AccessRefused as refused:
        raise errors.AccessRefused(
            f"The service may not read the container '{batch.container}'; give the identity of the camera app the role "
            "Storage Blob Data Reader on it.",
            refused.reason,
        ) from refused


def _listed(record: BatchRecord, task: ListBatch, page: BatchPage, limits: Limits) -> BatchRecord:
    """With a page, which counts once. Raises ExceededBatchSize, and NotFound where there is no blob at all."""
    batch = record.batch
    if record.pages > task.page:
        return record
    total = batch.total + len(page.names)
    if total > limits.blobs_per_batch:
        raise errors.ExceededBatchSize(
            f"It has more than {limits.blobs_per_batch:,} blobs; split it by longer prefixes or by manifests."
        )
    if not total and not page.marker:
        raise errors.NotFound(_nothing(record))
    batch = replace(batch, total=total, listed=page.marker is None)
    return _completed(replace(record, batch=batch, pages=task.page + 1), task)


def _nothing(record: BatchRecord) -> str:
    batch = record.batch
    if batch.manifest is not None:
        return f"The manifest '{batch.manifest}' names no blob."
    return f"The container '{batch.container}' has no blob whose name begins with '{batch.prefix}'."


def _predict(context: Predicting, task: PredictShare, record: BatchRecord) -> None:
    store, batch = context.store, record.batch
    rows = stored_batches.get_part(store, batch.results, _number(task, record))
    if rows is None:
        # Unpublished, it must not go on; published as another iteration, it does with the one that it began with.
        published.get(store, batch.project_id, batch.published_name)
        model = context.sessions.iteration(batch.project_id, batch.iteration_id)
        rows = [_row(context, model, record, name) for name in _names(store, task, record)]
    _settle(store, task, record, rows)


def _row(context: Predicting, model: Model, record: BatchRecord, name: str) -> BatchRow:
    """Raises ServiceUnavailable, and what is OF_THE_BATCH."""
    batch, limit = record.batch, context.limits.camera_image_bytes
    context.quota.take()
    try:
        with observed(model.spec, batch.published_name, "batch") as observation:
            data = results.read_upload(context.store, name, limit, batch.container).data
            require_uncompressed(data)
            check(data, context.limits, limit)
            observation.predictions = model.predict(data, observation.watch, record.tiles)
    except (errors.ServiceUnavailable, *OF_THE_BATCH):
        raise
    except errors.ServiceError as error:
        return _failed(name, error)
    return BatchRow(name, list(observation.predictions))


def _failed(name: str, error: errors.ServiceError) -> BatchRow:
    return BatchRow(name, code=error.code, reason=error.message)


def _names(store: Store, task: PredictShare, record: BatchRecord) -> Sequence[str]:
    page = stored_batches.get_page(store, task.batch_id, task.page)
    assert page is not None, "a share is sent once its page is kept"
    return page.names[task.start : task.start + record.share]


def _number(task: PredictShare, record: BatchRecord) -> int:
    """Of a batch's shares, those of page n come before those of page n + 1."""
    shares_a_page = -(-archives.PAGE // record.share)
    return task.page * shares_a_page + task.start // record.share


def _settle(store: Store, task: PredictShare, record: BatchRecord, rows: Sequence[BatchRow]) -> None:
    """The rows first: what is counted is there."""
    kept = stored_batches.put_part(store, record.batch.results, _number(task, record), rows)
    stored_batches.update(store, task.project_id, task.batch_id, lambda found: _counted(found, task, kept))


def _counted(record: BatchRecord, task: PredictShare, rows: Sequence[BatchRow]) -> BatchRecord:
    """With the rows of a share; once, however often it comes."""
    number = _number(task, record)
    if record.has(number):
        return record
    batch, failures = record.batch, [row for row in rows if row.code]
    batch = replace(
        batch,
        done=batch.done + len(rows),
        failed=batch.failed + len(failures),
        failures=[*batch.failures, *failures][:FAILURES_NAMED],
    )
    return _completed(replace(record, batch=batch, finished=record.with_share(number)), task)


def _completed(record: BatchRecord, task: AnyBatchTask) -> BatchRecord:
    done = record.batch.listed and record.batch.done == record.batch.total
    return batches.end(record, BatchStatus.COMPLETED, task) if done else record
