"""One request to the API, with what its handler works on."""

import re
from contextlib import suppress
from functools import cached_property
from uuid import uuid4

import azure.functions as func

from functions.edge.body.coding import decoded
from functions.edge.body.values import read_texts
from functions.edge.runtime import Runtime
from shared.errors import ServiceError
from shared.fetch import fetch
from shared.models.access.roles import Role
from shared.models.limits import Limits
from shared.storage.account import signing
from shared.storage.account.store import Store
from shared.telemetry.counters import OK

# How long a caller waits for the answer (RFC 7240). In less than two seconds nothing can be done.
WAIT = re.compile(r"(?:^|[\s,;])wait=(\d{1,4})(?:$|[\s,;])", re.IGNORECASE | re.ASCII)
SHORTEST_WAIT, LONGEST_WAIT = 2, 600


class Call:
    def __init__(self, request: func.HttpRequest, runtime: Runtime) -> None:
        self.request = request
        self.runtime = runtime
        self.id = uuid4()
        self.actor = ""
        self.roles: frozenset[Role] = frozenset()
        self.outcome = OK

    @property
    def store(self) -> Store:
        return self.runtime.store

    @property
    def limits(self) -> Limits:
        return self.runtime.settings.limits

    @property
    def patience(self) -> int:
        """How many seconds the caller waits for the answer, where the header Prefer says so."""
        found = WAIT.search(self.request.headers.get("Prefer") or "")
        return max(int(found[1]), SHORTEST_WAIT) if found else LONGEST_WAIT

    @cached_property
    def query(self) -> dict[str, str]:
        """By names in lower case, as clients send `iterationid` too. Repeated ones are a comma list."""
        return {name.lower(): value for name, value in self.request.params.items()}

    @cached_property
    def body(self) -> bytes:
        """Inflated, where the client compressed it. Raises UnsupportedMediaType, BodyTooLarge, BadRequest."""
        return decoded(self.request.headers.get("Content-Encoding") or "", self.request.get_body())

    @cached_property
    def body_texts(self) -> dict[str, str]:
        """What the body says by the names of query parameters, for clients that send these there."""
        with suppress(ServiceError):
            return read_texts(self.content_type, self.body)
        return {}

    @property
    def version(self) -> str:
        return (self.request.route_params.get("version") or "").lower()

    @property
    def content_type(self) -> str:
        return str(self.request.headers.get("Content-Type") or "")

    def fetch(self, url: str, limit: int) -> bytes:
        """The picture at an address that the client gave. Raises BadImageUrl, BadImageSize."""
        url = signing.at_storage(self.store, url)
        return fetch(url, limit=limit, allow_private=self.runtime.settings.allow_private_urls)
