"""A camera that drops pictures into storage, and somebody who waits for its results."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from azure.storage.blob import ContainerClient
from msgspec import UNSET
from rich.console import Console

from cli.faults import CommandError
from local.demo.report import Camera, percentile
from local.service import Service
from shared.models.serving.camera import CameraResult, Outcome
from shared.models.serving.predictions import Prediction
from shared.settings import Settings
from shared.storage.account.store import Store
from shared.storage.serving import results

PICTURES = 19
INTERVAL_SECONDS = 0.2
POLL_SECONDS = 0.1
PATIENCE_SECONDS = 60.0
# What a detector finds with this probability counts as seen.
LIKELY = 0.5


class Drop(NamedTuple):
    """One file that the camera uploads: its name, its bytes and the tags of what a person would see on it."""

    name: str
    data: bytes
    tags: list[str]


def choose(pictures: Sequence[tuple[Path, list[str]]]) -> list[Drop]:
    """Pictures, each with its tags, from all over the test set; and among them one that was cut off on its way to the
    disk.
    """
    count = min(PICTURES, len(pictures))
    chosen = [pictures[number * len(pictures) // count] for number in range(count)]
    drops = [
        Drop(f"camera-1/{number:03}{path.suffix.lower()}", path.read_bytes(), tags)
        for number, (path, tags) in enumerate(chosen)
    ]
    drops.insert(len(drops) // 2, Drop("camera-1/broken.jpg", drops[0].data[: len(drops[0].data) // 3], []))
    return drops


def watch(console: Console, service: Service, project_id: str, published_name: str, drops: Sequence[Drop]) -> Camera:
    """Upload at a camera's pace and show each result as it arrives. Raises CommandError where one does not."""
    folder = f"{project_id}/{published_name}"
    console.print(f"\nA camera uploads {len(drops)} pictures, one of them broken, to uploads/{folder}/camera-1/")
    started: dict[str, float] = {}
    sender = threading.Thread(target=_upload, args=(service.connection_string, folder, drops, started))
    sender.start()
    store = Store.open(Settings(storage_connection_string=service.connection_string))
    tags = {f"{folder}/{drop.name}": drop.tags for drop in drops}
    ended: list[CameraResult] = []
    latencies: list[float] = []
    try:
        for result in _arrivals(store, UUID(project_id), len(drops)):
            ended.append(result)
            latencies.append(time.monotonic() - started[result.upload.path])
            _show(console, result, tags[result.upload.path], latencies[-1])
    finally:
        sender.join()
        store.close()
    if missing := sorted(tags.keys() - {result.upload.path for result in ended}):
        raise CommandError(
            f"no result in {PATIENCE_SECONDS:.0f} s for {', '.join(missing)}; see the logs in {service.data}."
        )
    return _figures(ended, tags, latencies)


def _upload(connection: str, folder: str, drops: Sequence[Drop], started: dict[str, float]) -> None:
    with ContainerClient.from_connection_string(connection, "uploads") as uploads:
        for drop in drops:
            path = f"{folder}/{drop.name}"
            started[path] = time.monotonic()
            uploads.upload_blob(path, drop.data)
            time.sleep(INTERVAL_SECONDS)


def _arrivals(store: Store, project_id: UUID, expected: int) -> Iterator[CameraResult]:
    """Each result once, as it is seen, until all are there or none came for too long."""
    seen: set[str] = set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(seen) < expected and time.monotonic() < deadline:
        fresh = [result for result in results.list_all(store, project_id) if result.id not in seen]
        for result in sorted(fresh, key=lambda result: result.created):
            seen.add(result.id)
            deadline = time.monotonic() + PATIENCE_SECONDS
            yield result
        time.sleep(POLL_SECONDS)


def _show(console: Console, result: CameraResult, tags: list[str], seconds: float) -> None:
    name = result.upload.path.rpartition("/")[2]
    if result.outcome == Outcome.REJECTED:
        console.print(f"  {name:12} [yellow]rejected[/yellow] after {seconds:.2f} s: {result.reason}", soft_wrap=True)
        return
    likely = _likely(result)
    seen = ", ".join(f"{each.tag_name} ({each.probability:.0%})" for each in likely) or "nothing"
    right = _names(likely) == tags
    mark = "[green]right[/green]" if right else f"[red]is {', '.join(tags) or 'empty'}[/red]"
    console.print(f"  {name:12} {seen}, {mark}, after {seconds:.2f} s")


def _likely(result: CameraResult) -> list[Prediction]:
    """A classifier's most probable tag, or a detector's likely boxes."""
    first = result.predictions[:1]
    if first and first[0].bounding_box is UNSET:
        return first
    return [each for each in result.predictions if each.probability >= LIKELY]


def _names(predictions: Sequence[Prediction]) -> list[str]:
    return sorted(each.tag_name for each in predictions)


def _figures(ended: Sequence[CameraResult], tags: dict[str, list[str]], latencies: Sequence[float]) -> Camera:
    right = [result for result in ended if result.outcome == Outcome.RESULT]
    return Camera(
        dropped=len(tags),
        results=len(right),
        rejections=len(ended) - len(right),
        correct=sum(_names(_likely(result)) == tags[result.upload.path] for result in right),
        drawn=next((result.drawn for result in right if result.drawn), None),
        latency_p50_s=percentile(latencies, 50),
        latency_p95_s=percentile(latencies, 95),
    )
