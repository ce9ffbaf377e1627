"""NCRONTAB schedules, and a timer that never overlaps itself."""

from datetime import UTC, datetime

import pytest

from local.host.timers import ScheduleError, parse
from tests.local.waiting import Traces, wait_for


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("* * * * * *", "2026-01-01T00:00:00", "2026-01-01T00:00:01"),
        ("*/15 * * * * *", "2026-01-01T00:00:46", "2026-01-01T00:01:00"),
        ("0 */5 * * * *", "2026-01-01T00:05:00", "2026-01-01T00:10:00"),
        ("*/5 * * * *", "2026-01-01T00:04:59", "2026-01-01T00:05:00"),
        ("0 30 3 * * *", "2026-01-01T03:30:00", "2026-01-02T03:30:00"),
        ("30 10,20 8-10 * * *", "2026-01-01T10:20:30", "2026-01-02T08:10:30"),
        ("0 0 9-17/4 * * *", "2026-01-01T09:00:00", "2026-01-01T13:00:00"),
        ("0 5/20 * * * *", "2026-01-01T00:25:00", "2026-01-01T00:45:00"),
        ("0 0 0 31 * *", "2026-01-31T00:00:00", "2026-03-31T00:00:00"),
        ("0 0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 0 0 * * MON-FRI", "2026-01-02T12:00:00", "2026-01-05T00:00:00"),
        ("0 0 0 * * 0", "2026-01-01T00:00:00", "2026-01-04T00:00:00"),
        ("0 0 0 1 jan,Jul *", "2026-01-01T00:00:00", "2026-07-01T00:00:00"),
        # A day of the month and a day of the week must both fit.
        ("0 0 0 13 * fri", "2026-01-01T00:00:00", "2026-02-13T00:00:00"),
        ("59 59 23 31 12 *", "2026-12-31T23:59:59", "2027-12-31T23:59:59"),
    ],
)
def test_next_after(expression: str, after: str, expected: str) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert parse(expression).next_after(moment) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "expression", ["", "* * * *", "60 * * * * *", "* * * 0 * *", "* * * * * 7", "a * * * * *", "5-1 * * * * *"]
)
def test_schedule_that_cannot_be_read_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleError):
        parse(expression)


def test_schedule_without_a_moment_is_refused() -> None:
    with pytest.raises(ScheduleError):
        parse("0 0 0 30 2 *").next_after(datetime(2026, 1, 1, tzinfo=UTC))


def test_timer_runs_and_never_overlaps_itself(traces: Traces) -> None:
    wait_for(lambda: len(traces.of("tick")) >= 3)
    assert set(traces.of("tick")) == {"alone"}
