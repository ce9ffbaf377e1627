"""What is kept for a while: stored predictions, camera results, uploads, frames, messages."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from azure.data.tables import TableClient
from msgspec import structs

from shared.errors import BadImageSize, NotFound, ServiceUnavailable
from shared.models.camera import CameraResult, Outcome, Upload
from shared.models.domains import GENERAL
from shared.models.predictions import ImagePrediction, Prediction, StoredPrediction
from shared.models.tags import TagType
from shared.models.wire import now
from shared.storage import blobs, predictions, queues, results, rows
from shared.storage.store import Store


def stored(project_id: UUID, age: timedelta = timedelta(0)) -> StoredPrediction:
    tags = [Prediction(0.5, uuid4(), "äpfel", TagType.REGULAR) for _ in range(500)]
    return StoredPrediction(ImagePrediction(uuid4(), project_id, uuid4(), now() - age, tags), GENERAL)


def test_predictions_are_stored_listed_newest_first_and_deleted(store: Store, project_id: UUID) -> None:
    made = [stored(project_id, timedelta(days=age)) for age in (2, 0, 1)]
    for kept in made:
        predictions.put(store, kept, b"picture")
        predictions.put(store, kept, b"picture")
    assert predictions.get(store, project_id, made[0].prediction.id) == made[0]
    assert predictions.list_recent(store, project_id) == [made[1], made[2], made[0]]
    assert predictions.list_recent(store, project_id, 1) == [made[1]]
    assert predictions.delete(store, project_id, made[1].prediction.id)
    assert not predictions.delete(store, project_id, made[1].prediction.id)
    with pytest.raises(NotFound):
        predictions.get(store, project_id, made[1].prediction.id)
    assert blobs.read(store, "predictions", predictions.picture_name(project_id, made[1].prediction.id)) is None


def test_predictions_expire(store: Store, project_id: UUID) -> None:
    old, young = stored(project_id, timedelta(days=31)), stored(project_id, timedelta(days=29))
    for kept in (old, young):
        predictions.put(store, kept, b"picture")
    assert predictions.expire(store, now() - timedelta(days=30)) >= 1
    assert predictions.list_recent(store, project_id) == [young]
    assert blobs.read(store, "predictions", predictions.picture_name(project_id, old.prediction.id)) is None


def test_an_expiry_that_is_cut_off_has_made_progress(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        predictions.put(store, stored(project_id, timedelta(days=31)), b"picture")
    really = rows.scan_all

    def cut_off(table: TableClient, first: str, last: str) -> Iterator[tuple[str, str]]:
        yield from (place for place in really(table, first, last) if place[0] == str(project_id))
        raise ServiceUnavailable("cut off")

    monkeypatch.setattr(predictions, "BATCH", 2)
    monkeypatch.setattr(rows, "scan_all", cut_off)
    with pytest.raises(ServiceUnavailable):
        predictions.expire(store, now() - timedelta(days=30))
    assert len(predictions.list_recent(store, project_id)) == 1
    monkeypatch.setattr(rows, "scan_all", really)
    assert predictions.expire(store, now() - timedelta(days=30)) >= 1
    assert predictions.list_recent(store, project_id) == []


def result(project_id: UUID | None, outcome: Outcome) -> CameraResult:
    return CameraResult(uuid4().hex, Upload("a/b/c.jpg", '"0x1"'), outcome, now(), project_id)


def test_results_are_kept_once_and_listed(store: Store, project_id: UUID) -> None:
    good, bad = result(project_id, Outcome.RESULT), result(project_id, Outcome.REJECTED)
    lost = result(None, Outcome.REJECTED)
    for made in (good, bad, lost, good):
        results.put(store, made)
    assert results.get(store, project_id, good.id) == good
    assert results.get(store, None, lost.id) == lost
    assert {made.id for made in results.list_all(store, project_id)} == {good.id, bad.id}
    assert list(results.list_all(store, project_id, Outcome.REJECTED)) == [bad]
    assert {good.id, bad.id, lost.id} <= {made.id for made in results.list_all(store)}
    assert lost.id not in {made.id for made in results.list_all(store, None, Outcome.RESULT)}
    assert blobs.exists(store, "results", results.blob_name(project_id, good.id))
    results.put(store, structs.replace(bad, outcome=Outcome.RESULT))
    assert list(results.list_all(store, project_id, Outcome.REJECTED)) == []
    with pytest.raises(NotFound):
        results.get(store, project_id, "none")


def test_an_upload_is_read_unless_it_is_too_large(store: Store) -> None:
    path = f"{uuid4()}/fruit/camera 1/ä.jpg"
    etag = blobs.write(store, "uploads", path, b"picture", "image/jpeg")
    assert results.read_upload(store, path, 7) == (b"picture", etag, "image/jpeg")
    with pytest.raises(BadImageSize):
        results.read_upload(store, path, 6)
    blobs.write(store, "uploads", path, b"")
    assert results.read_upload(store, path, 7).data == b""
    with pytest.raises(NotFound):
        results.read_upload(store, f"{path} not there", 7)


def test_frames_are_kept_until_they_are_taken_up_or_expire(store: Store) -> None:
    name = f"{uuid4()}.jpg"
    results.write_frame(store, name, b"frame")
    assert results.read_frame(store, name) == b"frame"
    assert results.delete_frame(store, name)
    assert not results.delete_frame(store, name)
    with pytest.raises(NotFound):
        results.read_frame(store, name)
    results.write_frame(store, name, b"frame")
    results.expire_frames(store, now() - timedelta(minutes=5))
    assert results.read_frame(store, name) == b"frame"
    results.expire_frames(store, now() + timedelta(minutes=5))
    assert not results.delete_frame(store, name)


def test_a_message_is_json_in_base64_and_is_seen_after_its_delay(store: Store, project_id: UUID) -> None:
    upload, queue = Upload("a.jpg", '"0x1"'), store.queues["frames"]
    queue.clear_messages()
    queues.send(store, "frames", upload)
    queues.send(store, "frames", upload, delay=60)
    seen = [str(message.content) for message in queue.receive_messages()]
    assert seen == [base64.b64encode(b'{"path":"a.jpg","etag":"\\"0x1\\""}').decode()]
    queue.clear_messages()
