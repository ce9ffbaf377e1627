"""Timer triggers: NCRONTAB schedules in UTC, never overlapping themselves."""

import logging
import threading
from concurrent.futures import Executor, wait
from datetime import UTC, datetime, timedelta

import azure.functions
from msgspec import Struct

from local.host.functions import FunctionFailed, HostedFunction

logger = logging.getLogger(__name__)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NO_NAMES: tuple[str, ...] = ()
# What it is called, its lowest and highest value, and the names of its values from the lowest on.
FIELDS = (
    ("second", 0, 59, NO_NAMES),
    ("minute", 0, 59, NO_NAMES),
    ("hour", 0, 23, NO_NAMES),
    ("day", 1, 31, NO_NAMES),
    ("month", 1, 12, MONTHS),
    ("day of the week", 0, 6, DAYS),
)
# 29 February on a given day of the week comes at least once in 40 years.
SEARCH_DAYS = 40 * 366


class ScheduleError(Exception):
    """A schedule can't be read; the message says which part."""


class Schedule(Struct, frozen=True):
    """The moments of an NCRONTAB expression; a day must fit the month, the day and the day of the week."""

    seconds: list[int]
    minutes: list[int]
    hours: list[int]
    days: list[int]
    months: list[int]
    weekdays: list[int]

    def next_after(self, moment: datetime) -> datetime:
        """The first moment of the schedule that is later than this one."""
        first = moment.replace(microsecond=0) + timedelta(seconds=1)
        today = first.replace(hour=0, minute=0, second=0)
        for day in (today + timedelta(days=count) for count in range(SEARCH_DAYS)):
            if day.month not in self.months or day.day not in self.days or day.isoweekday() % 7 not in self.weekdays:
                continue
            for hour in self.hours:
                if day.replace(hour=hour, minute=59, second=59) < first:
                    continue
                for minute in self.minutes:
                    for second in self.seconds:
                        found = day.replace(hour=hour, minute=minute, second=second)
                        if found >= first:
                            return found
        raise ScheduleError("The schedule has no moment to come.")


def parse(expression: str) -> Schedule:
    """Six fields, or five, which start at second 0: '0 */5 8-18 * * MON-FRI'."""
    parts = expression.split()
    if len(parts) == 5:
        parts = ["0", *parts]
    if len(parts) != len(FIELDS):
        raise ScheduleError(f"The schedule '{expression}' has {len(parts)} fields; it takes six.")
    values = [_values(part, *field) for part, field in zip(parts, FIELDS, strict=True)]
    return Schedule(*values)


def _values(text: str, field: str, low: int, high: int, names: tuple[str, ...]) -> list[int]:
    def number(word: str) -> int:
        return names.index(word.lower()) + low if word.lower() in names else int(word)

    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        try:
            start = low if first == "*" else number(first)
            end = number(last) if last else high if step or first == "*" else start
            chosen = range(start, end + 1, int(step or 1))
        except ValueError:
            raise ScheduleError(f"'{part}' is no {field} of a schedule.") from None
        if not chosen or start < low or end > high:
            raise ScheduleError(f"'{part}' is no {field} of a schedule: those go from {low} to {high}.")
        values.update(chosen)
    return sorted(values)


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
