"""Messages to the functions: JSON in base64, as their queue triggers expect it."""

import msgspec
from msgspec import Struct

from shared.storage.account.store import Queue, Store


def send(store: Store, queue: Queue, message: Struct, delay: float = 0) -> None:
    """The message is seen after `delay` seconds, and waits for as long as nobody takes it."""
    text = msgspec.json.encode(message).decode()
    store.queues[queue].send_message(text, visibility_timeout=round(delay), time_to_live=-1)
