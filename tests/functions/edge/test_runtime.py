"""A process opens its storage, keys and models once, however many requests come first."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from functions.edge import runtime as opened
from functions.edge.runtime import Runtime, runtime
from shared.settings import Settings
from shared.storage.account.store import Store

THREADS = 16


@pytest.fixture
def cold(azurite: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Settings]]:
    """A process that has opened nothing yet; every opening of a store takes a while and is listed."""
    openings: list[Settings] = []
    really = Store.open

    def slowly(settings: Settings) -> Store:
        openings.append(settings)
        time.sleep(0.05)
        return really(settings)

    monkeypatch.setenv("STORAGE_CONNECTION_STRING", azurite)
    monkeypatch.setattr(Store, "open", slowly)
    opened._runtime.cache_clear()
    yield openings
    runtime().store.close()
    opened._runtime.cache_clear()


def test_a_cold_burst_opens_everything_once(cold: list[Settings]) -> None:
    together = Barrier(THREADS)

    def request(_: int) -> tuple[Runtime, object, object, object, object]:
        together.wait()
        app = runtime()
        return app, app.sessions, app.store, app.keys, app.publisher

    with ThreadPoolExecutor(THREADS) as pool:
        seen = list(pool.map(request, range(THREADS)))
    assert len(cold) == 1
    for things in zip(*seen, strict=True):
        assert len({id(thing) for thing in things}) == 1


def test_what_fails_to_open_is_opened_by_the_next(azurite: str) -> None:
    app = Runtime(Settings(storage_connection_string="nonsense"))
    with pytest.raises(ValueError, match="onnection string"):
        _ = app.store
    app.settings = Settings(storage_connection_string=azurite)
    assert app.store is app.store
    app.store.close()
