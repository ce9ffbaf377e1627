"""The job's sign of life on its iteration, with its progress; written by a thread, so that long work can't stop it."""

import logging
from threading import Event, Thread
from types import TracebackType
from typing import Self
from uuid import UUID

from msgspec.structs import replace

from shared.errors import IterationNotFound, ProjectNotFound, ServiceUnavailable
from shared.models.training.iterations import IterationRecord, IterationStatus
from shared.models.wire import now
from shared.storage.account.store import Store
from shared.storage.training import iterations
from shared.telemetry.tracing import Phases

SECONDS = 2.0

log = logging.getLogger(__name__)


class Abandoned(Exception):
    """The iteration is no longer ours to train: it was deleted, has ended without us, or is trained anew by another."""


class Heartbeat:
    """While entered, writes the latest `report` every few seconds."""

    def __init__(self, store: Store, project_id: UUID, iteration_id: UUID, attempt: int) -> None:
        self._store, self._project_id, self._iteration_id = store, project_id, iteration_id
        self._attempt = attempt
        self._latest = (0.0, "Starting")
        self._phases = Phases()
        self._stop, self._abandoned = Event(), Event()
        self._thread = Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._phases.end()

    def report(self, progress: float, message: str) -> None:
        """Progress is 0..1. Raises Abandoned."""
        self._latest = (progress, message)
        self._phases.enter(message)
        if self._abandoned.is_set():
            raise Abandoned

    def _beat(self) -> None:
        while not self._abandoned.is_set():
            try:
                iterations.update(self._store, self._project_id, self._iteration_id, self._alive)
            except (IterationNotFound, ProjectNotFound):
                self._abandoned.set()
            except ServiceUnavailable:
                log.warning("Storage does not answer; the next heartbeat may reach it")
            except Exception:
                # This is the edge of a thread: should it end, the job, alive and well, would be started a second time.
                log.exception("A heartbeat failed; the next one may not")
            if self._stop.wait(SECONDS):
                return

    def _alive(self, record: IterationRecord) -> IterationRecord:
        if record.iteration.status != IterationStatus.TRAINING or record.run.attempts != self._attempt:
            self._abandoned.set()
            return record
        progress, message = self._latest
        return replace(record, run=replace(record.run, heartbeat=now(), progress=progress, message=message))
