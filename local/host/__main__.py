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
from shared.settings import ROOT, child_environment
from shared.storage.account.signing import served_at

logger = logging.getLogger(__name__)


def main(argv: list[str]) -> int:
    options = _arguments().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        host = Host(_load(options.app), HostOptions.read(options.host_json), options.threads, options.root)
    except (IndexingError, RouteError, ScheduleError) as fault:
        print(fault, file=sys.stderr)
        return 1
    if options.leashed:
        wait_for_go()
        end_with_parent()
    if options.authority:
        trust(options.authority)
    try:
        host.run(_listeners(host, options))
    except AddressError as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


def _listeners(host: "Host", options: argparse.Namespace) -> list[Listener]:
    """Events come to a port of their own, where there is one: it is not open to the network."""
    apart: int | None = options.events_port
    app: App = host.http(options.body_limit, events=apart is None)
    if options.blobs:
        app = Files(app, options.blobs, options.root, fixed=options.fixed)
    served = Listener(app, options.port, options.host, options.certificate)
    return [served, Listener(host.events(), apart)] if apart else [served]


class Host:
    """One app with its pool of threads, its listeners and its timers."""

    def __init__(self, app: FunctionApp, options: HostOptions, threads: int, root: str = "") -> None:
        functions = index(app)
        self._routes = RouteTable(functions, options.extensions.http.route_prefix)
        self._pool = ThreadPoolExecutor(threads, "function", served_at.set, (root,))
        self._timers = [Timer(each, self._pool) for each in functions if each.trigger.type == "timerTrigger"]
        self._listeners = [
            QueueListener(each, _storage(each), options.extensions.queues, self._pool, self._wake_listeners)
            for each in functions
            if each.trigger.type == "queueTrigger"
        ]
        self._webhook = EventGridWebhook(functions, self._pool, self._wake_listeners)

    def http(self, body_limit: int, *, events: bool) -> HttpHost:
        return HttpHost(self._routes, self._webhook if events else None, self._pool, body_limit)

    def events(self) -> HttpHost:
        return HttpHost(RouteTable([]), self._webhook, self._pool)

    def run(self, listeners: Sequence[Listener]) -> None:
        """Serve until this process is told to end. Raises AddressError."""
        workers: list[QueueListener | Timer] = [*self._listeners, *self._timers]
        try:
            for worker in workers:
                worker.start()
            serve(*listeners)
            for worker in workers:
                worker.stop()
        finally:
            self._end()

    def _wake_listeners(self) -> None:
        for listener in self._listeners:
            listener.wake()

    def _end(self) -> None:
        """Let the functions under way end, but not for ever."""
        closing = threading.Thread(target=self._pool.shutdown, kwargs={"cancel_futures": True}, daemon=True)
        closing.start()
        closing.join(GRACE_SECONDS)
        if closing.is_alive():
            logger.warning("Functions still run after %d s; what they were given comes again.", GRACE_SECONDS)
            os._exit(1)


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


def _storage(function: HostedFunction) -> str:
    """The connection string in the app setting that the trigger names. Raises IndexingError where it is not set."""
    name = function.trigger.connection or "AzureWebJobsStorage"
    if text := child_environment().get(name):
        return text
    raise IndexingError(
        f"{function.name}: its trigger connects by the app setting {name}, which is not set; "
        "set it to the connection string of the storage account that holds its queue."
    )


def _load(place: str) -> FunctionApp:
    module, _, name = place.partition(":")
    app = getattr(importlib.import_module(module), name)
    if not isinstance(app, FunctionApp):
        raise IndexingError(f"{place} is no azure.functions.FunctionApp.")
    return app


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
