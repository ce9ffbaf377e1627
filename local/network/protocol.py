"""HTTP/1.1 as uvicorn speaks it, within the limits of Kestrel, which the Functions host listens by."""

import re

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from shared.models.limits import REQUEST_LINE_BYTES, ids_in_line

HEADERS_BYTES = 32 * 1024
HEADERS_COUNT = 100
# Of what is not complete yet: a header or a trailer without end would take memory and time without end.
UNREAD_BYTES = 1024 * 1024
# What stands around a target, and between a header's name and value and behind it.
LINE_FRAME, HEADER_FRAME = len("  HTTP/1.1\r\n"), len(": \r\n")
# A client that still sends would lose the answer to a reset if the connection were closed at once.
LINGER_SECONDS = 1.0
FIRST_OF_LIST = re.compile(rb"(.*?)[0-9a-f-]{36}(,|%2c)", re.IGNORECASE | re.DOTALL)


class Refused(Exception):
    """The head of the request is over a limit."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class BoundedProtocol(HttpToolsProtocol):
    """Refuses long request lines with 414 and large headers with 431, and ends the connection."""

    _in_body = False
    # Since the last part that was complete.
    _unread_size = 0
    _headers_size = 0
    _refused: Refused | None = None

    def data_received(self, data: bytes) -> None:
        if self._refused is None:
            super().data_received(data)
        self._unread_size += len(data)
        if self._refused is None and self._unread_size > UNREAD_BYTES:
            self._refuse(_too_large())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._unread_size = self._headers_size = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        size = LINE_FRAME + len(self.parser.get_method()) + len(self.url)
        if size > REQUEST_LINE_BYTES:
            self._refused = _too_long(size - len(self.url), self.url)
            raise self._refused

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._unread_size = 0
        self._headers_size += len(name) + len(value) + HEADER_FRAME
        if self._headers_size > HEADERS_BYTES or len(self.headers) > HEADERS_COUNT:
            self._refused = _too_large()
            raise self._refused

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._in_body = True

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._unread_size = 0

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_body = False

    def on_response_complete(self) -> None:
        is_last = not self.pipeline
        super().on_response_complete()
        if self._refused and is_last:
            self._end(self._refused)

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refused or Refused(400, msg))

    def _refuse(self, refused: Refused) -> None:
        """In place of the answer to the request that is read, and after the answers to those before it."""
        self._refused = refused
        if self._in_body:
            self._give_up(self.cycle)
        if self.cycle is None or self.cycle.response_complete or self.cycle.disconnected:
            self._end(refused)

    def _give_up(self, cycle: RequestResponseCycle) -> None:
        if self.pipeline and self.pipeline[0][0] is cycle:
            self.pipeline.popleft()
        elif not cycle.response_started:
            cycle.disconnected = True
            cycle.message_event.set()

    def _end(self, refused: Refused) -> None:
        if self.transport.is_closing():
            return
        # A second answer to one request would be taken for that to the next.
        if not (self._in_body and self.cycle.response_started):
            self.transport.write(_answer(refused))
        self.loop.call_later(LINGER_SECONDS, self.transport.close)


def _answer(refused: Refused) -> bytes:
    body = msgspec.json.encode({"error": {"code": str(refused.status), "message": str(refused)}})
    head = f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return STATUS_LINE[refused.status] + head.encode() + body


def _too_long(frame: int, target: bytes) -> Refused:
    message = f"The request line is over {REQUEST_LINE_BYTES:,} bytes, the most that the Functions host takes."
    if found := FIRST_OF_LIST.match(target):
        most = ids_in_line(frame + len(found[1]), len(found[2]))
        message += (
            f" It has room for {most} ids: send the others in further calls, "
            "or all in a JSON body where the operation takes one."
        )
    return Refused(414, message)


def _too_large() -> Refused:
    return Refused(
        431,
        f"The headers are over {HEADERS_BYTES:,} bytes or more than {HEADERS_COUNT}, "
        "the most that the Functions host takes; send fewer or shorter ones.",
    )
