"""Work that lets those go first who look at pictures."""

from types import SimpleNamespace
from typing import cast
from uuid import uuid4

import azure.functions as func
import pytest

from functions import portal
from functions.edge.call import Call
from functions.training import images
from shared import courtesy
from shared.courtesy import SECONDS, Courtesy
from shared.operations.workspace import images as stored


@pytest.fixture
def clock(monkeypatch):
    """Time passes while somebody sleeps, and not otherwise. Who asks at a time of `asks`, does so then."""
    clock = SimpleNamespace(now=0.0, asks=[], courtesy=Courtesy())

    def sleep(seconds: float) -> None:
        end = clock.now + seconds
        for at in [each for each in clock.asks if clock.now < each < end]:
            clock.now = at
            clock.courtesy.asked()
        clock.now = end

    monkeypatch.setattr(courtesy, "time", SimpleNamespace(monotonic=lambda: clock.now, sleep=sleep))
    return clock


def test_work_waits_for_nobody(clock):
    clock.courtesy.wait(9)
    assert clock.now == 0


def test_work_waits_until_nobody_has_asked_for_a_while(clock):
    clock.courtesy.asked()
    clock.asks = [SECONDS / 2, SECONDS * 3 / 4]
    clock.courtesy.wait(9)
    assert clock.now == SECONDS * 7 / 4
    clock.courtesy.wait(9)
    assert clock.now == SECONDS * 7 / 4


def test_work_goes_on_however_long_they_ask(clock):
    clock.courtesy.asked()
    clock.asks = [each * SECONDS / 4 for each in range(100)]
    clock.courtesy.wait(2)
    assert clock.now == 2


def test_whoever_asks_for_the_page_or_for_images_goes_first(monkeypatch):
    asked = []
    monkeypatch.setattr(courtesy.courtesy, "asked", lambda: asked.append(True))
    portal.serve(func.HttpRequest("GET", "/portal/none.js", body=b"", route_params={"path": "none.js"}))
    assert len(asked) == 1
    monkeypatch.setattr(stored, "get_images", lambda *_, **__: [])
    assert images.get_images(cast(Call, SimpleNamespace(store=None)), uuid4(), []) == []
    assert len(asked) == 2
