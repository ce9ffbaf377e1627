"""How a child process of `./run` serves on its port, and how it ends with its parent."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import uvicorn
import uvloop

from local.network.addresses import LOOPBACK, listen
from local.network.protocol import BoundedProtocol

GRACE_SECONDS = 10
# As Azure's front end keeps a connection on which nothing is sent.
IDLE_SECONDS = 240


class Server(uvicorn.Server):
    """A uvicorn server that leaves signals to `serve`, which goes on after it has stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Listener(NamedTuple):
    """Where an application is served, and by which certificate with its key where that is by HTTPS."""

    app: Callable[..., Awaitable[None]]
    port: int
    host: str = LOOPBACK
    certificate: Path | None = None


def serve(*listeners: Listener) -> None:
    """Serve until SIGTERM or SIGINT, then let the requests under way end. Raises AddressError."""
    sockets = [listen(each.host, each.port) for each in listeners]
    servers = [_server(each) for each in listeners]

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    async def run() -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop)
        await asyncio.gather(*(server.serve(own) for server, own in zip(servers, sockets, strict=True)))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def _server(listener: Listener) -> Server:
    config = uvicorn.Config(
        listener.app,
        ssl_certfile=listener.certificate,
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return Server(config)


def wait_for_go() -> None:
    """Return when the parent sends its line; end at once if it is gone."""
    if not sys.stdin.buffer.readline():
        raise SystemExit("The process that started this one has ended.")


def end_with_parent() -> None:
    """Send this process SIGTERM when the parent's end of stdin closes, however the parent ended."""
    threading.Thread(target=_watch_stdin, name="parent", daemon=True).start()


def _watch_stdin() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
