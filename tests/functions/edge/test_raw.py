"""Thousands of requests that no client should send: none makes the service fail, each answer is a documented one."""

from functools import cache
from http.client import HTTPConnection, HTTPException

import msgspec
import pytest

from function_app import app
from functions.edge.openapi import document
from functions.edge.operation import Answer, Operation, operations
from local.host.functions import index
from local.host.routes import RouteTable
from local.network.protocol import HEADERS_BYTES
from shared.models.limits import REQUEST_LINE_BYTES
from shared.settings import Settings
from tests.functions.edge.raw import requests
from tests.functions.wire import Reply, Request, send
from tests.pictures import picture

NAMED = {operation.function: operation for operation in operations}


@pytest.mark.parametrize("operation", operations, ids=lambda operation: operation.name)
def test_no_request_makes_an_operation_fail(service, places, operation):
    key = {"training": service.training_key, "prediction": service.prediction_key}[operation.api.service]
    connection = HTTPConnection("127.0.0.1", service.port, timeout=60)
    faults, statuses = [], set()
    for sent in requests(operation, places(operation), key, picture("apple", 1, (64, 64))):
        try:
            reply = send(connection, sent)
            statuses.add(reply.status)
            found = fault(sent, reply)
        except (OSError, HTTPException) as error:
            found = f"no answer: {error!r}"
            connection.close()
        if found:
            faults.append(f"{found}\n  {shown(sent)}")
    connection.close()
    assert not faults, f"{len(faults)} requests:\n" + "\n".join(faults[:20])
    assert statuses & {*range(200, 300), 400}, "no request came to the operation itself"


def fault(sent: Request, reply: Reply) -> str | None:
    """What is wrong with an answer."""
    operation = reached(sent)
    allowed = outgrown(sent) or (documented()[operation.name] if operation else {204, 404, 405})
    if reply.status not in allowed:
        return f"{reply.status} is not among {sorted(allowed)}: {reply.data[:300]!r}"
    if reply.status >= 400:
        return None if is_refusal(reply) else f"{reply.status} with neither shape of errors: {reply.data[:300]!r}"
    return misfit(operation, reply) if operation else None


def reached(sent: Request) -> Operation | None:
    """The operation that a request comes to, which may be another than it was made for."""
    found = routes().find(sent.method, sent.target.partition("?")[0])
    return NAMED.get(found[0].name) if found else None


@cache
def routes() -> RouteTable:
    return RouteTable(index(app))


@cache
def documented() -> dict[str, set[int]]:
    paths = document(operations, Settings())["paths"]
    assert isinstance(paths, dict)
    described = [each for path in paths.values() for each in path.values()]
    return {each["operationId"]: {int(status) for status in each["responses"]} for each in described}


def shown(sent: Request) -> str:
    body = f"{len(sent.body)} bytes {sent.body[:300]!r}" if sent.body is not None else "no body"
    headers = [(name, value[:80]) for name, value in sent.headers if not name.endswith("-Key")]
    return f"{sent.method} {sent.target[:600]} {headers} {body}{' chunked' if sent.chunked else ''}"


def is_refusal(reply: Reply) -> bool:
    """Whether it is an error in the shape of the service or of its gateway."""
    try:
        told = msgspec.json.decode(reply.data, type=dict[str, str | dict[str, str]])
    except msgspec.MsgspecError:
        return False
    error = told.get("error", told)
    fits = isinstance(error, dict) and error.keys() == {"code", "message"} and len(error["message"]) > 10
    return fits and reply.headers["content-type"].startswith("application/json")


def outgrown(sent: Request) -> set[int]:
    """What the host itself answers to a line or headers of this size; empty where they are no larger than it takes."""
    if len(f"{sent.method} {sent.target} HTTP/1.1\r\n") > REQUEST_LINE_BYTES:
        return {414}
    size = sum(len(f"{name}: {value}\r\n") for name, value in sent.headers)
    return {431} if size > HEADERS_BYTES else set()


def misfit(operation: Operation, reply: Reply) -> str | None:
    """Why a success is not what the handler says it returns."""
    kind = operation.result
    if getattr(kind, "__origin__", None) is Answer:
        kind = kind.__args__[0]  # type: ignore[attr-defined]
    if kind is bytes or kind in (None, type(None)):
        return None
    try:
        msgspec.json.decode(reply.data, type=kind)
    except msgspec.MsgspecError as error:
        return str(error)
    return None
