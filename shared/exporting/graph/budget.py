"""How much a graph may hold once it is read: formats copy a weight for each node that reads it, and fold constants."""

import math
from collections.abc import Iterable, Sequence

from shared.exporting.graph.subject import Unexportable

# Nodes of ours read 4 million numbers of weights; and what flows between them is 65 million numbers at 320 pixels, 270
# million at 640.
WEIGHTS, FLOWING = 1 << 27, 3 << 27


class Budget:
    def __init__(self) -> None:
        self._weights, self._flowing = WEIGHTS, FLOWING

    def take(self, weights: Iterable[Sequence[int]], flowing: Iterable[Sequence[int]]) -> None:
        """Of what nodes read and answer. Raises Unexportable."""
        self._weights -= sum(map(math.prod, weights))
        self._flowing -= sum(map(math.prod, flowing))
        for left, most in ((self._weights, WEIGHTS), (self._flowing, FLOWING)):
            if left < 0:
                raise Unexportable(f"Its nodes read and answer more than {most:,} numbers.")
