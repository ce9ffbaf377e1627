"""Published names under change: swaps under load, broken models, eviction, and storage that goes away."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from local.azurite import Azurite
from shared.errors import IterationNotFound, PredictionModelUnreadable, ServiceUnavailable
from shared.prediction import sessions as sessions_module
from shared.prediction.model import MEMORY_FACTOR, Model
from shared.prediction.sessions import Sessions
from shared.settings import Settings
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.serving import published
from tests.pictures import picture
from tests.prediction.graphs import make_graph, publish, put_model

PHOTO = picture("leaf", 1)
CACHED = 0.5
REVALIDATED_ASIDE = 1.5
TOO_OLD = 2.5


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def project_id() -> UUID:
    return uuid4()


@pytest.fixture
def sessions(store: Store, settings: Settings, clock: Clock) -> Iterator[Sessions]:
    sessions = Sessions(store, settings, clock)
    yield sessions
    sessions.close()


@pytest.fixture
def real_time(store: Store, settings: Settings) -> Iterator[Sessions]:
    sessions = Sessions(store, settings)
    yield sessions
    sessions.close()


def winner(sessions: Sessions, project_id: UUID, name: str = "live") -> str:
    model, pointer = sessions.published(project_id, name)
    assert model.spec.iteration_id == pointer.iteration_id
    return model.predict(PHOTO)[0].tag_name


def count_loads(monkeypatch: pytest.MonkeyPatch, seconds: float = 0) -> list[UUID]:
    """The projects of models as they are loaded; each load takes `seconds` longer."""
    loads: list[UUID] = []
    load = Model.load

    def counted(graph: bytes, description: bytes, *options: int) -> Model:
        time.sleep(seconds)
        model = load(graph, description, *options)
        loads.append(model.spec.project_id)
        return model

    monkeypatch.setattr(Model, "load", counted)
    return loads


def test_published_serves_the_iteration_of_the_pointer(sessions: Sessions, store: Store, project_id: UUID) -> None:
    publish(store, project_id, put_model(store, project_id, "apple"), "live one")
    assert winner(sessions, project_id, "live one") == "apple"


def test_published_refuses_unknown_names_and_finds_them_a_second_later(
    sessions: Sessions, store: Store, project_id: UUID, clock: Clock
) -> None:
    with pytest.raises(IterationNotFound, match=r"Invalid iteration.*nothing is published under"):
        winner(sessions, project_id)
    publish(store, project_id, put_model(store, project_id, "apple"))
    with pytest.raises(IterationNotFound):
        winner(sessions, project_id)
    clock.now += 1
    assert winner(sessions, project_id) == "apple"


def test_published_waits_for_the_new_model_after_a_pause(
    sessions: Sessions, store: Store, project_id: UUID, clock: Clock
) -> None:
    publish(store, project_id, put_model(store, project_id, "apple"))
    assert winner(sessions, project_id) == "apple"
    publish(store, project_id, put_model(store, project_id, "leaf"))
    clock.now += CACHED
    assert winner(sessions, project_id) == "apple"
    clock.now += TOO_OLD
    assert winner(sessions, project_id) == "leaf"


def test_published_looks_aside_while_requests_go_on(
    sessions: Sessions, store: Store, project_id: UUID, clock: Clock, eventually: Callable[..., None]
) -> None:
    publish(store, project_id, put_model(store, project_id, "apple"))
    assert winner(sessions, project_id) == "apple"
    publish(store, project_id, put_model(store, project_id, "leaf"))
    clock.now += REVALIDATED_ASIDE
    assert winner(sessions, project_id) == "apple"
    eventually(lambda: winner(sessions, project_id) == "leaf")


def test_published_ends_with_unpublishing(sessions: Sessions, store: Store, project_id: UUID, clock: Clock) -> None:
    iteration_id = put_model(store, project_id, "apple")
    publish(store, project_id, iteration_id)
    assert winner(sessions, project_id) == "apple"
    published.delete(store, project_id, "live", iteration_id)
    clock.now += TOO_OLD
    with pytest.raises(IterationNotFound):
        winner(sessions, project_id)


def test_published_survives_the_deletion_of_an_iteration_that_it_just_left(
    store: Store, settings: Settings, project_id: UUID, clock: Clock
) -> None:
    """The old model is out of memory, its pointer still fresh here: the name must be looked up again."""
    sessions = Sessions(store, Settings(model_memory_mb=0), clock)
    old, other = put_model(store, project_id, "apple"), put_model(store, project_id, "sky")
    publish(store, project_id, old)
    publish(store, project_id, other, "other")
    assert (winner(sessions, project_id), winner(sessions, project_id, "other")) == ("apple", "sky")
    publish(store, project_id, put_model(store, project_id, "leaf"))
    blobs.delete_model(store, project_id, old)
    assert winner(sessions, project_id) == "leaf"
    sessions.close()


def test_iteration_serves_what_is_not_published(sessions: Sessions, store: Store, project_id: UUID) -> None:
    iteration_id = put_model(store, project_id, "apple")
    assert sessions.iteration(project_id, iteration_id).predict(PHOTO)[0].tag_name == "apple"
    with pytest.raises(IterationNotFound, match="has no model"):
        sessions.iteration(project_id, uuid4())


def test_a_cold_start_loads_once_and_names_share_models(
    sessions: Sessions, store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = count_loads(monkeypatch, seconds=0.3)
    iteration_id = put_model(store, project_id, "apple")
    publish(store, project_id, iteration_id, "one")
    publish(store, project_id, iteration_id, "two")
    with ThreadPoolExecutor(50) as pool:
        names = ["one", "two"] * 25
        assert set(pool.map(lambda name: winner(sessions, project_id, name), names)) == {"apple"}
    assert loads == [project_id]


def test_a_swap_under_load_fails_no_request_and_is_seen_in_time(
    real_time: Sessions, store: Store, project_id: UUID
) -> None:
    names = ["apple", "leaf", "sky", "plum"]
    iterations = [put_model(store, project_id, name) for name in names]
    publish(store, project_id, iterations[0])
    ended, served = threading.Event(), set[str]()
    late: list[tuple[float, str]] = []
    failures: list[Exception] = []
    published_at = [(time.monotonic(), "apple")]

    def predict() -> None:
        # Some hundred requests a second, at a part of a core.
        while not ended.wait(0.01):
            asked = time.monotonic()
            try:
                seen = winner(real_time, project_id)
            except Exception as error:  # noqa: BLE001
                failures.append(error)
                return
            served.add(seen)
            # What was published last, and all that it replaced less than two seconds before the request.
            since = asked - sessions_module.STALE_SECONDS
            replaced = itertools.pairwise(published_at)
            allowed = {published_at[-1][1]} | {name for (_, name), (until, _) in replaced if until > since}
            if seen not in allowed:
                late.append((asked, seen))

    threads = [threading.Thread(target=predict) for _ in range(8)]
    for thread in threads:
        thread.start()
    for turn in range(1, 9):
        time.sleep(0.2 if turn % 2 else 1.2)
        published_at.append((time.monotonic(), names[turn % 4]))
        publish(store, project_id, iterations[turn % 4])
    time.sleep(sessions_module.STALE_SECONDS)
    assert winner(real_time, project_id) == "apple"
    ended.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert not late
    assert len(served) > 2


def test_publishing_and_unpublishing_under_load_answers_or_finds_nothing(
    real_time: Sessions, store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions_module, "FRESH_SECONDS", 0.002)
    monkeypatch.setattr(sessions_module, "STALE_SECONDS", 0.01)
    iterations = [put_model(store, project_id, name) for name in ("apple", "leaf")]
    outcomes: dict[str, int] = {}
    ended = threading.Event()

    def predict() -> None:
        while not ended.is_set():
            try:
                outcome = winner(real_time, project_id)
            except Exception as error:  # noqa: BLE001
                outcome = type(error).__name__
            outcomes[outcome] = outcomes.get(outcome, 0) + 1

    threads = [threading.Thread(target=predict) for _ in range(6)]
    for thread in threads:
        thread.start()
    for turn in range(30):
        publish(store, project_id, iterations[turn % 2])
        time.sleep(0.03)
        published.delete(store, project_id, "live", iterations[turn % 2])
        time.sleep(0.02)
    ended.set()
    for thread in threads:
        thread.join()
    assert set(outcomes) == {"apple", "leaf", "IterationNotFound"}


def test_a_broken_model_is_refused_until_a_good_one_is_published(
    sessions: Sessions, store: Store, project_id: UUID, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(store, project_id, put_model(store, project_id, "apple", graph=b"broken"))
    for _ in range(3):
        with pytest.raises(PredictionModelUnreadable):
            winner(sessions, project_id)
    publish(store, project_id, put_model(store, project_id, "leaf"))
    assert winner(sessions, project_id) == "leaf"


def test_a_broken_model_that_is_repaired_in_place_serves_in_seconds(
    sessions: Sessions, store: Store, project_id: UUID, clock: Clock
) -> None:
    iteration_id = put_model(store, project_id, "apple", graph=b"broken")
    publish(store, project_id, iteration_id)
    with pytest.raises(PredictionModelUnreadable):
        winner(sessions, project_id)
    blobs.model_write(store, project_id, iteration_id, "model.onnx", make_graph(2))
    with pytest.raises(PredictionModelUnreadable):
        winner(sessions, project_id)
    clock.now += 6
    assert winner(sessions, project_id) == "apple"


def test_a_broken_model_published_over_a_good_one_leaves_that_serving(
    sessions: Sessions, store: Store, project_id: UUID, clock: Clock
) -> None:
    publish(store, project_id, put_model(store, project_id, "apple"))
    assert winner(sessions, project_id) == "apple"
    publish(store, project_id, put_model(store, project_id, "leaf", graph=b"broken"))
    clock.now += TOO_OLD
    assert winner(sessions, project_id) == "apple"
    publish(store, project_id, put_model(store, project_id, "sky"))
    clock.now += TOO_OLD
    assert winner(sessions, project_id) == "sky"


def test_memory_holds_the_models_used_last(
    store: Store, settings: Settings, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = count_loads(monkeypatch)
    big = make_graph(2, padding=2**20)
    first, second, third = (put_model(store, project_id, name, big) for name in ("apple", "leaf", "sky"))
    sessions = Sessions(store, Settings(model_memory_mb=2 * MEMORY_FACTOR + 1))
    held = sessions.iteration(project_id, first)
    sessions.iteration(project_id, second)
    sessions.iteration(project_id, first)
    sessions.iteration(project_id, third)
    assert len(loads) == 3
    sessions.iteration(project_id, first)
    assert len(loads) == 3
    sessions.iteration(project_id, second)
    assert len(loads) == 4
    assert held.predict(PHOTO)[0].tag_name == "apple"
    sessions.close()


def test_predictions_go_on_while_storage_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    project_id, azurite = uuid4(), Azurite()
    azurite.start()
    store = Store.open(Settings(storage_connection_string=azurite.connection_string))
    sessions = Sessions(store, Settings())
    try:
        store.provision()
        publish(store, project_id, put_model(store, project_id, "apple"))
        assert winner(sessions, project_id) == "apple"
        azurite.kill()
        slowest, ends = 0.0, time.monotonic() + 7
        while time.monotonic() < ends:
            start = time.monotonic()
            assert winner(sessions, project_id) == "apple"
            slowest = max(slowest, time.monotonic() - start)
            time.sleep(0.05)
        # Far from the time that storage itself is given to answer.
        assert slowest < sessions_module.PATIENCE_SECONDS + 4
        with pytest.raises(ServiceUnavailable):
            winner(sessions, project_id, "unknown")
    finally:
        sessions.close()
        store.close()
        azurite.stop()
