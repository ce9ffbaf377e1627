"""What a detector learns from."""

from collections.abc import Callable
from typing import NamedTuple

from shared.arrays import Floats, Ints


class Example(NamedTuple):
    """An image to learn from: how to read a file of it; boxes (M, 4), x1, y1, x2, y2 in 0..1; tags (M,)."""

    read: Callable[[], bytes]
    boxes: Floats
    tags: Ints
