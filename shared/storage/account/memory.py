"""What a process remembers of the storage account for a while."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

T = TypeVar("T")


class Memory:
    """The least recently used goes first, when all together weigh more than `size`."""

    def __init__(self, size: int, seconds: float, weigh: Callable[[object], int] = lambda _: 1) -> None:
        self._size, self._seconds, self._weigh = size, seconds, weigh
        self._kept: OrderedDict[Hashable, tuple[float, object]] = OrderedDict()
        self._lock, self._making = threading.Lock(), threading.Lock()

    def put(self, key: Hashable, value: object) -> None:
        with self._lock:
            self._kept[key] = (time.monotonic(), value)
            self._kept.move_to_end(key)
            while sum(self._weigh(kept) for _, kept in self._kept.values()) > self._size:
                self._kept.popitem(last=False)

    def forget(self, key: Hashable) -> None:
        with self._lock:
            self._kept.pop(key, None)

    def get(self, key: Hashable) -> object | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or time.monotonic() - kept[0] > self._seconds:
                return None
            self._kept.move_to_end(key)
            return kept[1]

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept, or else made, and then kept. One thing is made at a time, as what it takes may be large."""
        kept = self.get(key)
        if kept is None:
            with self._making:
                kept = self.get(key)
                if kept is None:
                    kept = make()
                    self.put(key, kept)
        return cast(T, kept)
