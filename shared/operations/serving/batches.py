"""Batches as callers begin, watch and cancel them; `shares` does what there is to do."""

from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
from msgspec.structs import replace

from shared import errors
from shared.models.limits import Limits
from shared.models.messages.tasks import SETTLED, AnyBatchTask, ListBatch, TellOfBatch
from shared.models.serving.batches import Batch, BatchRecord, BatchRequest, BatchStatus
from shared.models.serving.predictions import Pointer
from shared.models.texts import is_readable
from shared.models.wire import now
from shared.operations.workspace import projects
from shared.storage.account import queues
from shared.storage.account.store import Store
from shared.storage.serving import archives, published
from shared.storage.serving import batches as stored_batches

# So many blobs are predicted in one step, by a model that looks at each once: a minute or two of a slow one.
SHARE = 50
OUTPUT_LENGTH = 200
KEPT = timedelta(days=30)


def start_batch(
    store: Store, limits: Limits, readable: frozenset[str], project_id: UUID, request: BatchRequest, *, by: str
) -> Batch:
    """Begins it. It is answered by what the name serves now, also where another iteration is published meanwhile.

    `readable` are the containers that batches may read.
    """
    projects.get_project(store, project_id)
    _check(request, readable)
    batch_id = request.id or uuid4()
    record = _begun(store, project_id, batch_id)
    if record is None:
        pointer, _ = published.get(store, project_id, request.published_name)
        _require_room(store, limits, project_id)
        record = _record(pointer, batch_id, request, by)
        # For the case that this call is cut off once the batch is written.
        queues.send(store, ListBatch(project_id, batch_id), delay=SETTLED)
        record = stored_batches.begin(store, record)
        queues.send(store, ListBatch(project_id, batch_id))
    if record.request != request:
        raise errors.Conflict(f"There is a batch {batch_id} of something else; give this one another id.")
    return record.batch


def get_batches(store: Store, project_id: UUID) -> list[Batch]:
    """The newest first."""
    projects.get_project(store, project_id)
    found = (record.batch for record in stored_batches.list_all(store, project_id))
    return sorted(found, key=lambda batch: batch.created, reverse=True)


def get_batch(store: Store, project_id: UUID, batch_id: UUID) -> Batch:
    projects.get_project(store, project_id)
    return stored_batches.get(store, project_id, batch_id).batch


def cancel_batch(store: Store, project_id: UUID, batch_id: UUID) -> Batch:
    """What is predicted by then stays. One that has ended is left as it is."""
    projects.get_project(store, project_id)
    task = TellOfBatch(project_id, batch_id)
    record = stored_batches.update(store, project_id, batch_id, lambda found: end(found, BatchStatus.CANCELLED, task))
    if record.ended_by == step_name(task) and not record.announced:
        queues.send(store, task)
    return record.batch


def end(record: BatchRecord, status: BatchStatus, task: AnyBatchTask, message: str | None = None) -> BatchRecord:
    """Ended so, by that step, unless it has ended before."""
    if not record.batch.is_under_way:
        return record
    batch = replace(record.batch, status=status, ended=now(), message=message)
    return replace(record, batch=batch, ended_by=step_name(task))


def step_name(task: AnyBatchTask) -> str:
    """The same however often the step comes."""
    return msgspec.json.encode(task).decode()


def expire(store: Store) -> None:
    """Forget batches of which nothing was heard for long. Run by a timer."""
    stored_batches.expire(store, now() - KEPT)


def _check(request: BatchRequest, readable: frozenset[str]) -> None:
    """Raises BadRequest."""
    if request.container not in readable:
        raise errors.BadRequest(
            f"Batches may not read the container '{request.container}'; put the pictures into one of "
            f"{', '.join(sorted(readable))}, or name it in the setting BATCH_CONTAINERS."
        )
    if request.manifest is not None:
        archives.require_name(request.manifest)
        if request.prefix:
            raise errors.BadRequest("'prefix' and 'manifest' say which blobs in two ways; send one of them.")
    if request.output:
        archives.require_name(request.output)
        if len(request.output) > OUTPUT_LENGTH or request.output.startswith("/") or not is_readable(request.output):
            raise errors.BadRequest(
                f"'output' has at most {OUTPUT_LENGTH} printable characters, and does not begin with a slash."
            )


def _begun(store: Store, project_id: UUID, batch_id: UUID) -> BatchRecord | None:
    try:
        return stored_batches.get(store, project_id, batch_id)
    except errors.NotFound:
        return None


def _require_room(store: Store, limits: Limits, project_id: UUID) -> None:
    """Raises Conflict."""
    under_way = sum(record.batch.is_under_way for record in stored_batches.list_all(store, project_id))
    if under_way >= limits.batches_under_way:
        raise errors.Conflict(f"{under_way} batches of this project are under way; wait until one ends, or cancel one.")


def _record(pointer: Pointer, batch_id: UUID, request: BatchRequest, by: str) -> BatchRecord:
    folder = f"{request.output.rstrip('/')}/" if request.output else ""
    batch = Batch(
        batch_id,
        pointer.project_id,
        BatchStatus.RUNNING,
        now(),
        by,
        pointer.publish_name,
        pointer.iteration_id,
        request.container,
        request.prefix,
        request.manifest,
        f"batches/{folder}{batch_id}/",
    )
    looks = 1 if pointer.tiles < 2 else pointer.tiles**2 + 1
    return BatchRecord(batch, request, pointer.tiles, max(1, SHARE // looks))
