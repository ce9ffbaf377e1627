"""Messages to the functions: JSON in base64, as their queue triggers expect it."""

import msgspec
from msgspec import Struct

from shared.storage.store import Queue, Store


def send(store: Store, queue: Queue, message: Struct, delay: float = 0) -> None:
    """The message is seen after `delay` seconds."""
    store.queues[queue].send_message(msgspec.json.encode(message).decode(), visibility_timeout=round(delay))
