"""The audit trail as it is written: by many at once, in full blobs, and when storage has none to write to."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from shared.errors import NotFound, ServiceUnavailable
from shared.models.audit import AuditRecord, Stage
from shared.models.wire import now
from shared.operations.audit import audited, note_rotation
from shared.storage.account import audit, blobs


def record_of(time: datetime | None = None, stage: Stage = Stage.BEGUN) -> AuditRecord:
    subject: dict[str, object] = {"projectId": str(uuid4())}
    return AuditRecord(uuid4(), time or now(), stage, "delete_project", "key 01234567", "", subject)


@pytest.fixture
def a_day() -> datetime:
    """One that no other test writes to."""
    return datetime(1970, 1, 1, 12, tzinfo=UTC) + timedelta(days=uuid4().int % 15_000)


@pytest.fixture
def nowhere(store):
    """The store without a container for the trail."""
    return replace(store, containers={**store.containers, "audit": store.blobs.get_container_client("nowhere")})


def of(store, record: AuditRecord) -> list[AuditRecord]:
    return [each for each in audit.read(store, record.time.date()) if each.id == record.id]


def test_a_day_without_records_reads_as_none(store):
    assert list(audit.read(store, date(1960, 1, 1))) == []


def test_many_at_once_lose_nothing(store, a_day):
    records = [record_of(a_day) for _ in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda record: audit.append(store, record), records))
    assert sorted(map(repr, audit.read(store, a_day.date()))) == sorted(map(repr, records))


def test_a_line_that_was_written_twice_is_read_once(store, a_day):
    record = record_of(a_day)
    for _ in range(2):
        audit.append(store, record)
    assert list(audit.read(store, a_day.date())) == [record]


def test_a_full_blob_is_followed_by_another(store, a_day, monkeypatch):
    first, second = record_of(a_day), record_of(a_day)
    audit.append(store, first)
    whole = audit._append

    def full(blob, line):
        # As Azure answers after 50,000 lines, which Azurite would take minutes to hold.
        return whole(blob, line) if "-1.jsonl" in blob.blob_name else False

    monkeypatch.setattr(audit, "_append", full)
    audit.append(store, second)
    assert list(audit.read(store, a_day.date())) == [first, second]


def test_creating_a_blob_never_empties_it(store, a_day):
    record = record_of(a_day)
    audit.append(store, record)
    audit._create(store.containers["audit"].get_blob_client(f"{a_day:%Y/%m/%d}.jsonl"))
    assert list(audit.read(store, a_day.date())) == [record]


def test_the_end_says_what_became_of_it(store):
    done, refused, failed = record_of(), record_of(), record_of()
    with audited(store, done):
        pass
    with pytest.raises(NotFound), audited(store, refused):
        raise NotFound("There is none.")
    with pytest.raises(KeyError), audited(store, failed):
        raise KeyError
    assert [each.stage for each in of(store, done)] == ["Begun", "Done"]
    assert [(each.stage, each.code) for each in of(store, refused)] == [("Begun", None), ("Refused", NotFound.code)]
    assert [each.stage for each in of(store, failed)] == ["Begun", "Failed"]


def test_a_trail_that_can_not_be_appended_to_is_unavailable(store, a_day):
    blobs.write(store, "audit", f"{a_day:%Y/%m/%d}.jsonl", b"a block blob, as none of ours is")
    with pytest.raises(ServiceUnavailable, match="can't be written"):
        audit.append(store, record_of(a_day))


def test_nothing_is_done_unrecorded(nowhere):
    ran = []
    with pytest.raises(ServiceUnavailable, match="no container 'audit'"), audited(nowhere, record_of()):
        ran.append(1)
    assert ran == []


def test_a_rotation_is_recorded_and_fails_nothing(store, nowhere, caplog):
    note_rotation(store, "training", ["01234567"])
    noticed = [each for each in audit.read(store, now().date()) if each.stage == Stage.NOTICED]
    assert noticed[-1].subject == {"service": "training", "keys": ["01234567"]}
    with caplog.at_level(logging.INFO, "ocellus.audit"):
        note_rotation(nowhere, "training", ["01234567"])
    assert any("lacks" in record.message for record in caplog.records)
