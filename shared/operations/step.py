"""A step of what goes on in the background: what it works with, and what it leaves to do."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from shared.events import Publisher
from shared.models.messages.tasks import AnyTask
from shared.settings import Settings
from shared.storage.account.store import Store

# How soon a step is tried again that has to wait for something else.
AGAIN = 30.0


class Context(NamedTuple):
    """What a step works with."""

    store: Store
    settings: Settings
    publisher: Publisher


class Rest(NamedTuple):
    """What is left of a task, to be done after so many seconds."""

    task: AnyTask
    delay: float = 0.0


class NotYet(Exception):
    """The step has to wait for something that is under way."""


# Any: each step takes tasks of the one type that it stands for in a room's STEPS, which a test compares.
Steps = Mapping[type[AnyTask], Callable[[Context, Any], Rest | None]]
