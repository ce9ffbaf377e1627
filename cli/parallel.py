"""Some of many things done at once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
# So many are begun for each that may be done at once: one that takes long does not keep the others from theirs.
AHEAD = 4


def done(work: Callable[[T], R], items: Iterable[T], at_once: int) -> Iterator[R]:
    """What comes of each, in their order. Where one raises, or nobody asks for more, those that wait are not begun.

    Items are taken as their turn comes: they may be many, and large.
    """
    pool, begun = ThreadPoolExecutor(at_once), deque[Future[R]]()
    try:
        for item in items:
            begun.append(pool.submit(work, item))
            if len(begun) >= AHEAD * at_once:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
