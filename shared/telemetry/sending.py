"""Sends what a function told when it ends, where no caller waits for it: its instance may end with it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import _logs, metrics, trace

# Each sending has a line of every metric, at a price per line. What comes in the pause is sent when it is over.
PAUSE_SECONDS = 5.0
# How long a function waits for it at most, as while Application Insights does not answer.
WAIT_SECONDS = 3.0


class Sender:
    """One for the process: the functions of an instance end side by side."""

    def __init__(self) -> None:
        self._lock, self._sending = threading.Lock(), threading.Lock()
        self._not_before = 0.0
        # Whether a sending is still to begin, which takes along all that is told before it does.
        self._is_due = False

    def send(self) -> None:
        """Return when it is sent, or at once during another sending and in the pause after one."""
        if not _exporting():
            return
        with self._lock:
            if self._is_due:
                return
            self._is_due = True
            is_later = self._sending.locked() or time.monotonic() < self._not_before
            thread = threading.Thread(target=self._run, name="telemetry-sender", daemon=True)
            thread.start()
        if not is_later:
            thread.join(WAIT_SECONDS)

    def _run(self) -> None:
        with self._sending:
            time.sleep(max(0.0, self._not_before - time.monotonic()))
            self._is_due = False
            try:
                for provider in _exporting():
                    provider.force_flush()  # type: ignore[attr-defined]
            finally:
                self._not_before = time.monotonic() + PAUSE_SECONDS


_sender = Sender()


@contextmanager
def sent() -> Iterator[None]:
    """What is told while entered is sent at the end, also where that is an error."""
    try:
        yield
    finally:
        _sender.send()


def _exporting() -> list[object]:
    """The providers that are the SDK's: those of the API alone have nothing to send."""
    providers = trace.get_tracer_provider(), metrics.get_meter_provider(), _logs.get_logger_provider()
    return [provider for provider in providers if hasattr(provider, "force_flush")]
