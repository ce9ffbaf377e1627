"""What the relay takes for an upload: new contents, however they come, and nothing that is only said of a blob."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
import urllib3
from azure.storage.blob import (
    BlobBlock,
    BlobClient,
    BlobLeaseClient,
    ContentSettings,
    StandardBlobTier,
)

from local.eventgrid.ledger import Ledger
from local.service import Service, running
from tests.local.eventgrid.uploading import seen, uploads
from tests.local.sample import SAMPLE
from tests.waiting import Traces, wait_for


def lease(blob: BlobClient) -> None:
    held = BlobLeaseClient(blob)
    held.acquire(15)
    held.release()


CHANGES: dict[str, Callable[[BlobClient], object]] = {
    "metadata": lambda blob: blob.set_blob_metadata({"line": "7"}),
    "headers": lambda blob: blob.set_http_headers(ContentSettings(content_type="image/jpeg")),
    "tags": lambda blob: blob.set_blob_tags({"line": "7"}),
    "tier": lambda blob: blob.set_standard_blob_tier(StandardBlobTier.COOL),
    "lease": lease,
    "snapshot": lambda blob: blob.create_snapshot(metadata={"line": "7"}),
    "uncommitted block": lambda blob: blob.stage_block("1", b"other"),
}


def told_until_now(service: Service, traces: Traces, name: str) -> int:
    """How many events came for the name, once one has come for an upload of now."""
    marker = str(uuid.uuid4())
    uploads(service).upload_blob(marker, b"")
    wait_for(lambda: len(seen(traces, marker)) == 1)
    return len(seen(traces, name))


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_said_of_a_blob_is_no_upload(service: Service, traces: Traces, change: str) -> None:
    name = f"{uuid.uuid4()} é/picture.jpg"
    blob = uploads(service).upload_blob(name, b"one")
    wait_for(lambda: len(seen(traces, name)) == 1)
    CHANGES[change](blob)
    assert told_until_now(service, traces, name) == 1
    blob.upload_blob(b"two", overwrite=True)
    wait_for(lambda: len(seen(traces, name)) == 2)


def test_what_is_said_of_a_blob_is_no_upload_to_a_relay_that_was_down(service: Service, traces: Traces) -> None:
    folder, container = str(uuid.uuid4()), uploads(service)
    blobs = {change: container.upload_blob(f"{folder}/{change}", b"one") for change in CHANGES}
    overwritten = container.upload_blob(f"{folder}/overwritten", b"one")
    wait_for(lambda: len(seen(traces, folder)) == len(CHANGES) + 1)
    service.kill_relay()
    for change, blob in blobs.items():
        CHANGES[change](blob)
    overwritten.set_blob_metadata({"line": "7"})
    overwritten.upload_blob(b"two", overwrite=True)
    overwritten.set_blob_metadata({"line": "8"})
    service.start_relay()
    wait_for(lambda: len(seen(traces, f"{folder}/overwritten")) == 2)
    assert told_until_now(service, traces, folder) == len(CHANGES) + 2
    service.kill_relay()
    service.start_relay()
    assert told_until_now(service, traces, folder) == len(CHANGES) + 2


def test_what_is_said_of_a_blob_is_no_upload_after_a_restart(tmp_path: Path) -> None:
    name = str(uuid.uuid4())
    with running(tmp_path, options=SAMPLE) as service:
        traces = Traces(service.connection_string)
        uploads(service).upload_blob(name, b"one")
        wait_for(lambda: len(seen(traces, name)) == 1)
    with running(tmp_path, options=SAMPLE) as service:
        traces = Traces(service.connection_string)
        uploads(service).get_blob_client(name).set_blob_metadata({"line": "7"})
        assert told_until_now(service, traces, name) == 1
    with running(tmp_path, options=SAMPLE) as service:
        assert told_until_now(service, Traces(service.connection_string), name) == 1


def test_contents_are_uploads_however_they_come(service: Service, traces: Traces) -> None:
    folder, container = str(uuid.uuid4()), uploads(service)

    def fill(name: str, put: Callable[[BlobClient], object]) -> None:
        before = len(seen(traces, f"{folder}/{name}"))
        put(container.get_blob_client(f"{folder}/{name}"))
        wait_for(lambda: len(seen(traces, f"{folder}/{name}")) == before + 1)

    fill("put", lambda blob: blob.upload_blob(b"one"))
    source = container.get_blob_client(f"{folder}/put").url
    fill("copied", lambda blob: blob.start_copy_from_url(source))
    fill("blocks", lambda blob: blob.commit_block_list([]))
    container.get_blob_client(f"{folder}/blocks").stage_block("1", b"one")
    fill("blocks", lambda blob: blob.commit_block_list([BlobBlock("1")]))
    fill("appended", lambda blob: blob.create_append_blob())
    fill("appended", lambda blob: blob.append_block(b"one"))
    fill("pages", lambda blob: blob.create_page_blob(512))
    fill("pages", lambda blob: blob.upload_page(bytes(512), 0, 512))


@pytest.mark.parametrize(
    "name", ["folder/", "a//b", "100%.jpg", "%41.jpg", "a?b#c.jpg", "a+b c.jpg", "写真.jpg", "~a;b,c'.jpg"]
)
def test_an_upload_of_any_name_is_told_of(service: Service, traces: Traces, name: str) -> None:
    path = f"{uuid.uuid4()}/{name}"
    blob = uploads(service).upload_blob(path, b"one")
    wait_for(lambda: len(seen(traces, path)) == 1)
    blob.set_blob_metadata({"line": "7"})
    assert told_until_now(service, traces, path) == 1


def test_a_name_that_can_not_be_read_ends_nothing(service: Service, traces: Traces) -> None:
    for query in ("", "?comp=metadata"):
        url = f"{uploads(service).url}/%ff%zz{query}"
        assert urllib3.request("PUT", url.replace("%25", "%"), body=b"one").status >= 400
    assert told_until_now(service, traces, "broken") == 0


def test_a_new_etag_for_the_same_contents_does_not_disturb_a_delivery(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.offer("camera", "a.jpg", "1", b"event", "application/json")
    (delivery,) = ledger.due(1)
    for target, old in (("camera", "0"), ("other", "1"), ("camera", "1")):
        ledger.renew(target, "a.jpg", old, f"{old} renewed by {target}")
    assert ledger.etag("camera", "a.jpg") == "1 renewed by camera"
    ledger.delivered(delivery)
    assert ledger.due(1) == []
    assert ledger.settled("camera") == {"a.jpg"}
