"""What one process opens once and all its handlers share."""

from functools import cache, cached_property
from typing import TYPE_CHECKING

from shared.events import Publisher
from shared.secrets import Keys
from shared.settings import Settings
from shared.storage.store import Store

if TYPE_CHECKING:
    from shared.prediction.sessions import Sessions


class Runtime:
    """Opened on first use, so that an app which never predicts never pays for onnxruntime."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def store(self) -> Store:
        return Store.open(self.settings)

    @cached_property
    def keys(self) -> Keys:
        return Keys.open(self.settings)

    @cached_property
    def publisher(self) -> Publisher:
        return Publisher.open(self.settings)

    @cached_property
    def sessions(self) -> "Sessions":
        from shared.prediction.sessions import Sessions

        return Sessions(self.store, self.settings)


@cache
def runtime() -> Runtime:
    return Runtime(Settings.read())
