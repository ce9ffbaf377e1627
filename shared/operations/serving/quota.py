"""How many predictions a month has, where the limits say so."""

import math
import threading
from datetime import UTC, datetime

from shared.errors import QuotaExceeded
from shared.storage.account.store import Store
from shared.storage.serving import usage

# So many predictions are counted at once. What a process has left when it ends counts as used.
LEASE = 50


class Quota:
    """The predictions that a calendar month (UTC) has for all processes together."""

    def __init__(self, store: Store, per_month: int) -> None:
        self._store, self._per_month = store, per_month
        self._month, self._left = "", 0
        self._lock = threading.Lock()

    def take(self) -> None:
        """Raises QuotaExceeded."""
        if not self._per_month:
            return
        today = datetime.now(UTC)
        with self._lock:
            month = f"{today:%Y-%m}"
            if self._month != month or not self._left:
                self._left = usage.lease(self._store, month, LEASE, self._per_month)
                self._month = month
            if not self._left:
                days = math.ceil((_next_month(today) - today).total_seconds() / 86_400)
                raise QuotaExceeded(
                    f"Out of call volume quota: this month's {self._per_month:,} predictions are used up. "
                    f"Quota will be replenished in {days} days."
                )
            self._left -= 1


def _next_month(day: datetime) -> datetime:
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return datetime(year, month, 1, tzinfo=UTC)
