"""A training API, Custom Vision's or an installation's: both speak the same, and both are waited for."""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from http.client import responses
from typing import TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
import urllib3
from urllib3.util import Timeout

from cli import addresses
from cli.faults import STRANGER, CommandError
from cli.migrate import shapes
from cli.patience import Patience, Watch

T = TypeVar("T")
Query = Mapping[str, object] | None
TRAINING = "/customvision/v3.3/training"
OWN = "/ocellus/v1"
PREDICTION = "/customvision/v3.1/prediction"
PAGE = 256
AT_ONCE = 8
BAD = 400
SLOW = Timeout(connect=15, read=300)


class Refused(CommandError):
    """An answer of 400 or above, with the code of the service where there is one."""

    def __init__(self, who: str, status: int, code: str, message: str) -> None:
        parts = [f"{who} said", code or (str(status) if status else ""), message]
        super().__init__(": ".join(part for part in parts if part))
        self.status, self.code = status, code


class _Error(msgspec.Struct):
    code: str | int = ""
    message: str = ""


class _Answered(msgspec.Struct):
    """The service's own shape of an error, or its gateway's."""

    code: str = ""
    message: str = ""
    error: _Error | None = None


class Service:
    """Calls are repeated while the service is busy or a connection is cut. May be called by several threads.

    Raises Refused for what it refuses, CommandError where it can't be reached or answers what can't be read.
    """

    def __init__(self, who: str, endpoint: str, key: str, token: str = "", header: str = "Training-Key") -> None:
        self.who, self.endpoint = who, addresses.endpoint(endpoint, f"the endpoint of {who}")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {header: key}
        self._watch = Watch()
        self._pool = urllib3.PoolManager(maxsize=AT_ONCE, retries=Patience.of(self._watch, twice=True), timeout=SLOW)

    def get(self, kind: type[T], *path: object, query: Query = None, base: str = TRAINING) -> T:
        return self._read(self.call("GET", *path, query=query, base=base), kind)

    def send(
        self,
        kind: type[T],
        method: str,
        *path: object,
        body: object = None,
        query: Query = None,
        base: str = TRAINING,
    ) -> T:
        return self._read(self.call(method, *path, body=body, query=query, base=base), kind)

    def call(
        self,
        method: str,
        *path: object,
        body: object = None,
        query: Query = None,
        base: str = TRAINING,
    ) -> bytes:
        """The answer's body. What is sent is `body` as JSON, or as it is where it is bytes."""
        address = self.endpoint + "/".join([base, *(quote(str(part), safe="") for part in path)])
        if query:
            address += f"?{urlencode(query, safe=',')}"
        data, kind = (
            (body, "application/octet-stream") if isinstance(body, bytes) else (_json(body), "application/json")
        )
        return self._answer(method, address, data, {**self._headers, "Content-Type": kind})

    def download(self, project_id: UUID, address: str) -> bytes:
        """A picture or a package of an answer. Its address has what lets us in, so it gets no key.

        A resource behind a virtual network answers paths in place of addresses, and hands these out itself.
        """
        if address.startswith(("http://", "https://")):
            return self._answer("GET", address, b"", {})
        return self.call("GET", "projects", project_id, "artifacts", query={"path": address})

    def _answer(self, method: str, address: str, data: bytes, headers: dict[str, str]) -> bytes:
        with self._watch.asking(address):
            answer = self._pool.request(method, address, body=data or None, headers=headers)
        if answer.status >= BAD:
            raise self._refusal(answer.status, answer.data)
        return answer.data

    def _refusal(self, status: int, data: bytes) -> Refused:
        if status == HTTPStatus.UNAUTHORIZED:
            return Refused(self.who, status, "", STRANGER)
        try:
            said = msgspec.json.decode(data, type=_Answered)
        except (msgspec.DecodeError, UnicodeDecodeError):
            said = _Answered(message=responses.get(status, "no reason"))
        return Refused(
            self.who,
            status,
            said.code or str(said.error.code if said.error else ""),
            said.message or (said.error.message if said.error else ""),
        )

    def _read(self, data: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            raise CommandError(f"{self.who} answered what no such service does: {fault}") from fault

    def projects(self) -> list[shapes.Project]:
        return self.get(list[shapes.Project], "projects")

    def project(self, project_id: UUID) -> shapes.Project:
        return self.get(shapes.Project, "projects", project_id)

    def tags(self, project_id: UUID) -> list[shapes.Tag]:
        return self.get(list[shapes.Tag], "projects", project_id, "tags")

    def image_count(self, project_id: UUID) -> int:
        return self.get(int, "projects", project_id, "images", "count")

    def images(self, project_id: UUID) -> Iterator[shapes.Image]:
        """All, the oldest first, page by page. One that is on two pages, as others were deleted, comes once."""
        seen: set[UUID] = set()
        skip = 0
        while page := self._page(project_id, skip):
            yield from (image for image in page if image.id not in seen)
            seen.update(image.id for image in page)
            skip += len(page)

    def _page(self, project_id: UUID, skip: int) -> list[shapes.Image]:
        query = {"orderBy": "Oldest", "take": PAGE, "skip": skip}
        return self.get(list[shapes.Image], "projects", project_id, "images", query=query)

    def images_by_ids(self, project_id: UUID, ids: Iterable[UUID]) -> list[shapes.Image]:
        """Those of them that are there; as many ids as a line of a request takes."""
        query = {"imageIds": ",".join(map(str, ids))}
        return self.get(list[shapes.Image], "projects", project_id, "images", "id", query=query)

    def iterations(self, project_id: UUID) -> list[shapes.Iteration]:
        return self.get(list[shapes.Iteration], "projects", project_id, "iterations")


def _json(body: object) -> bytes:
    return b"" if body is None else msgspec.json.encode(body)
