"""Batches: what a published name says of many blobs."""

from uuid import UUID

from functions.edge.call import Call
from functions.edge.decorators import ocellus
from functions.edge.operation import Answer
from shared.models.access.roles import EVERYBODY, PREDICTORS
from shared.models.serving.batches import Batch, BatchRequest
from shared.operations.serving import batches

BATCHES = "projects/{project_id}/batches"


@ocellus(
    "POST",
    BATCHES,
    PREDICTORS,
    statuses=(202,),
    audit=("project_id", "published_name", "container", "prefix", "manifest"),
)
def start_batch(call: Call, project_id: UUID, body: BatchRequest) -> Answer[Batch]:
    """Have a published name predict many blobs of Blob Storage; get_batch tells how far it is."""
    readable = call.runtime.settings.archives
    return Answer(202, batches.start_batch(call.store, call.limits, readable, project_id, body, by=call.actor))


@ocellus("GET", BATCHES, EVERYBODY)
def get_batches(call: Call, project_id: UUID) -> list[Batch]:
    """The batches of a project, the newest first; they are kept for 30 days."""
    return batches.get_batches(call.store, project_id)


@ocellus("GET", f"{BATCHES}/{{batch_id}}", EVERYBODY)
def get_batch(call: Call, project_id: UUID, batch_id: UUID) -> Batch:
    """How far a batch is."""
    return batches.get_batch(call.store, project_id, batch_id)


@ocellus("POST", f"{BATCHES}/{{batch_id}}/cancel", PREDICTORS, audit=("project_id", "batch_id"))
def cancel_batch(call: Call, project_id: UUID, batch_id: UUID) -> Batch:
    """End a batch that is under way; what is predicted by then stays."""
    return batches.cancel_batch(call.store, project_id, batch_id)
