"""The steps of a batch: listed and predicted once, however often each step runs, and in whatever order."""

import json
from contextlib import closing
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec.structs import replace

from shared.errors import QuotaExceeded, ServiceUnavailable
from shared.events import Publisher
from shared.models.limits import Limits
from shared.models.messages.events import EventType
from shared.models.messages.tasks import AnyBatchTask, ListBatch, PredictShare
from shared.models.serving.batches import Batch, BatchRequest, BatchStatus
from shared.models.wire import now
from shared.operations.serving import batches, shares
from shared.operations.serving.quota import Quota
from shared.prediction.sessions import Sessions
from shared.storage.account import blobs, queues
from shared.storage.account.store import Store
from shared.storage.serving import archives, published
from shared.storage.serving import batches as stored_batches
from tests.pictures import picture
from tests.prediction.graphs import publish, put_model

SHARE = 2
APPLE = picture("apple", 1)


class Told(NamedTuple):
    """An event, as the topic gets it."""

    kind: EventType
    batch: Batch
    id: str


class Topic(Publisher):
    """Keeps what it is told; `away` refuses that many events first."""

    def __init__(self) -> None:
        super().__init__(None)
        self.told: list[Told] = []
        self.away = 0

    def publish(self, event_type, subject, data, event_id):
        if self.away:
            self.away -= 1
            raise ServiceUnavailable("The topic is away.")
        self.told.append(Told(event_type, data, event_id))


class Archive:
    """Blobs below a prefix of `archives`, a project that serves a model as `live`, and the steps of its batches."""

    def __init__(self, store, settings, project_id, sent) -> None:
        self.store, self.project_id, self.sent = store, project_id, sent
        self.prefix, self.topic = f"{uuid4()}/", Topic()
        self.sessions = Sessions(store, settings)
        self.iteration_id = put_model(store, project_id, "apple")
        publish(store, project_id, self.iteration_id)
        self.quota, self.limits = Quota(store, 0), Limits()

    def put(self, *names: str, data: bytes = APPLE) -> None:
        for name in names:
            blobs.write(self.store, "archives", self.prefix + name, data)

    def start(self, **asked) -> Batch:
        request = BatchRequest("live", **{"prefix": self.prefix, **asked})
        return batches.start_batch(
            self.store, self.limits, frozenset({"archives"}), self.project_id, request, by="somebody"
        )

    def step(self, task: AnyBatchTask) -> None:
        context = shares.Predicting(self.store, self.topic, self.sessions, self.quota, self.limits)
        shares.step(context, task)

    def run(self, times: int = 1) -> None:
        """All that is to be done, each step so often."""
        while self.sent:
            task = self.sent.pop(0)
            for _ in range(times):
                self.step(task)

    def batch(self, batch: Batch) -> Batch:
        return batches.get_batch(self.store, self.project_id, batch.id)

    def rows(self, batch: Batch) -> list[dict[str, Any]]:
        parts = [blobs.read(self.store, "results", name) for name in blobs.names(self.store, "results", batch.results)]
        return [json.loads(line) for part in parts if part for line in part.data.splitlines()]


@pytest.fixture
def archive(store, settings, project_id, monkeypatch):
    sent: list[AnyBatchTask] = []
    monkeypatch.setattr(queues, "send", lambda store, task, delay=0: None if delay else sent.append(task))
    monkeypatch.setattr(batches, "SHARE", SHARE)
    monkeypatch.setattr(archives, "PAGE", 2 * SHARE)
    archive = Archive(store, settings, project_id, sent)
    yield archive
    archive.sessions.close()


@pytest.mark.parametrize("times", [1, 2])
def test_each_blob_has_its_row_once_however_often_a_step_runs(archive, times):
    names = [f"{number:02}.jpg" for number in range(9)]
    archive.put(*names)
    archive.put("folder/", data=b"")
    batch = archive.start()
    archive.run(times)
    ended = archive.batch(batch)
    assert (ended.status, ended.total, ended.done, ended.failed) == (BatchStatus.COMPLETED, 9, 9, 0)
    assert sorted(row["blob"] for row in archive.rows(batch)) == [archive.prefix + name for name in names]
    assert {row["predictions"][0]["tagName"] for row in archive.rows(batch)} == {"apple"}
    assert {told.id for told in archive.topic.told} == {f"{batch.id}:ended"}
    assert [(told.kind, told.batch) for told in archive.topic.told] == [(EventType.BATCH_ENDED, ended)]


def test_a_step_that_was_cut_off_goes_on_with_its_own_list(archive):
    archive.put("b.jpg", "c.jpg", "d.jpg")
    batch = archive.start()
    first = archive.sent[0]
    archive.step(first)
    shares_of_the_first_try = archive.sent[1:]
    # Cut off before the host heard of its end; others have uploaded meanwhile.
    archive.put("a.jpg")
    archive.run()
    for task in shares_of_the_first_try:
        archive.step(task)
    assert [row["blob"] for row in archive.rows(batch)] == [
        archive.prefix + name for name in ("b.jpg", "c.jpg", "d.jpg")
    ]
    assert archive.batch(batch).status == BatchStatus.COMPLETED


def test_rows_that_are_written_stay_as_they_are(archive):
    archive.put("a.jpg")
    batch = archive.start()
    archive.step(archive.sent.pop(0))
    # Of an earlier try of the share, which was cut off before it was counted.
    kept = stored_batches.put_part(archive.store, batch.results, 0, [shares._failed("a.jpg", QuotaExceeded("none"))])
    archive.run()
    assert archive.rows(batch) == [msgspec.to_builtins(kept[0])]
    assert archive.batch(batch).failed == 1


def test_blobs_that_can_not_be_predicted_are_named(archive):
    archive.put("a.jpg")
    archive.put("b.jpg", data=b"no picture")
    archive.put("c.jpg", data=b"\x1f\x8bpacked")
    archive.put("d.jpg", data=b"")
    batch = archive.start()
    archive.run()
    ended = archive.batch(batch)
    assert (ended.status, ended.done, ended.failed) == (BatchStatus.COMPLETED, 4, 3)
    assert [row.blob.removeprefix(archive.prefix) for row in ended.failures] == ["b.jpg", "c.jpg", "d.jpg"]
    assert {row.code for row in ended.failures} == {"BadRequestImageFormat"}
    assert "compressed by gzip" in ended.failures[1].reason


def test_a_manifest_says_which_blobs(archive, monkeypatch):
    monkeypatch.setattr(archives, "CHUNK", 256)
    archive.put("a.jpg", "ü b.jpg", "c.jpg")
    named = [archive.prefix + name for name in ("ü b.jpg", "a.jpg", "a.jpg", "gone.jpg", "../models/x.jpg")]
    archive.put("list.txt", data="\ufeff{}\r\n\n{}\n{}\n{}\n{}".format(*named).encode())
    batch = archive.start(prefix="", manifest=f"{archive.prefix}list.txt")
    archive.run()
    rows = {row["blob"].removeprefix(archive.prefix): row for row in archive.rows(batch)}
    assert list(rows) == ["ü b.jpg", "a.jpg", "gone.jpg", "../models/x.jpg"]
    assert [row["code"] for row in rows.values()] == [None, None, "NotFound", "BadRequest"]
    assert archive.batch(batch).status == BatchStatus.COMPLETED


@pytest.mark.parametrize(
    ("data", "message"),
    [(None, "There is no manifest"), (b"\n\n", "names no blob"), (b"\xff\xfe", "UTF-8"), (b"x" * 300, "longer")],
)
def test_a_manifest_that_can_not_be_read_ends_the_batch(archive, monkeypatch, data, message):
    monkeypatch.setattr(archives, "CHUNK", 256)
    if data is not None:
        archive.put("list.txt", data=data)
    batch = archive.start(prefix="", manifest=f"{archive.prefix}list.txt")
    archive.run()
    ended = archive.batch(batch)
    assert ended.status == BatchStatus.FAILED
    assert message in ended.message


def test_a_manifest_that_changes_meanwhile_ends_the_batch(archive):
    archive.put("list.txt", data="\n".join(f"{number}.jpg" for number in range(9)).encode())
    batch = archive.start(prefix="", manifest=f"{archive.prefix}list.txt")
    archive.step(archive.sent.pop(0))
    archive.put("list.txt", data=b"other.jpg")
    archive.run()
    assert "was changed" in archive.batch(batch).message


def test_a_name_that_is_unpublished_meanwhile_ends_the_batch(archive):
    archive.put("a.jpg", "b.jpg", "c.jpg")
    batch = archive.start()
    archive.step(archive.sent.pop(0))
    archive.step(archive.sent.pop(0))
    published.delete(archive.store, archive.project_id, "live", archive.iteration_id)
    archive.run()
    ended = archive.batch(batch)
    assert (ended.status, ended.done, len(archive.rows(batch))) == (BatchStatus.FAILED, 2, 2)
    assert "Nothing is published under the name 'live'" in ended.message
    assert [told.batch.status for told in archive.topic.told] == [BatchStatus.FAILED]


def test_another_iteration_that_is_published_meanwhile_answers_the_next_batch(archive):
    archive.put("a.jpg", "b.jpg", "c.jpg")
    first = archive.start()
    publish(archive.store, archive.project_id, put_model(archive.store, archive.project_id, "pear"))
    second = archive.start()
    archive.run()
    winners = [{row["predictions"][0]["tagName"] for row in archive.rows(batch)} for batch in (first, second)]
    assert winners == [{"apple"}, {"pear"}]
    assert archive.batch(first).iteration_id == archive.iteration_id


def test_a_cancelled_batch_keeps_what_it_has_and_is_told_of_once(archive):
    archive.put("a.jpg", "b.jpg", "c.jpg")
    batch = archive.start()
    archive.step(archive.sent.pop(0))
    archive.step(archive.sent.pop(0))
    assert batches.cancel_batch(archive.store, archive.project_id, batch.id).status == BatchStatus.CANCELLED
    archive.run(times=2)
    assert len(archive.rows(batch)) == archive.batch(batch).done == 2
    assert [told.batch.status for told in archive.topic.told] == [BatchStatus.CANCELLED]


def test_an_end_that_the_topic_did_not_take_is_told_again(archive):
    archive.put("a.jpg")
    batch = archive.start()
    archive.step(archive.sent.pop(0))
    archive.topic.away = 1
    share = archive.sent.pop(0)
    with pytest.raises(ServiceUnavailable):
        archive.step(share)
    assert archive.batch(batch).status == BatchStatus.COMPLETED
    archive.step(share)
    assert len(archive.topic.told) == 1


def test_limits_end_a_batch_with_what_to_do(archive):
    archive.put("a.jpg", "b.jpg", "c.jpg")
    archive.limits = Limits(blobs_per_batch=2)
    large = archive.start()
    archive.run()
    assert "more than 2 blobs" in archive.batch(large).message
    archive.limits, archive.quota = Limits(), Quota(archive.store, 1)
    dear = archive.start()
    archive.run()
    assert "Out of call volume quota" in archive.batch(dear).message
    empty = archive.start(prefix=f"{archive.prefix}nothing")
    archive.run()
    assert "has no blob whose name begins with" in archive.batch(empty).message


def test_a_step_that_ends_its_process_each_time_fails_what_it_should_have_done(archive):
    archive.put("a.jpg", "b.jpg", "c.jpg")
    batch = archive.start()
    archive.step(archive.sent.pop(0))
    shares.give_up(archive.store, archive.topic, archive.sent.pop(0))
    archive.run()
    ended = archive.batch(batch)
    assert (ended.status, ended.failed, ended.done) == (BatchStatus.COMPLETED, 2, 3)
    assert "No attempt at this share" in ended.failures[0].reason
    unlisted = archive.start()
    shares.give_up(archive.store, archive.topic, archive.sent.pop(0))
    assert archive.batch(unlisted).status == BatchStatus.FAILED


def test_the_services_own_containers_are_not_for_batches(settings):
    with pytest.raises(ValueError, match="BATCH_CONTAINERS names 'models', which is the service's own"):
        Store.open(replace(settings, batch_containers="archives, models"))
    with closing(Store.open(replace(settings, batch_containers=" old-shots ,uploads"))) as opened:
        assert {"old-shots", "uploads"} <= opened.containers.keys()


def test_a_detector_with_tiles_has_smaller_shares(archive):
    published.update(archive.store, archive.project_id, "live", lambda pointer: replace(pointer, tiles=4))
    assert stored_batches.get(archive.store, archive.project_id, archive.start().id).share == 1


def test_a_batch_is_forgotten_after_a_month(archive, monkeypatch):
    archive.put("a.jpg")
    batch = archive.start()
    archive.run()
    batches.expire(archive.store)
    assert archive.batch(batch).status == BatchStatus.COMPLETED
    monkeypatch.setattr(batches, "now", lambda: now() + batches.KEPT * 1.01)
    batches.expire(archive.store)
    archive.step(PredictShare(archive.project_id, batch.id, 0, 0))
    assert archive.rows(batch)
    assert list(blobs.names(archive.store, "batches", f"pages/{batch.id}")) == []


def test_steps_of_a_batch_that_nobody_knows_do_nothing(archive):
    archive.step(ListBatch(archive.project_id, UUID(int=1)))
    assert archive.sent == []
