"""What is kept for a while: stored predictions, camera results, uploads, frames, messages."""

import base64
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from shared.errors import BadImageSize, NotFound
from shared.models.serving.camera import CameraResult, Frame, Outcome, Upload
from shared.models.wire import now
from shared.storage.account import blobs, queues
from shared.storage.account.store import Store
from shared.storage.serving import results


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


def test_results_expire_with_what_lies_beside_them(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "LIMIT", 5)
    made = [result(project_id, Outcome.RESULT) for _ in range(6)]
    lost = result(None, Outcome.REJECTED)
    for each in (*made, lost):
        results.put(store, each)
    drawn = results.write_drawn(store, project_id, made[0].id, b"picture")
    results.expire(store, now() - timedelta(minutes=5))
    assert len(list(results.list_all(store, project_id))) == len(made)
    assert blobs.exists(store, "results", drawn)
    results.expire(store, now() + timedelta(minutes=5))
    assert list(results.list_all(store)) == []
    assert list(blobs.names(store, "results", "")) == []


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
    frame, queue = Frame(Upload("a.jpg", '"0x1"'), project_id, "live", "a.jpg"), store.queues["frames"]
    queue.clear_messages()
    queues.send(store, frame)
    queues.send(store, frame, delay=60)
    seen = [str(message.content) for message in queue.receive_messages()]
    upload = b'{"path":"a.jpg","etag":"\\"0x1\\""}'
    rest = f',"projectId":"{project_id}","publishedName":"live","blob":"a.jpg","traceparent":""}}'.encode()
    assert seen == [base64.b64encode(b'{"upload":' + upload + rest).decode()]
    queue.clear_messages()
