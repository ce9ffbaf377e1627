"""What a process remembers."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from shared.storage.account.memory import Memory

CALLERS = 4


def test_the_least_recently_used_goes_first() -> None:
    memory = Memory(2, 60)
    memory.put("a", 1)
    memory.put("b", 2)
    assert memory.get("a") == 1
    memory.put("c", 3)
    assert [memory.get(key) for key in "abc"] == [1, None, 3]


def test_nothing_is_remembered_for_longer_than_it_may() -> None:
    memory = Memory(2, -1)
    memory.put("a", 1)
    assert memory.get("a") is None


def test_once_is_made_once_for_all_who_ask_at_the_same_time() -> None:
    memory, together, numbers = Memory(2, 60), Barrier(CALLERS), iter(range(CALLERS))

    def slowly() -> int:
        time.sleep(0.05)
        return next(numbers)

    def ask(_: int) -> int:
        together.wait(10)
        return memory.once("a", slowly)

    with ThreadPoolExecutor(CALLERS) as pool:
        assert list(pool.map(ask, range(CALLERS))) == [0] * CALLERS


def test_once_is_made_again_where_it_failed() -> None:
    memory = Memory(2, 60)
    with pytest.raises(ZeroDivisionError):
        memory.once("a", lambda: 1 / 0)
    assert memory.once("a", lambda: 2.0) == 2.0
