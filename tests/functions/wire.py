"""Requests as they go over the wire, for what no SDK would send."""

import json
from contextlib import closing
from http.client import HTTPConnection
from typing import NamedTuple

from local.service import Service


class Request(NamedTuple):
    """A body of None is sent without Content-Length."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes | None = b""
    chunked: bool = False


class Reply(NamedTuple):
    """Names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def body(self):
        """Its JSON; None where there is none."""
        return json.loads(self.data) if self.data else None


def ask(service: Service, method: str, path: str, body: bytes | None = b"", **headers: str) -> Reply:
    """One request on a connection of its own; `Training_Key` is the header Training-Key."""
    given = [(name.replace("_", "-"), value) for name, value in headers.items()]
    with closing(HTTPConnection("127.0.0.1", service.port, timeout=60)) as connection:
        return send(connection, Request(method, path, given, body))


def send(connection: HTTPConnection, request: Request) -> Reply:
    names = {name.lower() for name, _ in request.headers}
    connection.putrequest(request.method, request.target, skip_accept_encoding=True, skip_host="host" in names)
    for name, value in request.headers:
        connection.putheader(name, value)
    if request.chunked:
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders(iter([request.body or b""]), encode_chunked=True)
    else:
        if request.body is not None and "content-length" not in names:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return Reply(answer.status, headers, answer.read())
