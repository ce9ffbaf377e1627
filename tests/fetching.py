"""What tests of fetching share: servers that answer or drip, and a fetch that may reach them."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.fetch import fetch
from tests.servers import Answer, Request

LIMIT = 1000


def answering(body: bytes = b"picture", status: int = 200, **headers: str) -> Callable[[Request], Answer]:
    return lambda _: Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def local_fetch(url: str, limit: int = LIMIT, seconds: float = 5.0) -> bytes:
    return fetch(url, limit=limit, allow_private=True, seconds=seconds)


@contextmanager
def dripping(first: bytes, drip: bytes, certificate: Path | None = None) -> Iterator[int]:
    """A server that sends a byte ten times a second, for as long as anybody listens."""
    listener = socket.create_server(("127.0.0.1", 0))
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        listener = context.wrap_socket(listener, server_side=True)

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            try:
                connection.sendall(first)
                while True:
                    connection.sendall(drip)
                    time.sleep(0.1)
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    with listener:
        yield listener.getsockname()[1]
        thread.join(5)
    assert not thread.is_alive()
