"""A custom Event Grid topic: takes events from the SDK's publisher, logs each, and fans them out to subscribers."""

import hmac
import threading
from pathlib import Path

import msgspec

from local.eventgrid.delivery import Courier
from local.eventgrid.ledger import Ledger
from local.network.asgi import Message, Receive, Send

PATH = "/topic/api/events"
CONTENT_TYPES = {True: "application/cloudevents-batch+json", False: "application/json"}


class Topic:
    """The ASGI application of the topic's endpoint."""

    def __init__(self, key: str, log: Path, ledger: Ledger, courier: Courier, subscribers: list[str]) -> None:
        self._key = key.encode()
        self._log = log
        self._ledger = ledger
        self._courier = courier
        self._subscribers = subscribers
        self._writing = threading.Lock()
        log.parent.mkdir(parents=True, exist_ok=True)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status, text = self._take(scope["method"], scope["path"], dict(scope["headers"]), body)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": text.encode()})

    def _take(self, method: str, path: str, headers: dict[bytes, bytes], body: bytes) -> tuple[int, str]:
        if method != "POST" or path.lower() != PATH:
            return 404, f"The topic takes POST {PATH}."
        if not hmac.compare_digest(headers.get(b"aeg-sas-key", b""), self._key):
            return 401, "The key in aeg-sas-key is not the topic's."
        try:
            events = _events(body)
        except msgspec.DecodeError as fault:
            return 400, f"The body is no list of events: {fault}"
        for about, event in events:
            self._publish(about, event)
        self._courier.wake()
        return 200, ""

    def _publish(self, about: "_About", event: msgspec.Raw) -> None:
        content_type = CONTENT_TYPES[about.specversion is not None]
        line = bytes(event).replace(b"\n", b" ") + b"\n"
        with self._writing, self._log.open("ab") as log:
            log.write(line)
        for subscriber in self._subscribers:
            self._ledger.offer(subscriber, about.id, "", b"[" + bytes(event) + b"]", content_type)


class _About(msgspec.Struct):
    id: str
    specversion: str | None = None


def _events(body: bytes) -> list[tuple[_About, msgspec.Raw]]:
    """Each event with what tells it apart, from a list of events or a single one."""
    whole = body.strip()
    events = msgspec.json.decode(whole, type=list[msgspec.Raw]) if whole[:1] == b"[" else [msgspec.Raw(whole)]
    return [(msgspec.json.decode(event, type=_About), event) for event in events]
