"""What all threads of the process may decode at once, in bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock

# Pillow's RGB, RGBA, CMYK and LA; only grey and palettes take less.
PIXEL_BYTES = 4
# Pictures are gone through by strips of so many pixels: a copy of the whole would double what they take.
STRIP = 1 << 20


class MemoryBudget:
    """Shared out first come, first served, so that no large request starves behind small ones."""

    def __init__(self, total: int, unasked: int) -> None:
        """Requests of up to `unasked` bytes pass at once: the number of threads bounds their sum."""
        self._total, self._unasked = total, unasked
        self._free = total
        self._turn, self._freed = Lock(), Condition()

    @contextmanager
    def held(self, amount: int) -> Iterator[None]:
        """Wait until `amount` bytes are free, and hold them. More than there is takes all there is."""
        amount = 0 if amount <= self._unasked else min(amount, self._total)
        if amount:
            self._take(amount)
        try:
            yield
        finally:
            with self._freed:
                self._free += amount
                self._freed.notify_all()

    def _take(self, amount: int) -> None:
        with self._turn, self._freed:
            self._freed.wait_for(lambda: self._free >= amount)
            self._free -= amount
