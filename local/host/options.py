"""What host.json says, as far as this host reads it, with the real host's defaults."""

import datetime
import os
import re
from pathlib import Path

import msgspec
from msgspec import Struct

TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?")


class QueueOptions(Struct, frozen=True, rename="camel"):
    """`extensions.queues`."""

    batch_size: int = 16
    new_batch_threshold: int | None = None
    max_dequeue_count: int = 5
    visibility_timeout: str = "00:00:00"
    max_polling_interval: str = "00:01:00"
    message_encoding: str = "base64"

    @property
    def threshold(self) -> int:
        """More messages are fetched when no more than this many are under way."""
        if self.new_batch_threshold is not None:
            return self.new_batch_threshold
        return self.batch_size // 2 * (os.cpu_count() or 1)


class HttpOptions(Struct, frozen=True, rename="camel"):
    """`extensions.http`."""

    route_prefix: str = "api"


class Extensions(Struct, frozen=True):
    """`extensions`."""

    queues: QueueOptions = QueueOptions()
    http: HttpOptions = HttpOptions()


class HostOptions(Struct, frozen=True):
    """host.json."""

    extensions: Extensions = Extensions()

    @classmethod
    def read(cls, path: Path) -> "HostOptions":
        return msgspec.json.decode(path.read_bytes(), type=cls)


def seconds(time_span: str) -> float:
    """The length of a .NET TimeSpan such as '00:01:30'."""
    found = TIME_SPAN.fullmatch(time_span)
    if found is None:
        raise ValueError(f"'{time_span}' in host.json is no time span such as '00:01:30'.")
    days, hours, minutes, rest = (int(part or 0) for part in found.groups())
    return datetime.timedelta(days=days, hours=hours, minutes=minutes, seconds=rest).total_seconds()
