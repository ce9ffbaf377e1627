"""How a child process of `./run` serves on its port, and how it ends with its parent."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator

import uvicorn
import uvloop

from local.protocol import BoundedProtocol

GRACE_SECONDS = 10
# As Azure's front end keeps a connection on which nothing is sent.
IDLE_SECONDS = 240


class Server(uvicorn.Server):
    """A uvicorn server that leaves signals to `serve`, which goes on after it has stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(app: Callable[..., Awaitable[None]], port: int) -> None:
    """Serve until SIGTERM or SIGINT, then let the requests under way end."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
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
    server = Server(config)

    def stop() -> None:
        server.should_exit = True

    async def run() -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop)
        await server.serve()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


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
