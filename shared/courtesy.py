"""Work that may wait lets those go first who look at pictures: on one machine they share cores and storage."""

import time
from math import inf

# So long after somebody has asked for something to look at, more is likely to be on its way.
SECONDS = 0.5


class Courtesy:
    """Of the work of one process to those whom it serves."""

    def __init__(self) -> None:
        self._asked = -inf

    def asked(self) -> None:
        """Somebody asks for a page, or for a picture on it."""
        self._asked = time.monotonic()

    def wait(self, most: float) -> None:
        """Return when nobody has asked for SECONDS, or after `most` seconds."""
        end = time.monotonic() + most
        while (rest := min(self._asked + SECONDS, end) - time.monotonic()) > 0:
            time.sleep(rest)


courtesy = Courtesy()
