"""Blobs that answers link to, at the service's own address: to be read by who has a signature, and nothing else."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests
from azure.storage.blob import BlobClient, BlobSasPermissions, generate_blob_sas

from local.host.files import CHUNK, Files
from local.network.asgi import Message
from local.service import Service
from shared.courtesy import courtesy
from shared.settings import Settings
from shared.storage.account import blobs, signing
from shared.storage.account.store import Container, Store
from tests.functions.wire import Reply, Request, send

READING = BlobSasPermissions(read=True)
PICTURE = bytes(range(256)) * (2 * CHUNK // 256) + b"end"


@pytest.fixture(scope="module")
def store(service: Service):
    store = Store.open(Settings(storage_connection_string=service.connection_string))
    yield store
    store.close()


def written(service: Service, store: Store, container: Container = "images", data: bytes = PICTURE) -> str:
    """The address of a new blob, as an answer of the service has it."""
    name = f"{uuid4()}/{uuid4()}/original"
    blobs.write(store, container, name, data, "image/jpeg", cache_control="private, max-age=60")
    return f"{service.endpoint}/devstoreaccount1/{signing.reference(store, container, name)}"


@pytest.fixture(scope="module")
def address(service: Service, store: Store) -> str:
    return written(service, store)


def ask(service: Service, target: str, method: str = "GET", host: str | None = None, **headers: str) -> Reply:
    """The target as it stands: no client may tidy it up first."""
    given = [(name.replace("_", "-"), value) for name, value in headers.items()]
    if host is not None:
        given.append(("Host", host))
    with closing(HTTPConnection("127.0.0.1", service.port, timeout=20)) as connection:
        return send(connection, Request(method, target, given))


def target(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def test_a_blob_is_read_with_its_headers(address: str) -> None:
    answer = requests.get(address, timeout=20)
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Length"] == str(len(PICTURE))
    assert answer.headers["Cache-Control"] == "private, max-age=60"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in answer.headers
    again = requests.get(address, headers={"If-None-Match": answer.headers["ETag"]}, timeout=20)
    assert (again.status_code, again.content) == (304, b"")


def test_head_tells_of_a_blob_without_it(address: str) -> None:
    answer = requests.head(address, timeout=20)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(PICTURE))


@pytest.mark.parametrize("first", [0, 5, CHUNK - 1, len(PICTURE) - 3])
def test_a_range_is_read(address: str, first: int) -> None:
    answer = requests.get(address, headers={"Range": f"bytes={first}-{first + 2}"}, timeout=20)
    assert (answer.status_code, answer.content) == (206, PICTURE[first : first + 3])
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + 2}/{len(PICTURE)}"


@pytest.mark.parametrize("wanted", ["bytes=-5", "bytes=a-b", "bytes=0-1,4-5", "lines=1-2", ""])
def test_a_range_that_storage_does_not_know_is_answered_whole(address: str, wanted: str) -> None:
    answer = requests.get(address, headers={"Range": wanted}, timeout=20)
    assert (answer.status_code, answer.content) == (200, PICTURE)


def test_a_range_beyond_the_end_is_refused(address: str) -> None:
    answer = requests.get(address, headers={"Range": f"bytes={len(PICTURE) + 100}-"}, timeout=20)
    assert answer.status_code == 416


def test_the_client_of_blob_storage_reads_it_in_parts(address: str) -> None:
    with BlobClient.from_blob_url(address, max_single_get_size=1000, max_chunk_get_size=CHUNK) as client:
        assert client.download_blob().readall() == PICTURE


@pytest.mark.parametrize("container", ["images", "predictions", "exports", "models"])
def test_each_container_that_answers_link_to_is_served(service: Service, store: Store, container: Container) -> None:
    assert requests.get(written(service, store, container, b"this"), timeout=20).content == b"this"


def test_no_other_container_is(service: Service, store: Store) -> None:
    for container in ("uploads", "results", "published", "audit", "frames"):
        assert requests.get(written(service, store, container, b"not this"), timeout=20).status_code == 404


def test_a_signature_is_for_one_blob_and_for_reading(service: Service, store: Store, address: str) -> None:
    other = written(service, store)
    start, signature = target(address).split("&sig=")
    path, query = target(address).split("?")
    for wrong in (
        path,
        f"{path}?",
        start,
        f"{start}&sig=",
        f"{start}&sig=A{signature[1:]}" if signature[0] != "A" else f"{start}&sig=B{signature[1:]}",
        target(address).replace("sp=r", "sp=rw"),
        target(address).replace("se=20", "se=30"),
        f"{target(other).split('?')[0]}?{query}",
    ):
        assert ask(service, wrong).status == 403, wrong


def signed(address: str, key: str, expiry: str = "2099-01-01T00:00Z", rights: BlobSasPermissions = READING) -> str:
    """The target of that blob with a signature of the test's own."""
    account, container, name = urlsplit(address).path[1:].split("/", 2)
    sas = generate_blob_sas(account, container, name, account_key=key, permission=rights, expiry=expiry)
    return f"/{account}/{container}/{name}?{sas}"


def test_an_expired_signature_is_refused(service: Service, store: Store, address: str) -> None:
    key = store.blobs.credential.account_key
    assert ask(service, signed(address, key)).status == 200
    assert ask(service, signed(address, key, "2020-01-01T00:00Z")).status == 403


def test_nothing_can_be_written_or_deleted_whatever_is_signed(service: Service, store: Store, address: str) -> None:
    rights = BlobSasPermissions(read=True, write=True, create=True, delete=True, add=True, tag=True)
    allowed = signed(address, store.blobs.credential.account_key, rights=rights)
    assert ask(service, allowed).status == 200
    for method in ("PUT", "POST", "DELETE", "PATCH", "OPTIONS"):
        refused = ask(service, allowed, method, x_ms_blob_type="BlockBlob")
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
    for more in ("comp=tags", "comp=metadata", "comp=list", "restype=container", "RESTYPE=account", "Comp=blocklist"):
        assert ask(service, f"{allowed}&{more}").status == 403, more
    assert requests.get(address, timeout=20).content == PICTURE


def test_nothing_beside_blobs_is_served(service: Service, address: str) -> None:
    query = urlsplit(address).query
    path = urlsplit(address).path
    _, account, container, project, image, kind = path.split("/")
    for wrong in (
        f"/{account}?comp=list&{query}",
        f"/{account}/?comp=list&{query}",
        f"/{account}/{container}?restype=container&comp=list&{query}",
        f"/{account}/{container}/?restype=container&comp=list&{query}",
        f"/{container}/{project}/{image}/{kind}?{query}",
        f"//{account}/{container}/{project}/{image}/{kind}?{query}",
        f"/other{path}?{query}",
        f"/{account}/{container}//{project}/{image}/{kind}?{query}",
        f"/{account}/{container}/{project}/{image}/{kind}/?{query}",
        f"/{account}/{container}/../{container}/{project}/{image}/{kind}?{query}",
        f"/{account}/{container}/%2e%2e/{container}/{project}/{image}/{kind}?{query}",
        f"/{account}/{container}/..%2f{container}/{project}/{image}/{kind}?{query}",
        f"/{account}/{container}/{project}%2F{image}/{kind}?{query}",
        f"/{account}/{container}/{project}\\{image}\\{kind}?{query}",
        f"/{account}/uploads/../{container}/{project}/{image}/{kind}?{query}",
        f"/{account}/uploads/{project}/{image}/{kind}?{query}",
        f"/{account}/$logs/{project}/{image}/{kind}?{query}",
        f"/{account.upper()}/{container}/{project}/{image}/{kind}?{query}",
    ):
        assert ask(service, wrong).status == 404, wrong


def test_the_callers_own_rights_to_storage_do_not_pass(service: Service, address: str) -> None:
    unsigned = urlsplit(address).path
    assert ask(service, unsigned, Authorization="SharedKey devstoreaccount1:abc=").status == 403


def test_azurites_published_key_signs_nothing_here(service: Service, address: str) -> None:
    published = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    assert ask(service, signed(address, published)).status == 403


def test_a_reader_that_leaves_disturbs_nobody(service: Service, address: str) -> None:
    for _ in range(40):
        with socket.create_connection(("127.0.0.1", service.port)) as connection:
            connection.sendall(f"GET {target(address)} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
            connection.recv(100)
    assert requests.get(address, timeout=20).content == PICTURE


def test_a_blob_that_is_gone_is_not_found(service: Service, store: Store) -> None:
    address = written(service, store)
    name = urlsplit(address).path.split("/", 3)[3]
    blobs.delete(store, "images", name)
    assert requests.get(address, timeout=20).status_code == 404


class Impatient(BaseHTTPRequestHandler):
    """Ends a connection when a second request comes by it, as storage does with one that was idle for a while."""

    protocol_version = "HTTP/1.1"
    answered = False

    def do_GET(self) -> None:
        self.close_connection = self.answered
        if not self.answered:
            self.answered = True
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        """Tests say enough."""


def test_a_connection_that_storage_ended_meanwhile_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(courtesy, "asked", lambda: asked.append(True))
    with ThreadingHTTPServer(("127.0.0.1", 0), Impatient) as storage:
        Thread(target=storage.serve_forever, daemon=True).start()
        files = Files(nobody, f"http://127.0.0.1:{storage.server_port}/devstoreaccount1", "")
        # In a thread, as the browser of other tests has a loop in this one.
        with ThreadPoolExecutor(1) as thread:
            statuses = [thread.submit(lambda: asyncio.run(status_of(files))).result() for _ in range(3)]
        assert statuses == [200, 200, 200]
        assert len(asked) == 3
        files.close()
        storage.shutdown()


async def nobody(*_: object) -> None:
    """No application."""


async def nothing() -> Message:
    return {}


async def status_of(files: Files) -> int:
    said: list[Message] = []

    async def tell(message: Message) -> None:
        said.append(message)

    path = f"/devstoreaccount1/images/{uuid4()}/{uuid4()}/original"
    scope = {"type": "http", "method": "GET", "raw_path": path.encode(), "query_string": b"sig=a", "headers": []}
    await files(scope, nothing, tell)
    return int(said[0]["status"])
