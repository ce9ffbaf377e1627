"""How a client waits for a service that is busy."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from cli import client
from shared.settings import ClientSettings

TAG = b'{"id": "1", "name": "bolt"}'
BUSY = b'{"code": "429", "message": "Please retry after 0 seconds."}'


@pytest.fixture
def busy() -> Iterator[tuple[str, list[str]]]:
    """A service that takes the third call, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append(self.path)
            status, body = (429, BUSY) if len(asked) < 3 else (200, TAG)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_a_patient_client_repeats_what_a_busy_service_did_not_take(busy):
    address, asked = busy
    given = ClientSettings(vision_training_endpoint=address, vision_training_key="key")
    assert client.patient(client.connect(given)).create_tag("1", "bolt").name == "bolt"
    assert len(asked) == 3
