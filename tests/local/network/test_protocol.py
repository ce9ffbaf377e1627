"""What Kestrel refuses by its size, the local host refuses; what Kestrel keeps open, it keeps open."""

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest

from local import child
from local.network.protocol import HEADERS_BYTES, HEADERS_COUNT, UNREAD_BYTES
from local.service import Service
from shared.models.limits import REQUEST_LINE_BYTES, ids_in_line

GUID = "6fa459ea-ee8a-3ca4-894e-db77e160355e"


@pytest.fixture
def connection(service: Service) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)) as connection:
        yield connection


def ask(connection: http.client.HTTPConnection, target: str, **headers: str) -> tuple[int, str]:
    connection.request("GET", target, headers=headers)
    answer = connection.getresponse()
    said = answer.read().decode()
    assert (answer.headers["Connection"] == "close") == (answer.status in (414, 431))
    return answer.status, said


def statuses(said: bytes) -> list[int]:
    """Of the answers, each of which has to be whole."""
    found = []
    while said:
        head, _, rest = said.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        (length,) = [int(line.split(b": ")[1]) for line in lines if line.startswith(b"content-length: ")]
        assert len(rest) >= length
        found.append(int(lines[0].split()[1]))
        said = rest[length:]
    return found


def test_request_line_of_the_most_bytes_is_answered(connection: http.client.HTTPConnection) -> None:
    frame = len("GET /echo/hello?a= HTTP/1.1\r\n")
    assert ask(connection, "/echo/hello?a=" + "x" * (REQUEST_LINE_BYTES - frame))[0] == 200
    # A connection counts anew for each request.
    assert ask(connection, "/echo/hello?a=" + "x" * (REQUEST_LINE_BYTES - frame))[0] == 200
    status, said = ask(connection, "/echo/hello?a=" + "x" * (REQUEST_LINE_BYTES - frame + 1))
    error = msgspec.json.decode(said)["error"]
    assert (status, error["code"]) == (414, "414")
    assert "8,192 bytes" in error["message"]
    assert "ids" not in error["message"]


@pytest.mark.parametrize("comma", [",", "%2C"])
def test_refused_list_is_told_how_many_ids_have_room(connection: http.client.HTTPConnection, comma: str) -> None:
    most = ids_in_line(len("GET /echo/hello?a=1&ids= HTTP/1.1\r\n"), len(comma))
    assert most == {",": 220, "%2C": 209}[comma]
    assert ask(connection, "/echo/hello?a=1&ids=" + comma.join([GUID] * most))[0] == 200
    status, said = ask(connection, "/echo/hello?a=1&ids=" + comma.join([GUID] * (most + 1)))
    assert status == 414
    assert f"room for {most} ids" in said


@pytest.mark.parametrize("size", [100_000, 5_000_000])
def test_target_that_is_far_too_long_still_gets_its_answer(connection: http.client.HTTPConnection, size: int) -> None:
    connection.putrequest("GET", "/echo/" + "x" * size)
    connection.endheaders()
    assert connection.getresponse().status == 414


def test_headers_of_the_most_bytes_are_answered(connection: http.client.HTTPConnection) -> None:
    own = sum(len(f"{name}: {value}\r\n") for name, value in (("Host", f"127.0.0.1:{connection.port}"), ("X-Own", "")))
    most = HEADERS_BYTES - own - len("Accept-Encoding: identity\r\n")
    assert ask(connection, "/echo/hello", **{"X-Own": "x" * most})[0] == 200
    status, said = ask(connection, "/echo/hello", **{"X-Own": "x" * (most + 1)})
    assert status == 431
    assert "32,768 bytes" in msgspec.json.decode(said)["error"]["message"]


def test_too_many_headers_are_refused(connection: http.client.HTTPConnection) -> None:
    some = {f"X-{number}": "" for number in range(HEADERS_COUNT - 2)}
    assert ask(connection, "/echo/hello", **some)[0] == 200
    assert ask(connection, "/echo/hello", **some, last="")[0] == 431


def test_header_without_end_is_refused_before_it_ends(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nX-Own: " + b"x" * (UNREAD_BYTES + 1))
        assert plain.recv(12) == b"HTTP/1.1 431"


def exchange(service: Service, *parts: bytes) -> bytes:
    """All that is said until the connection ends."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as plain:
        for part in parts:
            plain.sendall(part)
        return b"".join(iter(lambda: plain.recv(65536), b""))


CHUNKED = b"POST /%s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"
ENDLESS = {
    "trailer": b"0\r\nX: " + b"y" * (2 * UNREAD_BYTES),
    "name": b"0\r\n" + b"y" * (2 * UNREAD_BYTES),
    "extension": b"2;ext=" + b"y" * (2 * UNREAD_BYTES),
    "last": b"0;ext=" + b"y" * (2 * UNREAD_BYTES),
    "trailers": b"0\r\n" + b"X: y\r\n" * (HEADERS_COUNT + 1),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_no_part_behind_a_body_is_without_end(service: Service, kind: str) -> None:
    assert statuses(exchange(service, CHUNKED % b"echo/hello", ENDLESS[kind])) == [431]
    # This one is answered before its body is read, and a request has one answer.
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as plain:
        plain.sendall(CHUNKED % b"nowhere/at/all")
        said = plain.recv(12)
        plain.sendall(ENDLESS[kind])
        said += b"".join(iter(lambda: plain.recv(65536), b""))
    assert statuses(said) == [404]


def test_a_body_in_chunks_with_extensions_and_trailers_is_read(service: Service) -> None:
    chunk = b"10000;of=many\r\n" + b"x" * 65536 + b"\r\n"
    rest = chunk * 40 + b"0\r\nX-Sum: 1\r\n\r\nGET /echo/hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert statuses(exchange(service, CHUNKED % b"echo/hello", rest)) == [200, 200]


@pytest.mark.parametrize(
    ("second", "status"),
    [
        (b"GET / HTTP/1.1\r\nX-Own: " + b"x" * (HEADERS_BYTES + 1) + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * REQUEST_LINE_BYTES + b" HTTP/1.1\r\n\r\n", 414),
        (b"no http\r\n\r\n", 400),
        (CHUNKED % b"echo/hello" + ENDLESS["trailers"], 431),
    ],
)
@pytest.mark.parametrize("before", [1, 3])
def test_a_refusal_waits_for_the_answers_before_it(service: Service, second: bytes, status: int, before: int) -> None:
    first = b"GET /echo/hello HTTP/1.1\r\nHost: x\r\n\r\n" * before
    assert statuses(exchange(service, first + second)) == [200] * before + [status]


def test_malformed_request_is_refused_as_ever(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as plain:
        plain.sendall(b"no http\r\n\r\n")
        assert plain.recv(12) == b"HTTP/1.1 400"


def test_idle_connection_is_kept(connection: http.client.HTTPConnection) -> None:
    assert child.IDLE_SECONDS == 240
    assert ask(connection, "/echo/hello")[0] == 200
    # Longer than uvicorn keeps one of itself.
    time.sleep(6)
    kept = connection.sock
    assert ask(connection, "/echo/hello")[0] == 200
    assert connection.sock is kept


def test_blanks_around_a_header_are_none_of_it(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as plain:
        plain.sendall(b"GET /echo/hello HTTP/1.1\r\nHost: x\r\nX-Twice: \t 1 2 \t \r\nConnection: close\r\n\r\n")
        said = b"".join(iter(lambda: plain.recv(65536), b""))
    assert b'"header": "1 2"' in said
