"""`python -m local.eventgrid`: provisions storage, then runs the relay and the topic, as a process of its own."""

import argparse
import logging
import sys
from pathlib import Path

from local.child import Listener, end_with_parent, serve, wait_for_go
from local.eventgrid.delivery import Courier, RetryPolicy
from local.eventgrid.ledger import Ledger
from local.eventgrid.topic import Topic
from local.eventgrid.uploads import UploadWatcher
from shared.settings import Settings
from shared.storage.account.store import Store


def main(argv: list[str]) -> int:
    options = _arguments().parse_args(argv)
    logging.basicConfig(level=logging.ERROR, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = Settings.read()
    store = Store.open(settings)
    storage = settings.storage_connection_string
    ledger = Ledger(options.data / "eventgrid.sqlite")
    policy = RetryPolicy(first_wait=options.first_wait, most_attempts=options.most_attempts)
    courier = Courier(ledger, options.host, storage, policy)
    watcher = UploadWatcher(storage, options.journal, ledger, courier, options.function)
    topic = Topic(settings.event_topic_key, options.data / "events.jsonl", ledger, courier, options.subscriber)
    if options.leashed:
        wait_for_go()
        end_with_parent()
    store.provision()
    courier.start()
    watcher.start()
    serve(Listener(topic, options.port))
    watcher.stop()
    courier.stop()
    store.close()
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.eventgrid", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="where the topic takes events")
    parser.add_argument("--host", required=True, help="the functions host's address")
    parser.add_argument("--data", type=Path, required=True, help="folder of the ledger and of events.jsonl")
    parser.add_argument("--journal", type=Path, required=True, help="where Azurite tells of uploads")
    parser.add_argument("--function", action="append", default=[], help="a function that takes BlobCreated events")
    parser.add_argument("--subscriber", action="append", default=[], help="a URL that takes the topic's events")
    parser.add_argument("--first-wait", type=float, default=RetryPolicy().first_wait, help="seconds")
    parser.add_argument("--most-attempts", type=int, default=RetryPolicy().most_attempts)
    parser.add_argument("--leashed", action="store_true", help="start at a line on stdin, end when stdin ends")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
