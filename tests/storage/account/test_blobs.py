"""Blobs: written, read under conditions, and opened by anyone who has their address."""

import base64
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from azure.storage.blob import BlobSasPermissions, UserDelegationKey, generate_blob_sas

from shared.errors import ImageNotFound, NotFound
from shared.settings import Settings
from shared.storage.account import blobs, signing
from shared.storage.account.blobs import BlobChanged
from shared.storage.account.store import Store


@pytest.mark.parametrize("data", [b"", b"x", b"\x00\xff" * 500_000])
def test_a_blob_comes_back_as_it_was_written(store: Store, data: bytes) -> None:
    name = f"{uuid4()}/a b/ü.json"
    etag = blobs.write(store, "models", name, data)
    read = blobs.read(store, "models", name)
    assert read == (data, etag, "application/json")
    assert blobs.exists(store, "models", name)
    assert blobs.delete(store, "models", name)
    assert not blobs.delete(store, "models", name)
    assert not blobs.exists(store, "models", name)
    assert blobs.read(store, "models", name) is None


def test_a_blob_is_replaced_only_at_the_version_named(store: Store) -> None:
    name = str(uuid4())
    with pytest.raises(BlobChanged):
        blobs.write(store, "models", name, b"1", etag='"0x1"')
    first = blobs.write(store, "models", name, b"1", new=True)
    with pytest.raises(BlobChanged):
        blobs.write(store, "models", name, b"2", new=True)
    second = blobs.write(store, "models", name, b"2", etag=first)
    with pytest.raises(BlobChanged):
        blobs.write(store, "models", name, b"3", etag=first)
    with pytest.raises(BlobChanged):
        blobs.delete(store, "models", name, etag=first)
    assert blobs.read_if_changed(store, "models", name, second) == "unchanged"
    changed = blobs.read_if_changed(store, "models", name, first)
    assert changed
    assert changed != "unchanged"
    assert changed.data == b"2"
    assert blobs.delete(store, "models", name, etag=second)
    assert blobs.read_if_changed(store, "models", name, second) is None


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 1_000])
def test_no_more_than_the_start_of_a_blob_is_read(store: Store, size: int) -> None:
    name = str(uuid4())
    blobs.write(store, "uploads", name, b"x" * size, "image/png")
    start = blobs.read_start(store, "uploads", name, 10)
    assert start
    assert (start.data, start.content_type) == (b"x" * min(size, 10), "image/png" if size else "")
    assert blobs.read_start(store, "uploads", f"{name} not there", 10) is None


def test_names_are_listed_by_prefix(store: Store) -> None:
    folder = uuid4()
    for name in ("a/1", "a/2", "b/1"):
        blobs.write(store, "models", f"{folder}/{name}", b"")
    assert list(blobs.names(store, "models", f"{folder}/a/")) == [f"{folder}/a/1", f"{folder}/a/2"]


def test_pictures_are_kept_and_deleted_together(store: Store) -> None:
    project_id, image_id = uuid4(), uuid4()
    for kind in blobs.KINDS:
        blobs.put_picture(store, project_id, image_id, kind, kind.encode(), "image/jpeg")
    assert [blobs.picture(store, project_id, image_id, kind) for kind in blobs.KINDS] == [
        kind.encode() for kind in blobs.KINDS
    ]
    for _ in range(2):
        blobs.delete_pictures(store, project_id, image_id)
    with pytest.raises(ImageNotFound):
        blobs.picture(store, project_id, image_id, "original")


def test_the_files_of_a_model_are_kept_and_deleted_together(store: Store) -> None:
    project_id, iteration_id = uuid4(), uuid4()
    with pytest.raises(NotFound):
        blobs.model_read(store, project_id, iteration_id, "model.onnx")
    blobs.model_write(store, project_id, iteration_id, "model.onnx", b"graph")
    blobs.model_write(store, project_id, iteration_id, "model.json", b"{}")
    assert blobs.model_read(store, project_id, iteration_id, "model.onnx") == b"graph"
    blobs.delete_model(store, project_id, iteration_id)
    assert not list(blobs.names(store, "models", f"{project_id}/{iteration_id}/"))


def picture(store: Store, data: bytes = b"\xff\xd8picture") -> tuple[UUID, UUID]:
    project_id, image_id = uuid4(), uuid4()
    blobs.put_picture(store, project_id, image_id, "original", data, "image/jpeg")
    return project_id, image_id


def test_anyone_with_its_address_can_read_a_picture(store: Store) -> None:
    project_id, image_id = picture(store)
    address = blobs.picture_uri(store, project_id, image_id, "original")
    with urllib.request.urlopen(address) as answer:
        assert answer.read() == b"\xff\xd8picture"
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert "max-age" in answer.headers["Cache-Control"]
    left = datetime.fromisoformat(parse_qs(urlsplit(address).query)["se"][0]) - datetime.now(UTC)
    assert timedelta(hours=24) <= left <= timedelta(hours=25)


def test_an_address_opens_its_own_picture_for_reading_and_nothing_else(store: Store) -> None:
    project_id, image_id = picture(store)
    address = blobs.picture_uri(store, project_id, image_id, "original")
    blobs.put_picture(store, project_id, image_id, "thumbnail", b"", "image/jpeg")
    requests = [
        urllib.request.Request(address.replace("/original?", "/thumbnail?")),
        urllib.request.Request(address.replace("sp=r&", "sp=rw&")),
        urllib.request.Request(address.split("?", maxsplit=1)[0]),
        urllib.request.Request(address, data=b"x", method="PUT", headers={"x-ms-blob-type": "BlockBlob"}),
        urllib.request.Request(address, method="DELETE"),
    ]
    for request in requests:
        with pytest.raises(HTTPError) as refused:
            urllib.request.urlopen(request)
        with refused.value:
            assert refused.value.code in (403, 404)
    assert blobs.picture(store, project_id, image_id, "original")


def test_any_name_can_be_signed(store: Store) -> None:
    name = f"{uuid4()}/ü & 100 %/it's a+b.zip"
    blobs.write(store, "exports", name, b"zip")
    with urllib.request.urlopen(signing.uri(store, "exports", name)) as answer:
        assert answer.read() == b"zip"


def test_an_address_by_identity_is_signed_as_the_library_signs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    key = UserDelegationKey()
    key.signed_oid = key.signed_tid = str(uuid4())
    key.signed_start, key.signed_expiry = f"{hour:%Y-%m-%dT%H:%M:%SZ}", f"{hour + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"
    key.signed_service, key.signed_version, key.value = "b", "2020-12-06", base64.b64encode(b"key" * 9).decode()
    monkeypatch.setattr(signing, "_delegation_key", lambda *_: key)
    store = Store.open(Settings(storage_account="fruit"))
    address = signing.uri(store, "images", "a/b c.jpg")
    token = generate_blob_sas(
        "fruit",
        "images",
        "a/b c.jpg",
        user_delegation_key=key,
        permission=BlobSasPermissions(read=True),
        expiry=hour + timedelta(hours=25),
        protocol="https",
    )
    assert urlsplit(address)[:3] == ("https", "fruit.blob.core.windows.net", "/images/a/b%20c.jpg")
    assert parse_qs(urlsplit(address).query) == parse_qs(token)
    store.close()


def test_the_addresses_of_a_page_are_signed_in_a_moment(store: Store) -> None:
    ids = [(uuid4(), uuid4()) for _ in range(256)]
    blobs.picture_uri(store, *ids[0], "original")
    started = time.thread_time()
    addresses = {blobs.picture_uri(store, *pair, kind) for pair in ids for kind in blobs.KINDS}
    assert time.thread_time() - started < 0.1
    assert len(addresses) == 768
