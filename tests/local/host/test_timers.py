"""NCRONTAB schedules, and a timer that never overlaps itself."""

from datetime import UTC, datetime

import pytest

from local.host.timers import ScheduleError, parse
from tests.waiting import Traces, wait_for


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("* * * * * *", "2026-01-01T00:00:00", "2026-01-01T00:00:01"),
        ("*/15 * * * * *", "2026-01-01T00:00:46", "2026-01-01T00:01:00"),
        ("0 */5 * * * *", "2026-01-01T00:05:00", "2026-01-01T00:10:00"),
        ("0 0 * * * *", "2026-01-01T23:59:59", "2026-01-02T00:00:00"),
        ("30 * * * * *", "2026-01-01T00:00:30", "2026-01-01T00:01:30"),
        ("0 30 3 * * *", "2026-01-01T03:30:00", "2026-01-02T03:30:00"),
        ("0 30 3 * * *", "2026-02-28T04:00:00", "2026-03-01T03:30:00"),
        ("15 0 */6 * * *", "2026-01-01T06:00:15", "2026-01-01T12:00:15"),
        ("59 59 23 * * *", "2026-12-31T23:59:59", "2027-01-01T23:59:59"),
    ],
)
def test_next_after(expression: str, after: str, expected: str) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert parse(expression).next_after(moment) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("", "it takes six"),
        ("* * * *", "it takes six"),
        ("*/5 * * * *", "it takes six"),
        ("60 * * * * *", "no second"),
        ("* * 24 * * *", "no hour"),
        ("a * * * * *", "no second"),
        ("* */0 * * * *", "no minute"),
        ("* 1-5 * * * *", "no minute"),
        ("* * 8,9 * * *", "no hour"),
        ("* * * 1 * *", "chooses days"),
        ("* * * * * MON-FRI", "chooses days"),
    ],
)
def test_schedule_that_cannot_be_read_is_refused(expression: str, says: str) -> None:
    with pytest.raises(ScheduleError, match=says):
        parse(expression)


def test_timer_runs_and_never_overlaps_itself(traces: Traces) -> None:
    wait_for(lambda: len(traces.of("tick")) >= 3)
    assert set(traces.of("tick")) == {"alone"}
