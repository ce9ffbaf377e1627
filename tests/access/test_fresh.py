"""A value from a source that fails, hangs and changes."""

import threading
from collections.abc import Callable

import pytest

from shared.access.fresh import Fresh
from shared.errors import ServiceUnavailable


class Source:
    """Gives the number of its readings; a reading takes seconds and ends when the test lets it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.reads = self.looks = 0
        self.down = False
        self.answers = threading.Event()
        self.answers.set()

    def clock(self) -> float:
        self.looks += 1
        return self.now

    def read(self) -> int:
        self.reads += 1
        self.answers.wait(30)
        self.now += 8
        if self.down:
            raise ServiceUnavailable("down")
        return self.reads


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def fresh(source: Source) -> Fresh[int]:
    return Fresh("a number", source.read, 300, source.clock)


def test_a_value_is_looked_at_again_after_a_pause_and_not_before(fresh: Fresh[int], source: Source) -> None:
    assert fresh.get() == 1
    source.now += 1
    assert not fresh.renew()
    assert fresh.get() == 1
    source.now += 10
    assert fresh.renew()
    assert fresh.get() == 2


def test_who_waited_for_a_source_that_failed_does_not_wait_for_it_again(
    fresh: Fresh[int], source: Source, eventually: Callable[..., None]
) -> None:
    source.down = True
    source.answers.clear()
    failed = []

    def get() -> None:
        with pytest.raises(ServiceUnavailable, match="a number"):
            fresh.get()
        failed.append(1)

    threads = [threading.Thread(target=get) for _ in range(10)]
    for thread in threads:
        thread.start()
    # Each looks at the clock twice before it waits, and the one that reads twice more.
    eventually(lambda: source.looks == 22)
    source.answers.set()
    for thread in threads:
        thread.join()
    assert (len(failed), source.reads) == (10, 1)


def test_a_failing_source_is_asked_aside_once_a_pause(
    fresh: Fresh[int], source: Source, eventually: Callable[..., None]
) -> None:
    assert fresh.get() == 1
    source.down = True
    source.now += 160
    assert fresh.get() == 1
    eventually(lambda: source.reads == 2)
    source.now += 1
    assert [fresh.get() for _ in range(5)] == [1] * 5
    assert source.reads == 2
