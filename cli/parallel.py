"""Some of many things done at once."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def done(work: Callable[[T], R], items: Iterable[T], at_once: int) -> Iterator[R]:
    """What comes of each, in their order. Where one raises, or nobody asks for more, those that wait are not begun."""
    pool = ThreadPoolExecutor(at_once)
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(cancel_futures=True)
