"""Prediction over HTTP against the bare loop of decode, resize and onnxruntime on the same cores.

python -m benchmarks.prediction [--detect]
"""

import argparse
import io
import multiprocessing
import os
import statistics
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import onnxruntime as ort
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks import subjects
from benchmarks.subjects import cpu_seconds
from local.demo import session
from shared.imaging.resize import model_input
from shared.models.training.model_spec import ModelSpec

CONCURRENCIES = (1, 2, 4, 8)
BARE_THREADS = 2
THROUGHPUT_GOAL = 0.75
LATENCY_GOAL, LATENCY_ALLOWANCE_MS = 1.25, 10.0
WARM_SECONDS = 1.0
LARGE_WH = (4000, 3000)
SAMPLE = "customvision-sample"


class Figures(NamedTuple):
    """One measurement: pictures a second, milliseconds a picture, and the CPU seconds a second that it took."""

    rate: float
    p50: float
    p95: float
    own_cpu: float
    host_cpu: float


Work = Callable[[int], None]


class Peer:
    """A process that does one kind of work on demand: the client of the service, or the bare loop."""

    def __init__(self, serve: Callable[..., None], *arguments: object) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=serve, args=(other, *arguments), daemon=True)
        self._process.start()

    def measure(self, threads: int, seconds: float, host: int) -> Figures:
        before, started = cpu_seconds(host), time.monotonic()
        self._pipe.send((threads, seconds))
        rate, latencies, own_cpu = self._pipe.recv()
        host_cpu = (cpu_seconds(host) - before) / (time.monotonic() - started)
        p50, p95 = np.percentile(latencies, [50, 95])
        return Figures(rate, float(p50), float(p95), own_cpu, host_cpu)

    def end(self) -> None:
        self._pipe.send(None)
        self._process.join()


def bare(pipe: Connection, graph: bytes, spec_json: bytes, pictures: Sequence[bytes]) -> None:
    """The loop without a service. One picture at a time may use all cores; several at once use one each."""
    spec = msgspec.json.decode(spec_json, type=ModelSpec)
    sessions = {threads: _session(graph, threads) for threads in (1, os.cpu_count() or 1)}

    def work(threads: int) -> Work:
        session = sessions[(os.cpu_count() or 1) if threads == 1 else 1]
        name = session.get_inputs()[0].name

        def look(turn: int) -> None:
            session.run(None, {name: model_input(pictures[turn % len(pictures)], spec.preprocessing)})

        return look

    _serve(pipe, work)


def client(pipe: Connection, port: int, path: str, key: str, pictures: Sequence[bytes]) -> None:
    """Raw bodies on connections that stay open: as little work as a client can do."""
    headers = {"Prediction-Key": key, "Content-Type": "application/octet-stream"}
    own = threading.local()

    def send(turn: int) -> None:
        if not hasattr(own, "connection"):
            own.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        own.connection.request("POST", path, pictures[turn % len(pictures)], headers)
        reply = own.connection.getresponse()
        body = reply.read()
        if reply.status != 200:
            raise RuntimeError(f"{reply.status}: {body[:300]!r}")

    _serve(pipe, lambda _: send)


def main(argv: list[str]) -> int:
    options = _arguments().parse_args(argv)
    verb, shown = ("detect", ("fork", "scissors")) if options.detect else ("classify", ("hemlock", "japanese_cherry"))
    sets = picture_sets(options.photos, shown)
    with subjects.fresh_service() as service:
        trainer = session.training_client(service)
        if options.detect:
            project, iteration = subjects.published_detector(trainer, options.photos / SAMPLE)
        else:
            project, iteration = subjects.published_project(trainer, subjects.rendered(per_tag=8, seed=3))
        graph, spec = subjects.model_of(service, f"{project.id}/{iteration.id}")
        path = f"/customvision/v3.1/prediction/{project.id}/{verb}/iterations/{session.PUBLISHED_NAME}/image"
        for name in options.sets or sets:
            peers = {"bare": Peer(bare, graph, spec, sets[name])}
            for kind, end in (("nostore", "/nostore"), ("stored", "")):
                peers[kind] = Peer(client, service.port, path + end, service.prediction_key, sets[name])
            assert service.host_pid
            measured = measure(peers, service.host_pid, options.rounds, options.seconds)
            show(f"{name}: {_describe(sets[name])}", measured)
            for peer in peers.values():
                peer.end()
    return 0


def picture_sets(photos: Path, tags: Sequence[str]) -> dict[str, list[bytes]]:
    """Pictures by the name of their set; the photographs are those of the tags."""
    sample = subjects.photographs(photos / SAMPLE, tags)
    large = io.BytesIO()
    with Image.open(sample[0].path) as image:
        image.resize(LARGE_WH, Image.Resampling.BICUBIC).save(large, "JPEG", quality=90)
    return {
        "parts": [picture.path.read_bytes() for picture in subjects.rendered(per_tag=5, seed=4)],
        "photos": [picture.path.read_bytes() for picture in sample],
        "large": [large.getvalue()],
    }


def measure(peers: dict[str, Peer], host: int, rounds: int, seconds: float) -> dict[tuple[str, int], list[Figures]]:
    """Bare and served in turns, so that a busy machine slows both."""
    plan = [("bare", 1), ("nostore", 1), ("bare", BARE_THREADS), *(("nostore", each) for each in CONCURRENCIES[1:])]
    plan += [("stored", 1), ("bare", BARE_THREADS), ("stored", CONCURRENCIES[-2]), ("bare", 1), ("nostore", 1)]
    for kind, threads in dict.fromkeys(plan):
        peers[kind].measure(threads, WARM_SECONDS, host)
    measured = defaultdict(list)
    for _ in range(rounds):
        for kind, threads in plan:
            measured[kind, threads].append(peers[kind].measure(threads, seconds, host))
    return measured


def show(title: str, measured: dict[tuple[str, int], list[Figures]]) -> None:
    """Medians over the rounds, and ratios to the bare loop."""
    medians = {key: _median(runs) for key, runs in measured.items()}
    rate, latency = medians["bare", BARE_THREADS].rate, medians["bare", 1]
    columns = ("", "at once", "images/s", "of bare", "p50 ms", "p95 ms", "over bare", "own CPU ms", "host CPU ms")
    table = Table(*columns, title=title)
    for (kind, threads), figures in medians.items():
        over = f"{figures.p50 / latency.p50:.2f}x, +{figures.p50 - latency.p50:.1f} ms" if threads == 1 else ""
        values = (f"{figures.rate:.1f}", f"{figures.rate / rate:.2f}", f"{figures.p50:.1f}", f"{figures.p95:.1f}", over)
        used = (each / figures.rate * 1000 for each in (figures.own_cpu, figures.host_cpu))
        table.add_row(kind, str(threads), *values, *(f"{each:.1f}" for each in used))
    console = Console(width=120)
    console.print(table)
    show_cpu(console, medians)
    best = max(figures.rate for (kind, _), figures in medians.items() if kind == "nostore") / rate
    allowed = LATENCY_GOAL * latency.p50 + LATENCY_ALLOWANCE_MS
    console.print(f"throughput {best:.2f} of the bare loop with {BARE_THREADS} threads (goal {THROUGHPUT_GOAL})")
    console.print(f"latency {medians['nostore', 1].p50:.1f} ms at p50 (goal {allowed:.1f} ms or less)\n")


def show_cpu(console: Console, medians: dict[tuple[str, int], Figures]) -> None:
    """The same ratio from the CPU that a picture takes: what it would be were nothing else on the machine."""
    served, alone = medians["nostore", CONCURRENCIES[-1]], medians["bare", BARE_THREADS]
    here, there = served.own_cpu / served.rate, served.host_cpu / served.rate
    bare_cpu = alone.own_cpu / alone.rate
    console.print(
        f"CPU of a picture: bare {bare_cpu * 1000:.1f} ms; served {there * 1000:.1f} ms and {here * 1000:.1f} ms in "
        f"the client, {bare_cpu / (here + there):.2f} of bare"
    )


def _median(runs: Sequence[Figures]) -> Figures:
    return Figures(*(statistics.median(column) for column in zip(*runs, strict=True)))


def _serve(pipe: Connection, work: Callable[[int], Work]) -> None:
    """Do what the parent asks for until it asks for nothing."""
    while order := pipe.recv():
        threads, seconds = order
        pipe.send(_timed(work(threads), threads, seconds))


def _timed(work: Work, threads: int, seconds: float) -> tuple[float, list[float], float]:
    """Pictures a second, milliseconds of each, and this process's CPU seconds a second."""
    latencies: list[float] = []
    started, cpu = time.perf_counter(), time.process_time()

    def loop(first: int) -> None:
        turn = first
        while (begun := time.perf_counter()) < started + seconds:
            work(turn)
            latencies.append((time.perf_counter() - begun) * 1000)
            turn += threads

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(loop, range(threads)))
    wall = time.perf_counter() - started
    return len(latencies) / wall, latencies, (time.process_time() - cpu) / wall


def _session(graph: bytes, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    # As the service has it: on a busy machine threads that spin for work slow the loop down.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _describe(pictures: Sequence[bytes]) -> str:
    with Image.open(io.BytesIO(pictures[0])) as image:
        width, height = image.size
    size = statistics.mean(len(picture) for picture in pictures) / 1000
    return f"{len(pictures)} JPEG of about {width} x {height}, {size:.0f} kB"


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prediction", description=__doc__)
    subjects.add_photos(parser)
    parser.add_argument("--detect", action="store_true", help="a detector of forks and scissors, not a classifier")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds of all measurements (5)")
    parser.add_argument("--seconds", type=float, default=2.0, metavar="S", help="length of each measurement (2)")
    parser.add_argument("--sets", nargs="*", choices=["parts", "photos", "large"], help="pictures (all three sets)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
