"""How soon a camera's picture has its result at a steady pace, and how a sudden pile with hostile files ends.

python -m benchmarks.camera
"""

import argparse
import io
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import uuid4

import msgspec
from azure.storage.blob import ContainerClient
from PIL import Image

from benchmarks import subjects
from benchmarks.subjects import cpu_seconds
from local.demo import session
from local.demo.report import percentile
from local.service import Service
from shared.models.serving.camera import CameraResult, Outcome
from shared.settings import Settings
from shared.storage.account.store import Store
from shared.storage.serving import results

P95_GOAL_SECONDS = 2.0
UPLOADS_AT_ONCE = 8
PATIENCE_SECONDS = 120.0
# Long enough for a second delivery of an event to show itself.
AFTERMATH_SECONDS = 5.0


class Drop(NamedTuple):
    """One upload: its path in the container, and its bytes."""

    path: str
    data: bytes


class Announcement(msgspec.Struct):
    """What a subscriber of the topic learns of a result: its record was there when the event was made."""

    time: datetime
    data: CameraResult


class Rig:
    """A running service with a published model, and the camera's and the reader's connections to its storage."""

    def __init__(self, service: Service) -> None:
        project, _ = subjects.published_project(session.training_client(service), subjects.rendered(8, seed=3))
        self.folder = f"{project.id}/{session.PUBLISHED_NAME}"
        self._events = service.data / "events.jsonl"
        self._processes = {"host": service.host_pid, "relay": service.relay_pid, "Azurite": service.azurite.pid}
        self._uploads = ContainerClient.from_connection_string(service.connection_string, "uploads")
        self._store = Store.open(Settings(storage_connection_string=service.connection_string))

    def close(self) -> None:
        self._uploads.close()
        self._store.close()

    def upload(self, drops: Sequence[Drop], interval: float) -> dict[str, datetime]:
        """Upload one each `interval` seconds, or all at once; when each upload began."""
        first = time.monotonic()

        def send(number: int) -> tuple[str, datetime]:
            time.sleep(max(0.0, first + number * interval - time.monotonic()))
            begun = datetime.now(UTC)
            self._uploads.upload_blob(drops[number].path, drops[number].data)
            return drops[number].path, begun

        with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
            return dict(pool.map(send, range(len(drops))))

    def ended(self, paths: set[str]) -> list[CameraResult]:
        """The records of these uploads, once each has one; fewer where that takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self._found(paths)) < len(paths) and time.monotonic() < deadline:
            time.sleep(1)
        time.sleep(AFTERMATH_SECONDS)
        return self._found(paths)

    def announcements(self, paths: set[str]) -> list[Announcement]:
        """The events of these uploads, in the order in which they were sent."""
        lines = self._events.read_bytes().splitlines() if self._events.is_file() else []
        kinds = [(line, msgspec.json.decode(line, type=_Kind).type) for line in lines]
        events = [msgspec.json.decode(line, type=Announcement) for line, kind in kinds if ".Camera." in kind]
        return [event for event in events if event.data.upload.path in paths]

    def cpu_seconds(self) -> dict[str, float]:
        """What each process has used since it started."""
        return {name: cpu_seconds(pid) for name, pid in self._processes.items() if pid}

    def _found(self, paths: set[str]) -> list[CameraResult]:
        return [result for result in results.list_all(self._store) if result.upload.path in paths]


class _Kind(msgspec.Struct):
    type: str


def main(argv: list[str]) -> int:
    options = _arguments().parse_args(argv)
    pictures = [picture.path.read_bytes() for picture in subjects.rendered(per_tag=10, seed=4)]
    with subjects.fresh_service() as service:
        rig = Rig(service)
        try:
            steady = [
                Drop(f"{rig.folder}/steady/{number:04}.jpg", pictures[number % len(pictures)])
                for number in range(round(options.rate * options.seconds))
            ]
            print(f"{len(steady)} pictures, {options.rate:g} a second (goal {P95_GOAL_SECONDS:g} s at p95)", flush=True)
            measure(rig, steady, 1 / options.rate)
            pile = sudden_pile(rig.folder, pictures, options.pile, options.hostile)
            print(f"{len(pile)} pictures at once, {options.hostile} of them hostile", flush=True)
            measure(rig, pile, 0.0)
        finally:
            rig.close()
    return 0


def measure(rig: Rig, drops: Sequence[Drop], interval: float) -> None:
    """Upload, wait for all ends, print what came of it."""
    before = rig.cpu_seconds()
    begun = rig.upload(drops, interval)
    uploaded = datetime.now(UTC)
    found = rig.ended(set(begun))
    used = {name: (after - before[name]) / len(drops) * 1000 for name, after in rig.cpu_seconds().items()}
    announced = rig.announcements(set(begun))
    show_ends(found, set(begun), announced)
    waited = [(event.time - begun[event.data.upload.path]).total_seconds() for event in announced]
    p50, p95, longest = percentile(waited, 50), percentile(waited, 95), max(waited, default=0)
    print(f"  from upload to recorded result: p50 {p50:.2f} s, p95 {p95:.2f} s, longest {longest:.2f} s")
    if announced:
        last = max(event.time for event in announced)
        print(f"  the last one ended {(last - uploaded).total_seconds():.1f} s after the last upload")
    print(f"  CPU of a picture: {', '.join(f'{name} {spent:.0f} ms' for name, spent in used.items())}", flush=True)


def show_ends(found: Sequence[CameraResult], paths: set[str], announced: Sequence[Announcement]) -> None:
    """How many ended how, and whether each did exactly once."""
    records = Counter(result.upload.path for result in found)
    events = Counter(event.data.upload.path for event in announced)
    outcomes = Counter(result.outcome for result in found)
    print(f"  {outcomes[Outcome.RESULT]} results, {outcomes[Outcome.REJECTED]} rejections", end="; ")
    print(f"{len(paths - records.keys())} without an end, {_several(records)} with more than one record", end="; ")
    print(f"{len(paths - events.keys())} without an event, {_several(events)} with more than one")
    for code, count in Counter(result.code for result in found if result.code).most_common():
        print(f"    {count} x {code}")


def _several(counts: Counter[str]) -> int:
    return sum(count > 1 for count in counts.values())


def sudden_pile(folder: str, pictures: Sequence[bytes], count: int, hostile: int) -> list[Drop]:
    """Good pictures, with hostile files evenly among them."""
    bad = hostile_files(folder, pictures[0])
    drops = [
        Drop(f"{folder}/pile/{number:04}.jpg", pictures[number % len(pictures)]) for number in range(count - hostile)
    ]
    for number in range(hostile):
        path, data = bad[number % len(bad)]
        drops.insert(number * count // max(1, hostile), Drop(path.format(number), data))
    return drops


def hostile_files(folder: str, picture: bytes) -> list[Drop]:
    """What can be wrong with an upload; `{}` in a path takes a number."""
    wide, huge = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (3000, 20)).save(wide, "PNG")
    Image.new("1", (20_000, 20_000)).save(huge, "PNG")
    contents = {
        "one-byte.jpg": b"\xff",
        "text.jpg": b"not a picture at all\n" * 20,
        "truncated.jpg": picture[: len(picture) // 2],
        "header-only.jpg": picture[:20],
        "noise.jpg": picture[:300] + bytes(range(256)) * 40,
        "page.png": b"<html><script>alert(1)</script></html>",
        "vector.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        "wide.png": wide.getvalue(),
        "bomb.png": huge.getvalue(),
        "heavy.jpg": picture + bytes(21 * 1024 * 1024),
    }
    drops = [Drop(f"{folder}/pile/hostile-{{}}-{name}", data) for name, data in contents.items()]
    elsewhere = (f"{uuid4()}/demo/{{}}.jpg", f"{folder}-unpublished/{{}}.jpg", "no-project/{}.jpg", "{}.jpg")
    return drops + [Drop(path, picture) for path in elsewhere]


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.camera", description=__doc__)
    parser.add_argument("--rate", type=float, default=10.0, metavar="N", help="pictures a second (10)")
    parser.add_argument("--seconds", type=float, default=30.0, metavar="S", help="for so long (30)")
    parser.add_argument("--pile", type=int, default=200, metavar="N", help="pictures dropped at once (200)")
    parser.add_argument("--hostile", type=int, default=30, metavar="N", help="how many of them are hostile (30)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
