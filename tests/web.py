"""A small web site: pictures for operations that fetch a URL, and pages that call the service."""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from mimetypes import guess_type
from queue import SimpleQueue

from tests.servers import Answer, Request, serving


class Web:
    def __init__(self) -> None:
        self.address = ""
        self.pages: dict[str, bytes] = {}
        self.told: SimpleQueue[bytes] = SimpleQueue()

    def serve(self, data: bytes) -> str:
        """A URL that answers with these bytes."""
        path = f"/{len(self.pages)}.jpg"
        self.pages[path] = data
        return self.address + path

    def get(self, url: str) -> bytes:
        with urllib.request.urlopen(url) as answer:
            return bytes(answer.read())

    def answer(self, request: Request) -> Answer:
        """A page; what is posted goes to `told`."""
        if request.method == "POST":
            self.told.put(request.body)
            return Answer(204)
        page = self.pages.get(request.path)
        if page is None:
            return Answer(404)
        kind, _ = guess_type(request.path)
        return Answer(body=page, headers={"Content-Type": kind} if kind else {})


@contextmanager
def opened() -> Iterator[Web]:
    web = Web()
    with serving(web.answer) as port:
        web.address = f"http://127.0.0.1:{port}"
        yield web
