"""`python -m local.host`: the host as a process of its own."""

import argparse
import importlib
import logging
import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from azure.functions import FunctionApp

from local.child import GRACE_SECONDS, Listener, end_with_parent, serve, wait_for_go
from local.host.events import EventGridWebhook
from local.host.files import App, Files
from local.host.functions import HostedFunction, IndexingError, index
from local.host.http import HttpHost
from local.host.options import HostOptions
from local.host.queues import QueueListener
from local.host.routes import RouteError, RouteTable
from local.host.timers import ScheduleError, Timer
from local.network.addresses import LOOPBACK, AddressError
from shared.fetch import trust
from shared.models.limits import BODY_BYTES
from shared.settings import ROOT, Settings
from shared.storage.account.signing import served_at

logger = logging.getLogger(__name__)
CONNECTION = "STORAGE_CONNECTION_STRING"


def main(argv: list[str]) -> int:
    options = _arguments().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        storage = Settings.read().storage_connection_string
        host = Host(_load(options.app), HostOptions.read(options.host_json), storage, options.threads, options.root)
    except (IndexingError, RouteError, ScheduleError) as fault:
        print(fault, file=sys.stderr)
        return 1
    if options.leashed:
        wait_for_go()
        end_with_parent()
    if options.authority:
        trust(options.authority)
    app = host.http(options.body_limit, events=options.events_port is None)
    files = Files(app, options.blobs, options.root, fixed=options.fixed) if options.blobs else None
    try:
        host.run(_listeners(host, files or app, options), files)
    except AddressError as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


def _listeners(host: "Host", app: App, options: argparse.Namespace) -> list[Listener]:
    """Events come to a port of their own, where there is one: it is not open to the network."""
    served = Listener(app, options.port, options.host, options.certificate)
    return [served, Listener(host.events(), options.events_port)] if options.events_port else [served]


class Host:
    """One app with its listeners and its timers.

    As in Azure, each queue's function has threads of its own: long steps of one hold up no other, and no request.
    """

    def __init__(self, app: FunctionApp, options: HostOptions, storage: str, threads: int, root: str = "") -> None:
        functions = index(app)
        self._routes = RouteTable(functions, options.extensions.http.route_prefix)
        queues = [each for each in functions if each.trigger.type == "queueTrigger"]
        self._pool, *others = self._pools = [
            ThreadPoolExecutor(threads, "function", served_at.set, (root,)) for _ in range(1 + len(queues))
        ]
        self._timers = [Timer(each, self._pool) for each in functions if each.trigger.type == "timerTrigger"]
        self._listeners = [
            QueueListener(each, _storage(each, storage), options.extensions.queues, pool, self._wake_listeners)
            for each, pool in zip(queues, others, strict=True)
        ]
        self._webhook = EventGridWebhook(functions, self._pool, self._wake_listeners)

    def http(self, body_limit: int, *, events: bool) -> HttpHost:
        return HttpHost(self._routes, self._webhook if events else None, self._pool, body_limit)

    def events(self) -> HttpHost:
        return HttpHost(RouteTable([]), self._webhook, self._pool)

    def run(self, listeners: Sequence[Listener], files: Files | None = None) -> None:
        """Serve until this process is told to end, and then hand out no more of the files. Raises AddressError."""
        workers: list[QueueListener | Timer] = [*self._listeners, *self._timers]
        try:
            for worker in workers:
                worker.start()
            serve(*listeners)
            for worker in workers:
                worker.stop()
        finally:
            self._end(files)

    def _wake_listeners(self) -> None:
        for listener in self._listeners:
            listener.wake()

    def _end(self, files: Files | None) -> None:
        """Let what is under way end, but not for ever."""
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)
        closing = threading.Thread(target=self._close, args=(files,), daemon=True)
        closing.start()
        closing.join(GRACE_SECONDS)
        if closing.is_alive():
            logger.warning("Functions still run after %d s; what they were given comes again.", GRACE_SECONDS)
            os._exit(1)

    def _close(self, files: Files | None) -> None:
        for pool in self._pools:
            pool.shutdown()
        if files:
            files.close()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.host", description=__doc__)
    parser.add_argument("--port", type=int, default=7071)
    parser.add_argument("--host", default=LOOPBACK, help="the address to listen on")
    parser.add_argument("--certificate", type=Path, help="listen by HTTPS with this one, which has its key with it")
    parser.add_argument("--authority", type=Path, help="trust this one as well where addresses of images are fetched")
    parser.add_argument("--events-port", type=int, help="take events on this port of 127.0.0.1, and on no other")
    parser.add_argument("--app", default="function_app:app", help="module:name of the FunctionApp")
    parser.add_argument("--host-json", type=Path, default=ROOT / "host.json")
    parser.add_argument("--threads", type=int, default=min(32, (os.cpu_count() or 1) + 4))
    parser.add_argument("--body-limit", type=int, default=BODY_BYTES, help="bytes")
    parser.add_argument("--blobs", default="", help="hand out blobs of the storage account at this address")
    parser.add_argument(
        "--root", default="", help="what addresses of blobs begin with where no request came to another"
    )
    parser.add_argument("--fixed", action="store_true", help="begin all addresses with that root")
    parser.add_argument("--leashed", action="store_true", help="start at a line on stdin, end when stdin ends")
    return parser


def _storage(function: HostedFunction, given: str) -> str:
    """The connection string by which the trigger reaches its queue. Raises IndexingError where there is none."""
    name = function.trigger.connection or "AzureWebJobsStorage"
    if name == CONNECTION and given:
        return given
    known = "which is not set; set it to" if name == CONNECTION else f"and the local host knows {CONNECTION} alone,"
    raise IndexingError(
        f"{function.name}: its trigger connects by the app setting {name}, {known} "
        "the connection string of the storage account that holds its queue."
    )


def _load(place: str) -> FunctionApp:
    module, _, name = place.partition(":")
    app = getattr(importlib.import_module(module), name)
    if not isinstance(app, FunctionApp):
        raise IndexingError(f"{place} is no azure.functions.FunctionApp.")
    return app


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
