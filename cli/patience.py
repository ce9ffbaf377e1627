"""How a service is waited for that is busy or away, and what people are told meanwhile, on stderr."""

import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Timer
from types import FrameType, TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from msrest.exceptions import ClientRequestError
from requests import RequestException
from urllib3 import BaseHTTPResponse
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError
from urllib3.util import Retry

from cli.faults import Away, CommandError, Interrupted, unanswered

TOO_MANY = 429
BUSY = (408, TOO_MANY, 500, 502, 503, 504)
# One second, two, four ... a minute: some eight minutes in all, or whatever Retry-After says, up to an hour.
TRIES = 14
# Of a service that never answered: its address may be wrong, which is said soon.
BRIEF_TRIES = 2
# A call that takes so long is told of, and so is a pause; the same is not told again before `AGAIN_SECONDS`.
LATE_SECONDS, LONG_SECONDS, AGAIN_SECONDS = 10.0, 5.0, 30.0
INTERRUPTED = 130

_interrupted = Event()


class Watch:
    """Of one service that several threads call. It is `reached` once it has answered."""

    def __init__(self) -> None:
        self.reached = False
        self._lock = Lock()
        self._since = math.inf
        self._told, self._is_told_away = -math.inf, False

    @contextmanager
    def asking(self, address: str) -> Iterator[None]:
        """Around a call and all of its repetitions.

        Raises Away where it had answered and does not any more, CommandError where it never did.
        """
        place = _place(address)
        late = Timer(
            LATE_SECONDS, self._tell, [f"{place} has not answered for {LATE_SECONDS:.0f} s; it is given time."]
        )
        late.daemon = True
        late.start()
        try:
            yield
        except (HTTPError, RequestException, ClientRequestError) as fault:
            raise self._fault(address, fault) from None
        finally:
            late.cancel()
        self._answered(place)

    def waits(self, place: str, why: str, seconds: float, *, at_once: bool) -> None:
        """A call is repeated after so long: worth a word where that is long, or `at_once`."""
        with self._lock:
            self._since = min(self._since, time.monotonic())
        if at_once or seconds >= LONG_SECONDS:
            self._tell(f"{place} {why}; the next try is in {seconds:.0f} s.")

    def _tell(self, text: str) -> None:
        with self._lock:
            if time.monotonic() - self._told < AGAIN_SECONDS:
                return
            self._told, self._is_told_away = time.monotonic(), True
        print(f"ocellus: {text}", file=sys.stderr, flush=True)

    def _answered(self, place: str) -> None:
        with self._lock:
            was_away, self._is_told_away, self._since, self.reached = self._is_told_away, False, math.inf, True
        if was_away:
            print(f"ocellus: {place} answers again.", file=sys.stderr, flush=True)

    def _fault(self, address: str, fault: Exception) -> CommandError:
        reason = unanswered(address, fault)
        if not self.reached:
            return CommandError(reason)
        seconds = time.monotonic() - min(self._since, time.monotonic())
        return Away(f"{reason} It answered until {seconds:.0f} s ago.")


class Patience(Retry):
    """Repeats a call, and lets the watch know. Of calls that must not be sent twice, only those that never arrived."""

    def __init__(self, *arguments: Any, watch: Watch, place: str = "the service", **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.watch, self.place = watch, place

    @classmethod
    def of(cls, watch: Watch, *, twice: bool) -> Self:
        """With `twice` for calls that may be sent so."""
        return cls(
            total=TRIES,
            status_forcelist=BUSY,
            allowed_methods=None if twice else cls.DEFAULT_ALLOWED_METHODS,
            backoff_factor=0.5,
            backoff_max=60,
            backoff_jitter=0.2,
            redirect=0,
            raise_on_redirect=False,
            raise_on_status=False,
            retry_after_max=3_600,
            watch=watch,
        )

    def new(self, **changes: Any) -> Self:
        return super().new(**{"watch": self.watch, "place": self.place, **changes})

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        is_asked_to_wait = response is not None and response.status == TOO_MANY
        if not self.watch.reached and not is_asked_to_wait and len(self.history) >= BRIEF_TRIES and _pool:
            raise MaxRetryError(_pool, url or "", error)
        following = super().increment(method, url, response, error, _pool, _stacktrace)
        if _pool:
            following.place = _place(f"{_pool.scheme}://{_pool.host}:{_pool.port}")
        return following

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        seconds = (self.get_retry_after(response) if response else None) or self.get_backoff_time()
        last = self.history[-1]
        # A rate limit is nothing strange, nor is a connection that breaks once.
        at_once = last.status != TOO_MANY and len(self.history) > 1
        self.watch.waits(self.place, _why(last.error, last.status), seconds, at_once=at_once)
        pause(seconds)


def pause(seconds: float) -> None:
    """Raises Interrupted where Ctrl-C ends it."""
    if _interrupted.wait(seconds):
        raise Interrupted


@contextmanager
def interruptible() -> Iterator[None]:
    """Within it Ctrl-C ends all pauses, of other threads too; a second one ends the process."""

    def stop(_: int, __: FrameType | None) -> None:
        if _interrupted.is_set():
            os._exit(INTERRUPTED)
        # Not by print, in which the signal may have come.
        os.write(2, b"\nWhat is under way is ended; Ctrl-C again ends at once.\n")
        _interrupted.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        _interrupted.clear()


def _why(error: Exception | None, status: int | None) -> str:
    if error is None:
        return f"is busy ({status})"
    return "can't be reached" if isinstance(error, ConnectTimeoutError) else "broke off"


def _place(address: str) -> str:
    parts = urlsplit(address)
    usual = {"http": 80, "https": 443}.get(parts.scheme) == parts.port
    return f"{parts.scheme}://{parts.hostname if usual else parts.netloc}"
