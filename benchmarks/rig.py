"""A project on a running service, called over HTTP: what the calls took, and what memory the processes take."""

import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from local.demo.report import percentile
from local.service import Service
from shared.settings import Settings
from shared.storage.account.store import Store

PREFIX = "/customvision/v3.4-preview/training"
TAGS = 20
SAMPLE_SECONDS = 0.2
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 1_800.0
# The host closes what is idle for 5 s.
IDLE_SECONDS = 3.0

Query = dict[str, object]


class Figure(NamedTuple):
    """The seconds that some calls took each, or one thing once; the goal is for p95."""

    name: str
    seconds: Sequence[float]
    goal: float | None

    @property
    def p95(self) -> float:
        return percentile(self.seconds, 95)

    @property
    def cells(self) -> list[str]:
        once = len(self.seconds) == 1
        p50 = "" if once else shown(percentile(self.seconds, 50))
        longest = "" if once else shown(max(self.seconds))
        return [p50, shown(self.p95), longest, shown(self.goal) if self.goal else ""]


class Client:
    """One connection, which stays open while it is used."""

    def __init__(self, service: Service, prefix: str = PREFIX) -> None:
        self._prefix = prefix
        self._connection = HTTPConnection("127.0.0.1", service.port)
        self._used = 0.0
        self._headers = {"Training-Key": service.training_key, "Content-Type": "application/json"}

    def send(self, method: str, path: str, body: object = None, **query: object) -> tuple[int, bytes]:
        text = urlencode(query, safe=",")
        if time.monotonic() - self._used > IDLE_SECONDS:
            self._connection.close()
        contents = b"" if body is None else msgspec.json.encode(body)
        headers = {**self._headers, "Content-Length": str(len(contents))}
        self._connection.request(method, f"{self._prefix}/{path}?{text}", contents, headers)
        answer = self._connection.getresponse()
        data, self._used = answer.read(), time.monotonic()
        return answer.status, data

    def get(self, path: str, **query: object) -> bytes:
        return self._good("GET", path, query)

    def delete(self, path: str) -> None:
        self._good("DELETE", path, {})

    def post(self, path: str, body: object = None, **query: object) -> bytes:
        return self._good("POST", path, query, body)

    def make(self, path: str, **query: object) -> UUID:
        """The id of what it made."""
        return msgspec.json.decode(self.post(path, **query), type=_Made).id

    def _good(self, method: str, path: str, query: Query, body: object = None) -> bytes:
        status, data = self.send(method, path, body, **query)
        if status not in (200, 204):
            sys.exit(f"{method} {path} {query} answered {status}: {data[:300]!r}")
        return data


class _Made(msgspec.Struct):
    id: UUID


class Memory:
    """The most resident memory of processes, in MB, sampled until it is stopped."""

    def __init__(self, processes: dict[str, Callable[[], int | None]]) -> None:
        self.most = dict.fromkeys(processes, 0)
        self._processes, self._end = processes, Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(SAMPLE_SECONDS):
            for name, process in self._processes.items():
                if pid := process():
                    self.most[name] = max(self.most[name], resident(pid))


def resident(process: int) -> int:
    """MB; 0 of a process that has just ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


class Rig:
    """The project on a running service, and its figures so far."""

    def __init__(self, service: Service, size: int, rounds: int, **settings: str) -> None:
        self.service, self.size, self.rounds = service, size, rounds
        self.store = Store.open(Settings(storage_connection_string=service.connection_string))
        self.client = Client(service)
        self.figures: list[Figure] = []
        self.chance = random.Random(7)
        self.project = self.client.make("projects", name=f"{size} images", **settings)
        self.path = f"projects/{self.project}"
        self.tags = [self.client.make(f"{self.path}/tags", name=f"tag {number}") for number in range(TAGS)]
        self.images: list[UUID] = []

    def once(self, name: str, act: Callable[[], object], goal: float | None = None) -> None:
        started = time.perf_counter()
        act()
        self._add(Figure(name, [time.perf_counter() - started], goal))

    def calls(
        self, name: str, path: str, goal: float | None, *queries: Query, before: Callable[[], object] = list
    ) -> None:
        """GET with each of the queries."""
        self.each(name, goal, [partial(self.client.get, f"{self.path}/{path}", **query) for query in queries], before)

    def each(
        self, name: str, goal: float | None, calls: Iterable[Callable[[], object]], before: Callable[[], object] = list
    ) -> None:
        seconds = []
        for call in calls:
            before()
            started = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - started)
        self._add(Figure(name, seconds, goal))

    def until(self, name: str, started: float, done: Callable[[], bool], goal: float | None = None) -> None:
        """From `started` on the clock until it is done."""
        while not done():
            if time.perf_counter() - started > PATIENCE_SECONDS:
                sys.exit(f"{name}: not done after {PATIENCE_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)
        self._add(Figure(name, [time.perf_counter() - started], goal))

    def any_of(self, number: int) -> str:
        return ",".join(map(str, self.tags[:number]))

    def _add(self, figure: Figure) -> None:
        self.figures.append(figure)
        print(f"  {figure.name}: {shown(figure.p95)}", flush=True)


def shown(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
