"""Messages to the functions: JSON in base64, as their queue triggers expect it."""

import msgspec
from msgspec import Struct

from shared.storage.account.store import Queue, Store
from shared.telemetry.tracing import traceparent


class Envelope(Struct, frozen=True):
    """What a message says beside its contents: the trace that it goes on with."""

    traceparent: str = ""


def send(store: Store, queue: Queue, message: Struct, delay: float = 0) -> None:
    """The message is seen after `delay` seconds, and waits for as long as nobody takes it."""
    text = msgspec.json.encode({**msgspec.to_builtins(message), "traceparent": traceparent()}).decode()
    store.queues[queue].send_message(text, visibility_timeout=round(delay), time_to_live=-1)


def trace_of(body: bytes) -> str:
    """The traceparent of a message; empty where it has none."""
    return msgspec.json.decode(body, type=Envelope).traceparent
