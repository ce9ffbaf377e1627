"""The audit trail in the container `audit`: append blobs of JSON lines, which nothing in the service rewrites."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from itertools import count

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobClient, ContentSettings

from shared.errors import ServiceUnavailable
from shared.models.audit import AuditRecord
from shared.storage.account import blobs
from shared.storage.account.store import Store

# What Azure answers when a blob has its 50,000 lines.
FULL = "BlockCountExceedsLimit"


def append(store: Store, record: AuditRecord) -> None:
    """A line may be there twice where storage answered late. Raises ServiceUnavailable."""
    line = msgspec.json.encode(record) + b"\n"
    for part in count():
        if _append(store.containers["audit"].get_blob_client(_name(record.time.date(), part)), line):
            return


def read(store: Store, day: date) -> Iterator[AuditRecord]:
    """The records of a day (UTC), each once, in the order in which they were written."""
    seen = set()
    for part in count():
        blob = blobs.read(store, "audit", _name(day, part))
        if blob is None:
            return
        for record in msgspec.json.Decoder(AuditRecord).decode_lines(blob.data):
            if (key := (record.id, record.stage)) not in seen:
                seen.add(key)
                yield record


def _append(blob: BlobClient, line: bytes) -> bool:
    """False when the blob is full."""
    try:
        blob.append_block(line)
    except ResourceNotFoundError:
        _create(blob)
        return _append(blob, line)
    except HttpResponseError as error:
        if FULL in str(error):
            return False
        raise ServiceUnavailable(f"The audit trail can't be written: {error.reason}.") from error
    return True


def _create(blob: BlobClient) -> None:
    settings = ContentSettings(content_type="application/jsonl")
    try:
        with suppress(ResourceExistsError):
            # Only where there is none: it would empty one that another process has just begun.
            blob.create_append_blob(settings, match_condition=MatchConditions.IfMissing)
    except ResourceNotFoundError as error:
        raise ServiceUnavailable("The audit trail can't be written: there is no container 'audit'.") from error


def _name(day: date, part: int) -> str:
    return f"{day:%Y/%m/%d}{f'-{part}' if part else ''}.jsonl"
