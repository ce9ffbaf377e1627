"""Hands out what answers link to: storage's port is open to this machine alone, and some of its blobs go to others."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlsplit

import urllib3
from urllib3.response import BaseHTTPResponse

from local.network.asgi import Message, Receive, Send
from shared.courtesy import courtesy
from shared.storage.account.signing import served_at

App = Callable[[Message, Receive, Send], Awaitable[None]]
# The containers that answers link to. Names in them are ids and words: none that leads out of its container.
LINKED = re.compile(r"/(?:images|predictions|exports|models)(?:/[\w-][\w.-]*)+", re.ASCII)
HOST = re.compile(r"(?:[a-z0-9_][\w.-]*|\[[0-9a-f:.]+\])(?::\d{1,5})?", re.ASCII | re.IGNORECASE)
READING = ("GET", "HEAD")
# With these in its query a request asks for something else than the blob.
OTHERS = {"comp", "restype"}
# The headers that say which bytes of a blob are wanted, and whether.
ASKED = re.compile(r"if-[a-z-]+|x-ms-version", re.IGNORECASE)
RANGES = ("range", "x-ms-range")
# Storage fails on other forms. A server may answer those whole.
RANGE = re.compile(r"bytes=\d+-\d*", re.ASCII)
# Those of an answer that are of the connection to storage, not of the blob.
KEPT_BACK = {"connection", "keep-alive", "transfer-encoding", "server", "date"}
THREADS, CONNECTIONS = 16, 200
SECONDS = 30.0
CHUNK = 256 * 1024
# Storage ends connections that were idle for five seconds, perhaps just when one is taken up again.
AGAIN = urllib3.Retry(1, redirect=False, status=False)


class Files:
    """An ASGI application around another: blobs are at `/{account}/{container}/{name}?{signature}`.

    `storage` is the address of its blobs, and checks the signature, which covers the path and not the host. The other
    application links to `root`, or unless that is `fixed` to where its request came to.
    """

    def __init__(self, app: App, storage: str, root: str, *, fixed: bool = False) -> None:
        blobs = urlsplit(storage)
        self._app, self._account = app, blobs.path
        self._root, self._fixed = root, fixed
        self._threads = ThreadPoolExecutor(THREADS, "files")
        self._storage = urllib3.HTTPConnectionPool(
            str(blobs.hostname), blobs.port, maxsize=CONNECTIONS, retries=AGAIN, timeout=SECONDS
        )

    def close(self) -> None:
        """Start to read no more files. Those under way end by `SECONDS`."""
        self._threads.shutdown(cancel_futures=True)
        self._storage.close()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._has(scope["raw_path"].decode("latin-1")):
            await self._serve(scope, send)
        else:
            served_at.set(self._root_for(scope))
            await self._app(scope, receive, send)

    def _has(self, raw_path: str) -> bool:
        return raw_path.startswith(self._account) and LINKED.fullmatch(raw_path, len(self._account)) is not None

    def _root_for(self, scope: Message) -> str:
        hosts = [value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"host"]
        if self._fixed or len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
            return self._root
        return f"{scope['scheme']}://{hosts[0]}{self._account}"

    async def _serve(self, scope: Message, send: Send) -> None:
        if refused := _refusal(scope):
            await _refuse(send, *refused)
            return
        courtesy.asked()
        work = asyncio.get_running_loop().run_in_executor
        try:
            answer = await work(self._threads, self._ask, scope)
        except urllib3.exceptions.HTTPError:
            await _refuse(send, 503, "Storage does not answer; try again.")
            return
        try:
            await send({"type": "http.response.start", "status": answer.status, "headers": _headers(answer)})
            while chunk := await work(self._threads, answer.read, CHUNK):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            answer.close()

    def _ask(self, scope: Message) -> BaseHTTPResponse:
        target = f"{scope['raw_path'].decode('latin-1')}?{scope['query_string'].decode('latin-1')}"
        given = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        headers = {name: value for name, value in given if _is_asked(name, value)}
        return self._storage.urlopen(
            scope["method"], target, headers=headers, preload_content=False, decode_content=False
        )


def _is_asked(name: str, value: str) -> bool:
    return RANGE.fullmatch(value) is not None if name in RANGES else ASKED.fullmatch(name) is not None


def _refusal(scope: Message) -> tuple[int, str] | None:
    if scope["method"] not in READING:
        return 405, "Files can be read, and nothing else."
    names = {name.lower() for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)}
    if "sig" not in names or OTHERS & names:
        return 403, "Use the whole address of the file as it was answered: it ends with a signature that lasts a day."
    return None


async def _refuse(send: Send, status: int, message: str) -> None:
    body = message.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if status == 405:
        headers.append((b"allow", ", ".join(READING).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _headers(answer: BaseHTTPResponse) -> list[tuple[bytes, bytes]]:
    given = [(name.lower(), value) for name, value in answer.headers.items() if name.lower() not in KEPT_BACK]
    # Somebody uploaded it: no browser may take it for a page.
    given.append(("x-content-type-options", "nosniff"))
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given]
