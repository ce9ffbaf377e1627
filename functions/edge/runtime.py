"""What one process opens once and all its handlers share."""

import atexit
from collections.abc import Callable
from functools import cache, partial
from threading import RLock
from typing import TYPE_CHECKING, Generic, TypeVar

from shared.access.keys import Keys
from shared.access.rates import RateLimiter
from shared.access.tokens import Tokens
from shared.events import Publisher
from shared.operations.audit import note_rotation
from shared.operations.serving.quota import Quota
from shared.settings import Settings
from shared.storage.account.store import Store

if TYPE_CHECKING:
    from shared.prediction.sessions import Sessions

T = TypeVar("T")
# Reentrant, as one thing opens another. functools locks neither `cache` nor, from 3.12 on, `cached_property`.
_opening = RLock()


class Once(Generic[T]):
    """A property that the first thread opens while the others wait; afterwards it is a plain attribute."""

    def __init__(self, opens: "Callable[[Runtime], T]") -> None:
        self._opens = opens

    def __get__(self, runtime: "Runtime", owner: type) -> T:
        name = self._opens.__name__
        with _opening:
            if name not in vars(runtime):
                vars(runtime)[name] = self._opens(runtime)
            opened: T = vars(runtime)[name]
        return opened


class Runtime:
    """Opened on first use, so that an app which never predicts never pays for onnxruntime."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @Once
    def store(self) -> Store:
        return Store.open(self.settings)

    @Once
    def keys(self) -> Keys:
        return Keys.open(self.settings, rotated=partial(note_rotation, self.store))

    @Once
    def tokens(self) -> Tokens | None:
        return Tokens.open(self.settings)

    @Once
    def rates(self) -> RateLimiter:
        return RateLimiter()

    @Once
    def quota(self) -> Quota:
        quota = Quota(self.store, self.settings.limits.predictions_per_month)
        atexit.register(quota.give_back)
        return quota

    @Once
    def publisher(self) -> Publisher:
        return Publisher.open(self.settings)

    @Once
    def sessions(self) -> "Sessions":
        from shared.prediction.sessions import Sessions

        return Sessions(self.store, self.settings)


def runtime() -> Runtime:
    with _opening:
        return _runtime()


@cache
def _runtime() -> Runtime:
    return Runtime(Settings.read())
