"""How cameras' pictures end, and the pictures on their way there: uploads, and their prepared copies in frames."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import groupby, islice
from uuid import UUID

import msgspec

from shared.errors import AccessRefused, BadImageSize, Conflict, NotFound, UploadRefused
from shared.models.serving.camera import CameraResult, Outcome
from shared.storage.account import blobs, contents, queries, rows
from shared.storage.account.blobs import BlobRefused
from shared.storage.account.contents import Blob
from shared.storage.account.store import Store
from shared.storage.account.transactions import LIMIT, Change, RowChanged, RowMissing, transact
from shared.storage.serving import archives

UNKNOWN = "unknown"
# Why storage does not hand a blob out, by its own word.
KEPT_BACK = {
    "BlobArchived": "It lies in the archive tier; move it to another tier",
    "BlobBeingRehydrated": "It is on its way out of the archive tier; wait until it is there",
    "BlobUsesCustomerSpecifiedEncryption": "It is encrypted by a key that came with it; upload it without one",
}
# Words for a refusal that is the blob's alone, although it looks like one of our identity.
OF_ITS_KEY = ("KeyVault", "Encryption")


def put(store: Store, result: CameraResult) -> None:
    """Idempotent: a result has the same row and the same blob on every retry."""
    # First the blob: whoever sees the row can read it.
    blobs.write(store, "results", blob_name(result.project_id, result.id), msgspec.json.encode(result))
    row = Change("upsert", rows.name_key(result.id), rows.encode(result))
    transact(store.results, _partition(result.project_id), [row])


def get(store: Store, project_id: UUID | None, result_id: str) -> CameraResult:
    """Raises NotFound."""
    row = rows.read(store.results, _partition(project_id), rows.name_key(result_id))
    if row is None:
        raise NotFound(f"There is no result {result_id}.")
    return row.decode(CameraResult)


def list_all(store: Store, project_id: UUID | None = None, outcome: Outcome | None = None) -> Iterator[CameraResult]:
    """The results of one project; with None all results, those of no project too."""
    found = rows.scan(store.results, str(project_id), " ", "~") if project_id else rows.scan_table(store.results)
    results = (row.decode(CameraResult) for row in found)
    return (result for result in results if outcome in (None, result.outcome))


def blob_name(project_id: UUID | None, result_id: str) -> str:
    return f"{_partition(project_id)}/{rows.name_key(result_id)}.json"


def write_drawn(store: Store, project_id: UUID, result_id: str, data: bytes) -> str:
    """A picture with its boxes, beside its result; the blob's name in `results`."""
    name = f"{_partition(project_id)}/{rows.name_key(result_id)}.jpg"
    blobs.write(store, "results", name, data, "image/jpeg")
    return name


def read_upload(store: Store, path: str, limit: int, container: str = "uploads") -> Blob:
    """Reads no more than one byte beyond `limit`.

    Raises BadRequest for what is no path, NotFound, BadImageSize, Conflict, UploadRefused.
    """
    archives.require_name(path)
    with _refusals():
        blob = blobs.read_start(store, container, path, limit + 1)
    if blob is None:
        raise NotFound(f"There is no blob {path} in '{container}'.")
    if len(blob.data) > limit:
        raise BadImageSize(f"The picture has more than {limit} bytes; upload a smaller one.")
    return blob


def upload_size(store: Store, path: str) -> int | None:
    """None where there is none. Raises Conflict, UploadRefused."""
    with _refusals():
        return blobs.size(store, "uploads", path)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except BlobRefused as refused:
        raise _kept_back(refused.reason) from refused
    except AccessRefused as refused:
        if any(word in refused.reason for word in OF_ITS_KEY):
            raise _kept_back(refused.reason) from refused
        raise UploadRefused(refused.message, refused.reason) from refused


def _kept_back(reason: str) -> Conflict:
    what = KEPT_BACK.get(reason, "Mend what it names")
    return Conflict(f"Storage does not hand out the picture ({reason}). {what}, and have it predicted again.")


def write_frame(store: Store, name: str, data: bytes) -> None:
    blobs.write(store, "frames", name, data, "image/jpeg")


def read_frame(store: Store, name: str) -> bytes:
    """Raises NotFound."""
    blob = blobs.read(store, "frames", name)
    if blob is None:
        raise NotFound(f"There is no frame {name}.")
    return blob.data


def delete_frame(store: Store, name: str) -> bool:
    """Whether it was there."""
    return blobs.delete(store, "frames", name)


def expire_frames(store: Store, before: datetime) -> int:
    """Delete frames that nobody took up since; how many."""
    old = list(blobs.names_before(store, "frames", before))
    return sum(store.bulk.map(lambda name: delete_frame(store, name), old))


def expire(store: Store, before: datetime) -> None:
    """Delete the results that were last written before that time, and their blobs. When cut off it has made progress.

    Reads the whole table: its keys tell nothing of times.
    """
    for partition, entities in groupby(_written_before(store, before), lambda entity: entity["PartitionKey"]):
        while part := list(islice(entities, LIMIT)):
            # Those of a part in which one is written right now go with the next run.
            with suppress(RowMissing, RowChanged):
                gone = [Change("delete", entity["RowKey"], etag=queries.etag(entity)) for entity in part]
                transact(store.results, partition, gone)
    contents.delete(store.containers["results"], blobs.names_before(store, "results", before))


def _written_before(store: Store, before: datetime) -> Iterator[queries.Entity]:
    condition = f"Timestamp lt datetime'{before:%Y-%m-%dT%H:%M:%SZ}'"
    for page in queries.pages(store.results, condition, rows.PAGE, "PartitionKey,RowKey,Timestamp"):
        yield from page


def _partition(project_id: UUID | None) -> str:
    return str(project_id) if project_id else UNKNOWN
