"""Times as Custom Vision's clients write them in bodies, and as Custom Vision writes them in answers."""

import re
from datetime import UTC, date, datetime, timedelta

import msgspec

from shared.models.labelling.suggestions import SuggestedTagAndRegionQuery
from shared.models.serving.predictions import ImagePrediction, PredictionQueryResult
from shared.models.training.iterations import Iteration
from shared.models.workspace.projects import Project

# Years of more digits are what JavaScript and Java call the end of time; a second of 60 is a leap second.
TIME = re.compile(
    r"(?P<year>\d{4}|[+-]\d{4,10})-(?P<day>\d\d-\d\d)"
    r"(?:[T ](?P<hours>\d\d):(?P<minutes>\d\d)(?::(?P<seconds>\d\d)(?:[.,](?P<fraction>\d+))?)?)?"
    r" ?(?:Z|(?P<sign>[+-])(?P<ahead>\d\d):?(?P<ahead_minutes>\d\d)?)?",
    re.IGNORECASE | re.ASCII,
)
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC)
# msgspec writes six digits of a second, or none where all are 0. None of the answers below has keys that users name.
WRITTEN = re.compile(
    rb'("(?:created|lastModified|trainedAt|startTime|endTime)":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{3})\d*)?Z"'
)
IN_MILLISECONDS = (Project, Iteration, ImagePrediction, PredictionQueryResult, SuggestedTagAndRegionQuery)


def read_time(text: str) -> datetime:
    """In UTC, cut to milliseconds; the first or the last time there is for one beyond. Without a zone it is UTC.

    Raises ValueError.
    """
    found = TIME.fullmatch(text.strip())
    if not found:
        raise ValueError(f"'{text}' is no time of ISO 8601")
    hours, minutes, seconds, ahead, ahead_minutes = (
        int(found[name] or 0) for name in ("hours", "minutes", "seconds", "ahead", "ahead_minutes")
    )
    of_day = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if max(minutes, ahead_minutes) > 59 or seconds > 60 or ahead > 23 or of_day > timedelta(days=1):
        raise ValueError(f"'{text}' is no time of a day")
    year, offset = int(found["year"]), timedelta(hours=ahead, minutes=ahead_minutes)
    if not 1 <= year <= 9999:
        return FIRST if year < 1 else LAST
    midnight = datetime.combine(date.fromisoformat(f"{year:04}-{found['day']}"), datetime.min.time(), UTC)
    past = of_day + timedelta(milliseconds=int(f"{found['fraction'] or ''}000"[:3]))
    try:
        return min(midnight + past + (offset if found["sign"] == "-" else -offset), LAST)
    except OverflowError:
        return FIRST if year == 1 else LAST


def encode(answer: object) -> bytes:
    """An answer as JSON, the times of projects, iterations and predictions in milliseconds."""
    data = msgspec.json.encode(answer)
    one = answer[0] if isinstance(answer, list) and answer else answer
    return WRITTEN.sub(_in_milliseconds, data) if isinstance(one, IN_MILLISECONDS) else data


def _in_milliseconds(found: re.Match[bytes]) -> bytes:
    return found[1] + b"." + (found[2] or b"000") + b'Z"'
