"""The audit trail as it is written: before and after what it tells of, so that nothing is done unrecorded."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

from msgspec.structs import replace

from shared.errors import ServiceError, ServiceUnavailable
from shared.models.audit import AuditRecord, Stage
from shared.models.wire import now
from shared.storage.account import audit
from shared.storage.account.store import Store

log = logging.getLogger("ocellus.audit")
log.setLevel(logging.INFO)


@contextmanager
def audited(store: Store, record: AuditRecord) -> Iterator[None]:
    """Record the block's work. Raises ServiceUnavailable, with nothing done, where its beginning can't be recorded."""
    audit.append(store, record)
    _log(record)
    ended = replace(record, stage=Stage.FAILED)
    try:
        yield
        ended = replace(record, stage=Stage.DONE)
    except ServiceError as error:
        ended = replace(record, stage=Stage.REFUSED, code=error.code)
        raise
    finally:
        _note(store, replace(ended, time=now()))


def note_rotation(store: Store, service: str, fingerprints: Sequence[str]) -> None:
    """Keys are other ones than at the last look. Every process that notices records it."""
    subject: dict[str, object] = {"service": service, "keys": list(fingerprints)}
    _note(store, AuditRecord(uuid4(), now(), Stage.NOTICED, "rotate_keys", "", "", subject))


def _note(store: Store, record: AuditRecord) -> None:
    """What has happened already is not undone for want of its record; then the log alone tells of it."""
    _log(record)
    try:
        audit.append(store, record)
    except ServiceUnavailable:
        log.exception("The audit trail lacks the end of %s %s", record.operation, record.id)


def _log(record: AuditRecord) -> None:
    told = {"id": str(record.id), "stage": record.stage, "operation": record.operation, "actor": record.actor}
    told |= {name: str(value) for name, value in record.subject.items()}
    log.info(
        "%s by %s: %s",
        record.operation,
        record.actor,
        record.stage,
        extra={f"ocellus.audit.{name}": text for name, text in told.items()},
    )
