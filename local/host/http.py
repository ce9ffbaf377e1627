"""HTTP triggers over ASGI: requests in and answers out as the real host gives and takes them."""

import asyncio
import logging
from collections.abc import Iterable
from concurrent.futures import Executor
from contextvars import copy_context
from urllib.parse import parse_qsl

import msgspec
from azure.functions import HttpRequest, HttpResponse

from local.host.events import WEBHOOK_PATH, EventGridWebhook
from local.host.functions import FunctionFailed, HostedFunction
from local.host.routes import RouteTable
from local.network.asgi import Message, Receive, Send
from shared.models.limits import BODY_BYTES

logger = logging.getLogger(__name__)
# A browser would hold all ports of this machine's name to it, and the other servers on them may have no certificate.
NOT_LOCAL = {"strict-transport-security"}


class RequestTooLarge(Exception):
    """The request's body is over the limit."""


class ClientGone(Exception):
    """The connection ended before the request did."""


class HttpHost:
    """The ASGI application: finds the function of a request and runs it in the pool."""

    def __init__(
        self, routes: RouteTable, webhook: EventGridWebhook | None, pool: Executor, body_limit: int = BODY_BYTES
    ) -> None:
        self._routes = routes
        self._webhook = webhook
        self._pool = pool
        self._body_limit = body_limit

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            response = await self._answer(scope, receive)
        except RequestTooLarge:
            response = failure(413, f"The request's body is over {self._body_limit} bytes.")
        except FunctionFailed:
            response = failure(500, "The function failed; its log says why.")
        except ClientGone:
            return
        await _respond(response, send)

    async def _answer(self, scope: Message, receive: Receive) -> HttpResponse:
        raw_path: str = scope["raw_path"].decode("latin-1")
        if self._webhook and raw_path.lower() == WEBHOOK_PATH:
            return await self._webhook.answer(await self._request(scope, receive, raw_path, {}))
        found = self._routes.find(scope["method"], raw_path)
        if found is None:
            return failure(404, "Resource not found")
        function, route_values = found
        request = await self._request(scope, receive, raw_path, route_values)
        run = copy_context().run
        return await asyncio.get_running_loop().run_in_executor(self._pool, run, _run, function, request)

    async def _request(
        self, scope: Message, receive: Receive, raw_path: str, route_values: dict[str, str]
    ) -> HttpRequest:
        headers = _joined((name.decode("latin-1"), _text(value)) for name, value in scope["headers"])
        query: str = scope["query_string"].decode("latin-1")
        address = f"{scope['scheme']}://{headers.get('host', '')}{raw_path}"
        return HttpRequest(
            scope["method"],
            f"{address}?{query}" if query else address,
            headers=headers,
            params=query_values(query) if query else {},
            route_params=route_values,
            body=await self._body(receive, headers.get("content-length", "0")),
        )

    async def _body(self, receive: Receive, declared: str) -> bytes:
        if int(declared) > self._body_limit:
            raise RequestTooLarge
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self._body_limit:
                raise RequestTooLarge
            more = message.get("more_body", False)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def query_values(query: str) -> dict[str, str]:
    """Names without regard to case, values of a repeated name joined by commas, empty ones left out."""
    joined = _joined(parse_qsl(query, keep_blank_values=True))
    return {name: value for name, value in joined.items() if value}


def failure(status: int, message: str) -> HttpResponse:
    """An answer of the host itself, in the shape of the service's gateway."""
    body = msgspec.json.encode({"error": {"code": str(status), "message": message}})
    return HttpResponse(body, status_code=status, mimetype="application/json")


def _text(value: bytes) -> str:
    """A header's value, without the blanks behind it that the parser leaves."""
    return value.decode("latin-1").strip(" \t")


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    spelled: dict[str, str] = {}
    values: dict[str, str] = {}
    for name, value in pairs:
        first = spelled.setdefault(name.lower(), name)
        values[first] = f"{values[first]},{value}" if first in values else value
    return values


def _run(function: HostedFunction, request: HttpRequest) -> HttpResponse:
    result = function(request)
    if isinstance(result, HttpResponse):
        return result
    if isinstance(result, str):
        return HttpResponse(result)
    if result is None:
        return HttpResponse(status_code=204)
    logger.error("Function %s returned a %s; an HTTP function returns HttpResponse.", function.name, type(result))
    raise FunctionFailed(f"returned a {type(result).__name__}")


async def _respond(response: HttpResponse, send: Send) -> None:
    body = response.get_body()
    given = ((name.lower(), value) for name, value in response.headers.items() if name.lower() not in NOT_LOCAL)
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given]
    names = {name for name, _ in headers}
    if b"content-type" not in names and response.status_code != 204:
        charset = f"; charset={response.charset}" if response.mimetype.startswith("text/") else ""
        headers.append((b"content-type", f"{response.mimetype}{charset}".encode("latin-1")))
    if b"content-length" not in names and response.status_code not in (204, 304):
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": body})
