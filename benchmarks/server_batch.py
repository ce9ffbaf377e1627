"""A batch of blobs while host and Azurite are killed again and again: has each blob its row exactly once?

python -m benchmarks.server_batch
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import cycle, islice
from uuid import UUID

import msgspec

from benchmarks import subjects
from benchmarks.rig import Client
from local.demo import session
from local.service import Service
from shared.models.serving.batches import Batch
from shared.settings import Settings
from shared.storage.account import blobs
from shared.storage.account.store import Store

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 1_800.0


def main(argv: list[str]) -> int:
    options = _arguments().parse_args(argv)
    with subjects.fresh_service() as service, closing(_store(service)) as store:
        project, _ = subjects.published_project(session.training_client(service), subjects.rendered(8, seed=3))
        names = _fill(store, options.blobs)
        path, asked = f"projects/{project.id}/batches", {"publishedName": session.PUBLISHED_NAME, "prefix": "bench/"}
        begun = time.monotonic()
        batch = msgspec.json.decode(Client(service, "/ocellus/v1").send("POST", path, asked)[1], type=Batch)
        kills = _kill(service, options.kills, options.every)
        batch = _ended(service, f"{path}/{batch.id}")
        seconds = time.monotonic() - begun
        rows = Counter(json.loads(line)["blob"] for line in _lines(store, batch.results))
        told = _told(service, batch.id)
    print(f"{batch.status} after {seconds:.0f} s and {kills}")
    print(f"{batch.done:,} of {batch.total:,} blobs, {batch.failed} failed, {batch.done / seconds:.1f} a second")
    print(f"{sum(rows.values()):,} rows of {len(rows):,} blobs; told of {told} times")
    return int(rows != Counter(names) or batch.failed > 0 or told == 0)


def _store(service: Service) -> Store:
    return Store.open(Settings(storage_connection_string=service.connection_string))


def _fill(store: Store, count: int) -> list[str]:
    pictures = cycle([each.path.read_bytes() for each in subjects.rendered(per_tag=8, seed=5)])
    named = [(f"bench/{number:06}.jpg", data) for number, data in enumerate(islice(pictures, count))]
    list(store.threads.map(lambda each: blobs.write(store, "archives", *each), named))
    return [name for name, _ in named]


def _kill(service: Service, times: int, every: float) -> str:
    """Host and Azurite in turns; what was killed."""
    for number in range(times):
        time.sleep(every)
        if number % 2:
            service.kill_azurite()
            service.start_azurite()
        else:
            service.kill_host()
            service.start_host()
    return f"{-(-times // 2)} kills of the host, {times // 2} of Azurite"


def _ended(service: Service, path: str) -> Batch:
    """Ends the program where it does not end."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        status, body = Client(service, "/ocellus/v1").send("GET", path)
        if status == 200 and not (batch := msgspec.json.decode(body, type=Batch)).is_under_way:
            return batch
        time.sleep(POLL_SECONDS)
    sys.exit(f"The batch did not end in {PATIENCE_SECONDS:.0f} s: {body!r}")


def _lines(store: Store, prefix: str) -> Iterator[bytes]:
    for name in blobs.names(store, "results", prefix):
        part = blobs.read(store, "results", name)
        yield from part.data.splitlines() if part else ()


def _told(service: Service, batch_id: UUID) -> int:
    """How often the topic heard of its end."""
    time.sleep(POLL_SECONDS)
    events = map(json.loads, (service.data / "events.jsonl").read_text().splitlines())
    return sum(event["id"] == f"{batch_id}:ended" for event in events)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server_batch", description=__doc__)
    parser.add_argument("--blobs", type=int, default=20_000, metavar="N", help="blobs in the archive (20000)")
    parser.add_argument("--kills", type=int, default=6, metavar="N", help="of host and Azurite in turns (6)")
    parser.add_argument("--every", type=float, default=20.0, metavar="S", help="seconds between kills (20)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
