"""How much a graph may hold once it is read: formats copy a weight for each node that reads it, and fold constants."""

import math
from collections.abc import Iterable, Sequence

from shared.exporting.graph.subject import Unexportable

# Nodes of ours read and answer 80 million.
NUMBERS = 1 << 27


class Budget:
    def __init__(self) -> None:
        self._left = NUMBERS

    def take(self, shapes: Iterable[Sequence[int]]) -> None:
        """Of what nodes read and answer. Raises Unexportable."""
        self._left -= sum(map(math.prod, shapes))
        if self._left < 0:
            raise Unexportable(f"Its nodes read and answer more than {NUMBERS:,} numbers.")
