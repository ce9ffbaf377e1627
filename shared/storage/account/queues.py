"""Messages to the functions: JSON in base64, as their queue triggers expect it."""

from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple, Protocol

import msgspec
from msgspec import Struct

from shared.storage.account.store import Queue, Store
from shared.telemetry.tracing import traceparent


class Message(Protocol):
    """A struct that says which queue it goes to."""

    @property
    def queue(self) -> Queue: ...


class Envelope(Struct, frozen=True):
    """What a message says beside its contents: the trace that it goes on with."""

    traceparent: str = ""


class ReceivedMessage(NamedTuple):
    """A message that comes back within a minute, unless it is deleted."""

    body: bytes
    delete: Callable[[], None]


def send(store: Store, message: Message, delay: float = 0) -> None:
    """The message is seen after `delay` seconds, and waits for as long as nobody takes it."""
    text = msgspec.json.encode({**msgspec.to_builtins(message), "traceparent": traceparent()}).decode()
    store.queues[message.queue].send_message(text, visibility_timeout=round(delay), time_to_live=-1)


def take(store: Store, name: str) -> Iterator[ReceivedMessage]:
    """What a queue without a trigger holds now."""
    queue = store.queues[name]
    for message in queue.receive_messages(messages_per_page=32, visibility_timeout=60):
        yield ReceivedMessage(b64decode(message.content), partial(queue.delete_message, message))


def trace_of(body: bytes) -> str:
    """The traceparent of a message; empty where it has none."""
    return msgspec.json.decode(body, type=Envelope).traceparent
