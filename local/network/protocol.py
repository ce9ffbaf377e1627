"""HTTP/1.1 as uvicorn speaks it, within the limits of Kestrel, which the Functions host listens by."""

import re

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from shared.models.limits import REQUEST_LINE_BYTES, ids_in_line

HEADERS_BYTES = 32 * 1024
HEADERS_COUNT = 100
# Of a head that is not complete yet, so that one header without end takes no memory without end.
HEAD_BYTES = 1024 * 1024
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

    _reading_head = False
    _head_size = 0
    _headers_size = 0
    _refused: Refused | None = None

    def data_received(self, data: bytes) -> None:
        if self._refused is None:
            super().data_received(data)
        self._head_size = self._head_size + len(data) if self._reading_head else 0
        if self._refused is None and self._head_size > HEAD_BYTES:
            self._answer(_too_large())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._reading_head, self._headers_size = True, 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        size = LINE_FRAME + len(self.parser.get_method()) + len(self.url)
        if size > REQUEST_LINE_BYTES:
            self._refused = _too_long(size - len(self.url), self.url)
            raise self._refused

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._headers_size += len(name) + len(value) + HEADER_FRAME
        if self._headers_size > HEADERS_BYTES or len(self.headers) > HEADERS_COUNT:
            self._refused = _too_large()
            raise self._refused

    def on_headers_complete(self) -> None:
        self._reading_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        if self._refused is None:
            super().send_400_response(msg)
        else:
            self._answer(self._refused)

    def _answer(self, refused: Refused) -> None:
        self._refused = refused
        body = msgspec.json.encode({"error": {"code": str(refused.status), "message": str(refused)}})
        head = f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[refused.status] + head.encode() + body)
        self.loop.call_later(LINGER_SECONDS, self.transport.close)


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
