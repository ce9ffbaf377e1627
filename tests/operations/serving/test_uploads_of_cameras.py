"""What lies in `uploads`: pictures under any label, pictures that storage keeps back, and what is no picture yet."""

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from azure.storage.blob import BlobBlock, ContainerClient, ContentSettings, StandardBlobTier

from shared.errors import NotFound, ServiceUnavailable
from shared.events import Publisher
from shared.models.limits import Limits
from shared.models.serving.camera import CameraResult, Outcome, Step, Upload
from shared.operations.serving import camera
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.serving import results
from tests.pictures import picture
from tests.servers import Answer, Request, serving

PICTURE = picture("apple", 1)
LIMITS = Limits()
HEADERS = {
    "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT",
    "x-ms-blob-type": "BlockBlob",
    "x-ms-version": "2021-12-02",
}


class Uploads:
    """The uploads for one model of a project of its own, and what became of them."""

    def __init__(self, store: Store, publisher: Publisher) -> None:
        self.store, self.publisher, self.project_id = store, publisher, uuid4()

    def path(self, name: str = "1.jpg") -> str:
        return f"{self.project_id}/live/{name}"

    def put(self, data: bytes, path: str = "", label: str | None = None, **options: Any) -> str:
        path = path or self.path()
        settings = ContentSettings(content_encoding=label)
        self.store.containers["uploads"].upload_blob(path, data, overwrite=True, content_settings=settings, **options)
        return path

    def preprocess(self, path: str = "", limits: Limits = LIMITS) -> Step:
        return camera.preprocess(self.store, self.publisher, limits, Upload(path or self.path(), "any"))

    def replay(self) -> tuple[int, int]:
        return camera.replay_rejected(self.store, self.publisher, LIMITS, self.project_id)

    def rejections(self) -> dict[str, CameraResult]:
        return {found.upload.path: found for found in results.list_all(self.store, self.project_id, Outcome.REJECTED)}

    def reject(self, *names: str) -> None:
        for name in names:
            camera.reject(self.store, self.publisher, Upload(self.path(name), "any"), NotFound("before"))


@pytest.fixture
def uploads(store, settings) -> Uploads:
    return Uploads(store, Publisher.open(settings))


@pytest.mark.parametrize("label", ["gzip", "deflate", "br", "zstd", "gzip, br", "none", "utf-8", "aws-chunked", "x y"])
def test_the_label_of_a_picture_does_not_matter(uploads: Uploads, label: str):
    uploads.put(PICTURE, label=label)
    assert uploads.preprocess() == Step.QUEUED
    assert results.read_upload(uploads.store, uploads.path(), len(PICTURE)).data == PICTURE


@pytest.mark.parametrize("label", [None, "gzip", "deflate", "identity"])
def test_a_compressed_picture_is_a_rejection_that_says_so(uploads: Uploads, label: str | None):
    path = uploads.put(gzip.compress(PICTURE), label=label)
    assert uploads.preprocess() == Step.REJECTED
    rejection = uploads.rejections()[path]
    assert rejection.code == "BadRequestImageFormat"
    assert "compressed by gzip" in str(rejection.reason)


@pytest.mark.parametrize("label", ["gzip", "deflate"])
def test_what_would_inflate_costs_no_memory(uploads: Uploads, label: str):
    pack = zlib.compressobj(wbits=31 if label == "gzip" else 15)
    bomb = pack.compress(PICTURE) + b"".join(pack.compress(bytes(1 << 20)) for _ in range(300)) + pack.flush()
    uploads.put(bomb, label=label)
    tracemalloc.start()
    assert uploads.preprocess() == Step.REJECTED
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20 * len(bomb) < 20_000_000


def test_a_labelled_upload_beyond_the_limit_is_too_large(uploads: Uploads):
    path = uploads.put(PICTURE + bytes(10_000), label="gzip")
    assert uploads.preprocess(limits=Limits(camera_image_bytes=len(PICTURE))) == Step.REJECTED
    assert uploads.rejections()[path].code == "BadRequestImageSizeBytes"


def test_an_archived_picture_is_rejected_at_once_and_replayed_once_it_is_back(uploads: Uploads):
    path = uploads.put(PICTURE, standard_blob_tier=StandardBlobTier.ARCHIVE)
    assert uploads.preprocess() == Step.REJECTED
    assert "archive tier" in str(uploads.rejections()[path].reason)
    assert uploads.replay() == (0, 1)
    uploads.store.containers["uploads"].get_blob_client(path).set_standard_blob_tier(StandardBlobTier.HOT)
    assert uploads.replay() == (1, 0)


@pytest.mark.parametrize("name", ["1.jpg", "folder", "folder/", "a/b/"])
@pytest.mark.parametrize("metadata", [None, {"hdi_isfolder": "true"}])
def test_what_is_empty_is_no_picture_and_no_rejection(uploads: Uploads, name: str, metadata: dict[str, str] | None):
    path = uploads.put(b"", uploads.path(name), metadata=metadata)
    assert uploads.preprocess(path) == Step.PASSED_OVER
    assert uploads.rejections() == {}
    uploads.put(PICTURE, path)
    assert uploads.preprocess(path) == Step.QUEUED


def test_an_empty_upload_that_names_no_model_is_no_rejection(uploads: Uploads):
    for path in (f"{uploads.project_id}", f"{uploads.project_id}/", f"{uuid4()}", f"folder {uuid4()}/"):
        uploads.put(b"", path, label="gzip")
        assert uploads.preprocess(path) == Step.PASSED_OVER
    assert uploads.preprocess(uploads.put(PICTURE, path)) == Step.REJECTED


def test_blobs_that_are_filled_in_blocks_or_by_appending_are_pictures_then(uploads: Uploads):
    blocks = uploads.store.containers["uploads"].get_blob_client(uploads.path("blocks"))
    blocks.commit_block_list([])
    appended = uploads.store.containers["uploads"].get_blob_client(uploads.path("appended"))
    appended.create_append_blob()
    for name in ("blocks", "appended"):
        assert uploads.preprocess(uploads.path(name)) == Step.PASSED_OVER
    blocks.stage_block("1", PICTURE)
    assert uploads.preprocess(uploads.path("blocks")) == Step.PASSED_OVER
    blocks.commit_block_list([BlobBlock("1")])
    appended.append_block(PICTURE)
    for name in ("blocks", "appended"):
        assert uploads.preprocess(uploads.path(name)) == Step.QUEUED
    assert uploads.rejections() == {}


def test_an_event_that_was_given_up_is_no_rejection_where_the_upload_is_empty(uploads: Uploads):
    uploads.put(b"", uploads.path("empty"))
    uploads.put(PICTURE, uploads.path("full"))
    subjects = [f"/blobServices/default/containers/uploads/blobs/{uploads.path(name)}" for name in ("empty", "full")]
    subjects.append("/blobServices/default/containers/results/blobs/a.json")
    events = [{"subject": subject, "data": {"eTag": "0x1"}} for subject in subjects]
    blobs.write(uploads.store, "deadletters", f"{uuid4()}.json", json.dumps(events).encode())
    camera.reject_dead_letters(uploads.store, uploads.publisher)
    assert list(uploads.rejections()) == [uploads.path("full")]


@pytest.mark.parametrize(
    ("api", "is_upload"),
    [
        *((api, True) for api in ("PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose", "SftpCommit", None)),
        *((api, False) for api in ("CreateFile", "SftpCreate", "SftpWrite")),
    ],
)
def test_an_event_is_of_a_file_that_is_whole(api: str | None, is_upload: bool):
    data = {"eTag": '"0x1"', "contentLength": 0} | ({"api": api} if api else {})
    upload = Upload.of_event("/blobServices/default/containers/uploads/blobs/a b/é.jpg", data)
    assert upload == (Upload("a b/é.jpg", "0x1") if is_upload else None)


REFUSALS = {
    "archived": (409, "BlobArchived"),
    "rehydrating": (409, "BlobBeingRehydrated"),
    "keyed": (409, "BlobUsesCustomerSpecifiedEncryption"),
    "other key": (412, "BlobCustomerSpecifiedEncryptionMismatch"),
    "vault": (403, "KeyVaultEncryptionKeyNotFound"),
    "forbidden": (403, "AuthorizationPermissionMismatch"),
    "invalid": (400, "InvalidUri"),
}


def storage_answer(request: Request) -> Answer:
    """As Azure answers for blobs that it holds back, by their names, and for a picture that is there."""
    name = request.path.split("?")[0].rpartition("/")[2].replace("%20", " ")
    if name in REFUSALS:
        status, code = REFUSALS[name]
        body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>no</Message></Error>'.encode()
        return Answer(status, body, {"x-ms-error-code": code, "Content-Type": "application/xml"})
    if name == "gone":
        return Answer(404, headers={"x-ms-error-code": "BlobNotFound"})
    size = len(PICTURE)
    headers = {**HEADERS, "ETag": '"0x1"', "Content-Range": f"bytes 0-{size - 1}/{size}", "Content-Encoding": "gzip"}
    return Answer(206 if request.method == "GET" else 200, PICTURE, headers)


@pytest.fixture
def azure(uploads: Uploads) -> Iterator[Uploads]:
    """`uploads` at a server that answers as Azure does; all else where it was."""
    with serving(storage_answer) as port:
        container = ContainerClient(
            f"http://127.0.0.1:{port}", "uploads", transport=uploads.store.transport, retry_total=0
        )
        uploads.store = replace(uploads.store, containers={**uploads.store.containers, "uploads": container})
        yield uploads


def test_a_replay_goes_on_past_what_storage_keeps_back(azure: Uploads):
    azure.reject(*REFUSALS, "gone", "there")
    assert azure.replay() == (1, len(REFUSALS))
    rejections = azure.rejections()
    for name, (_, code) in REFUSALS.items():
        assert code in str(rejections[azure.path(name)].reason)
    assert rejections[azure.path("gone")].reason == "before"


@pytest.mark.parametrize("name", sorted(REFUSALS.keys() - {"forbidden"}))
def test_what_storage_keeps_back_is_rejected_at_the_first_attempt(azure: Uploads, name: str):
    assert azure.preprocess(azure.path(name)) == Step.REJECTED
    assert REFUSALS[name][1] in str(azure.rejections()[azure.path(name)].reason)


def test_an_identity_without_its_role_is_tried_again(azure: Uploads):
    with pytest.raises(ServiceUnavailable, match="AuthorizationPermissionMismatch"):
        azure.preprocess(azure.path("forbidden"))
    assert azure.rejections() == {}
