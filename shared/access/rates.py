"""How often a key may call, where the limits say so."""

import threading
import time

from shared.errors import TooManyRequests


class RateLimiter:
    """A bucket of tokens for each key and kind of call, of one process: every instance counts for itself."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, key: str, kind: str, per_second: int, operation: str) -> None:
        """A second's calls may come at once. Raises TooManyRequests."""
        if not per_second:
            return
        time_now = time.monotonic()
        with self._lock:
            tokens, since = self._buckets.get((key, kind), (float(per_second), time_now))
            tokens = min(per_second, tokens + (time_now - since) * per_second)
            self._buckets[key, kind] = (tokens - 1 if tokens >= 1 else tokens, time_now)
        if tokens < 1:
            raise TooManyRequests(
                f"Requests to the {operation} operation have exceeded the rate limit of this service, {per_second} a "
                "second for one key. Please retry after 1 second."
            )
