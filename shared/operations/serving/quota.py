"""How many predictions a month has, where the limits say so."""

import logging
import math
import threading
import time
from datetime import UTC, datetime

from shared.errors import QuotaExceeded, ServiceError
from shared.storage.account.store import Store
from shared.storage.serving import usage

# After so long without a prediction what was leased is given back: nobody tells an instance that it is about to end.
IDLE_SECONDS = 10.0


class Quota:
    """The predictions that a calendar month (UTC) has for all processes together."""

    def __init__(self, store: Store, per_month: int) -> None:
        self._store, self._per_month = store, per_month
        self._month, self._left, self._taken = "", 0, 0
        self._lock = threading.Lock()
        self._is_watched = False

    def take(self) -> None:
        """Raises QuotaExceeded."""
        if not self._per_month:
            return
        today = datetime.now(UTC)
        with self._lock:
            if self._month != f"{today:%Y-%m}" or not self._left:
                self._lease(f"{today:%Y-%m}")
            if not self._left:
                days = math.ceil((_next_month(today) - today).total_seconds() / 86_400)
                raise QuotaExceeded(
                    f"Out of call volume quota: this month's {self._per_month:,} predictions are used up. "
                    f"Quota will be replenished in {days} days."
                )
            self._left -= 1
            self._taken += 1

    def give_back(self) -> None:
        """Leave to others what is not used here. What can't be given back counts as used."""
        with self._lock:
            unused, self._left = self._left, 0
            if not unused:
                return
            try:
                usage.give_back(self._store, self._month, unused)
            except ServiceError as error:
                logging.warning("%d predictions of the month's quota are lost: %s", unused, error)

    def _lease(self, month: str) -> None:
        self._left = usage.lease(self._store, month, self._per_month)
        self._month = month
        if self._left and not self._is_watched:
            self._is_watched = True
            threading.Thread(target=self._give_back_when_idle, name="quota", daemon=True).start()

    def _give_back_when_idle(self) -> None:
        taken = -1
        while taken != self._taken:
            taken = self._taken
            time.sleep(IDLE_SECONDS)
        self._is_watched = False
        self.give_back()


def _next_month(day: datetime) -> datetime:
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return datetime(year, month, 1, tzinfo=UTC)
