"""Loaded models by iteration, least recently used out first."""

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from uuid import UUID

from shared.errors import PredictionModelUnreadable
from shared.prediction.model import Model

Key = tuple[UUID, UUID]

# A model that can't be read is not read again for this long, so that requests for it stay cheap.
UNREADABLE_SECONDS = 5.0


class ModelCache:
    """Holds models up to `memory` bytes, one at least. A model that is dropped lives on in the requests that use it."""

    def __init__(self, memory: int, clock: Callable[[], float]) -> None:
        self._memory = memory
        self._clock = clock
        self._lock = Lock()
        self._held: OrderedDict[Key, Future[Model]] = OrderedDict()
        self._unreadable: dict[Key, float] = {}

    def get(self, key: Key, load: Callable[[], Model]) -> Model:
        """The model, loaded once however many threads ask for it at once. Raises what `load` raises."""
        with self._lock:
            self._forget_unreadable()
            future = self._held.get(key)
            if future:
                self._held.move_to_end(key)
            else:
                mine = self._held[key] = Future()
        return future.result() if future else self._fill(key, mine, load)

    def _fill(self, key: Key, future: Future[Model], load: Callable[[], Model]) -> Model:
        try:
            model = load()
        except BaseException as error:
            with self._lock:
                if isinstance(error, PredictionModelUnreadable):
                    self._unreadable[key] = self._clock()
                else:
                    del self._held[key]
            future.set_exception(error)
            raise
        future.set_result(model)
        with self._lock:
            self._make_room()
        return model

    def _make_room(self) -> None:
        loaded = {key: future.result().memory for key, future in self._held.items() if _is_loaded(future)}
        excess = sum(loaded.values()) - self._memory
        for key in list(loaded)[:-1]:
            if excess <= 0:
                return
            excess -= loaded[key]
            del self._held[key]

    def _forget_unreadable(self) -> None:
        now = self._clock()
        for key in [key for key, since in self._unreadable.items() if now - since > UNREADABLE_SECONDS]:
            del self._unreadable[key], self._held[key]


def _is_loaded(future: Future[Model]) -> bool:
    return future.done() and not future.exception()
