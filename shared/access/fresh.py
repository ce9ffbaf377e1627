"""A value from a source that may change and fail: read again aside, and kept while the source can't be reached."""

import logging
import time
from collections.abc import Callable
from threading import Lock, Thread
from typing import Generic, TypeVar

from shared.errors import ServiceUnavailable

T = TypeVar("T")
Clock = Callable[[], float]

PAUSE_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 1.0

log = logging.getLogger(__name__)


class Fresh(Generic[T]):
    """What `read` gave last, and no more than `seconds` ago unless it fails with ServiceUnavailable."""

    def __init__(self, what: str, read: Callable[[], T], seconds: float, clock: Clock = time.monotonic) -> None:
        self._what = what
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._value: T | None = None
        self._read_at = self._tried_at = float("-inf")
        self._reading = Lock()

    def get(self) -> T:
        """Raises ServiceUnavailable while it could never be read."""
        idle = self._clock() - self._tried_at
        if self._value is None:
            self._refresh(FIRST_PAUSE_SECONDS)
        elif idle > self._seconds:
            # Nobody asked for long: who comes first waits, as what was true then may not be true now.
            self._refresh(PAUSE_SECONDS)
        elif idle > PAUSE_SECONDS and self._clock() - self._read_at > self._seconds / 2:
            self._refresh_aside()
        if self._value is None:
            raise ServiceUnavailable(f"The service can't read {self._what} at the moment; try again in a few seconds.")
        return self._value

    def renew(self) -> bool:
        """Look whether it has changed, but not again within seconds. Whether it may be another now."""
        return self._refresh(PAUSE_SECONDS)

    def _refresh_aside(self) -> None:
        if not self._reading.locked():
            Thread(target=self._refresh, args=[PAUSE_SECONDS], name="fresh", daemon=True).start()

    def _refresh(self, pause: float) -> bool:
        asked = self._clock()
        # Who waits here holds a thread of the worker, so only those wait who could not be answered otherwise.
        if not self._reading.acquire(blocking=self._value is None):
            return False
        try:
            if self._tried_at >= asked:
                return True
            if self._clock() - self._tried_at <= pause:
                return False
            self._tried_at = self._clock()
            self._value = self._read()
            self._read_at = self._tried_at
        except ServiceUnavailable as error:
            log.warning("Could not read %s: %s", self._what, error)
        finally:
            self._reading.release()
        return True
