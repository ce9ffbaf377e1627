"""Timer triggers: NCRONTAB schedules in UTC, never overlapping themselves."""

import logging
import re
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, wait
from datetime import UTC, datetime, timedelta
from itertools import product

import azure.functions
from msgspec import Struct

from local.host.functions import FunctionFailed, HostedFunction

logger = logging.getLogger(__name__)
# What may be chosen, its lowest and its highest value. Days, months and days of the week are always all: `*`.
FIELDS = (("second", 0, 59), ("minute", 0, 59), ("hour", 0, 23))
VALUE = re.compile(r"(?P<every>\*)(?:/(?P<step>[1-9]\d*))?|(?P<one>\d+)")
DAILY = ["*", "*", "*"]


class ScheduleError(Exception):
    """A schedule can't be read; the message says which part."""


class Schedule(Struct, frozen=True):
    """The moments of an NCRONTAB expression, on every day."""

    seconds: list[int]
    minutes: list[int]
    hours: list[int]

    def next_after(self, moment: datetime) -> datetime:
        """The first moment of the schedule that is later than this one."""
        first = moment.replace(microsecond=0) + timedelta(seconds=1)
        today = first.replace(hour=0, minute=0, second=0)
        return next(found for day in (today, today + timedelta(days=1)) for found in self._of(day) if found >= first)

    def _of(self, day: datetime) -> Iterator[datetime]:
        for hour, minute, second in product(self.hours, self.minutes, self.seconds):
            yield day.replace(hour=hour, minute=minute, second=second)


def parse(expression: str) -> Schedule:
    """Six fields: second, minute and hour, each `*`, a number or `*/step`, and `* * *`: '0 */5 * * * *'."""
    parts = expression.split()
    if len(parts) != len(FIELDS) + len(DAILY):
        raise ScheduleError(f"The schedule '{expression}' has {len(parts)} fields; it takes six.")
    if parts[len(FIELDS) :] != DAILY:
        raise ScheduleError(f"The schedule '{expression}' chooses days; on the local host it ends with '* * *'.")
    return Schedule(*(_values(part, *field) for part, field in zip(parts, FIELDS, strict=False)))


def _values(part: str, field: str, low: int, high: int) -> list[int]:
    every, found = range(low, high + 1), VALUE.fullmatch(part)
    if found and found["every"]:
        return list(every[:: int(found["step"] or 1)])
    if found and int(found["one"]) in every:
        return [int(found["one"])]
    raise ScheduleError(f"'{part}' is no {field} that the local host knows: '*', '*/5', or one from {low} to {high}.")


class Timer:
    """Runs one timer function by its schedule, in a thread of its own from `start` to `stop`."""

    def __init__(self, function: HostedFunction, pool: Executor) -> None:
        self._function = function
        self._schedule = parse(function.trigger.schedule)
        self._pool = pool
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run_until_stopped, name=f"timer-{function.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def _run_until_stopped(self) -> None:
        if self._function.trigger.run_on_startup:
            self._run(past_due=False)
        while not self._stopping.is_set():
            due = self._schedule.next_after(datetime.now(UTC))
            # A wait can end a little early; the moment itself must have come, or it would be found again.
            while (left := (due - datetime.now(UTC)).total_seconds()) > 0:
                if self._stopping.wait(left):
                    return
            self._run(past_due=left < -1)

    def _run(self, *, past_due: bool) -> None:
        """Run the function in the pool and wait for its end, so that it never overlaps itself."""
        try:
            run = self._pool.submit(self._function, azure.functions.timer.TimerRequest(past_due=past_due))
        except RuntimeError:
            self._stopping.set()
            return
        wait([run])
        if isinstance(run.exception(), FunctionFailed):
            logger.warning("The next run of %s is by its schedule.", self._function.name)
