"""The HTTP connections of all storage clients: one pool, quick retries, and one error when storage does not answer."""

import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from functools import lru_cache
from itertools import chain, repeat

import requests
from azure.core.exceptions import HttpResponseError, IncompleteReadError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, HeadersPolicy, UserAgentPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse
from azure.data.tables import TableClient
from azure.data.tables._authentication import SharedKeyCredentialPolicy as TableKeyPolicy
from azure.storage.blob import ContainerClient
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy as BlobKeyPolicy
from requests.adapters import HTTPAdapter
from requests.hooks import default_hooks
from requests.structures import CaseInsensitiveDict

from shared.errors import AccessRefused, ServiceUnavailable

CONNECTIONS = 64
CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
# Bytes of an answer that are taken from a connection at once; by the library's 4 kB a large blob takes twice the CPU.
BLOCK = 256 * 1024
# No request is tried again after this long, so that a storage account that hangs can't hold every thread for minutes.
SEND_SECONDS = 20.0
SHORTEST_TRY = 1.0
# So long, and with such pauses, where it is lasting.
LASTING_SECONDS, LASTING_PAUSE = 480.0, 5.0
# Together some 5 s: longer than a restart of Azurite takes, and short of what a caller waits for.
PAUSES = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
FORBIDDEN = 403
# What an answer raises that breaks off in the middle.
BROKEN_OFF = (ServiceResponseError, IncompleteReadError)
BUSY = frozenset({408, 429, 500, 502, 503, 504})
# What a request needs: a date, a name of who asks, and a signature or a token.
NEEDED = (HeadersPolicy, UserAgentPolicy, TableKeyPolicy, BlobKeyPolicy, BearerTokenCredentialPolicy)
# By time.monotonic(), when whoever called no longer waits for the answer.
_given_up: ContextVar[float] = ContextVar("given_up", default=math.inf)
# What passes the seconds until storage is asked again, where somebody waits who said so.
_lasting: ContextVar[Callable[[float], None] | None] = ContextVar("lasting", default=None)


@contextmanager
def lasting(wait: Callable[[float], None]) -> Iterator[None]:
    """Within it what storage does not answer is sent again for `LASTING_SECONDS`: by this thread, and by those of a
    `Pool` that work for it. `wait` passes the seconds between.
    """
    token = _lasting.set(wait)
    try:
        yield
    finally:
        _lasting.reset(token)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Within it nothing is sent to storage, nor waited for, after so long: by this thread, and by those of a `Pool`
    that work for it.
    """
    token = _given_up.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _given_up.reset(token)


def ask(client: TableClient | ContainerClient, request: HttpRequest) -> HttpResponse:
    """Send a request that is written out for a table or a container; its answer is still to be read.

    The client's own way takes as much processor time again: it copies the request and runs policies of no use to it.
    """
    response: HttpResponse = _pipeline(client).run(request, stream=True).http_response
    return response


@lru_cache(maxsize=64)
def _pipeline(client: TableClient | ContainerClient) -> Pipeline[HttpRequest, HttpResponse]:
    # The library offers no public way to them.
    of_client = client._client._client._pipeline
    policies = (getattr(each, "_policy", each) for each in of_client._impl_policies)
    # Copies, as a policy belongs to one pipeline.
    return Pipeline(of_client._transport, [copy(policy) for policy in policies if isinstance(policy, NEEDED)])


class Session(requests.Session):
    """Sends what the clients have encoded and signed as it is: to prepare it again takes half as long as to send it."""

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        data: bytes | Iterable[bytes] | None,
        stream: bool = False,
        timeout: tuple[float, float],
        verify: bool,
        **_: object,
    ) -> requests.Response:
        request = requests.PreparedRequest()
        request.method, request.url, request.hooks = method, url, default_hooks()
        request.headers = CaseInsensitiveDict(self.headers)
        request.headers.update(headers)
        request.prepare_body(data, None)
        response = self.get_adapter(url).send(request, stream=True, timeout=timeout, verify=verify)
        if not stream:
            # Here its errors are still told as those of the request.
            response.content  # noqa: B018
        return response


class Transport(RequestsTransport):  # type: ignore[misc]
    """Retries here and not in the clients, so that table, blob and queue behave alike.

    A write may be sent twice when its first answer was lost; every caller in this room allows for that.
    """

    def __init__(self) -> None:
        session = Session()
        # Reading proxies and .netrc from the environment takes longer than the rest of a request.
        session.trust_env = False
        adapter = HTTPAdapter(pool_connections=8, pool_maxsize=CONNECTIONS)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        super().__init__(session=session, session_owner=False, connection_data_block_size=BLOCK)
        self._pool = session

    def send(self, request: HttpRequest, **kwargs: object) -> HttpResponse:
        """Raises AccessRefused, and ServiceUnavailable when storage can't be reached, hangs or stays busy."""
        cause: Exception | None = None
        patient = _lasting.get()
        wait, seconds = (patient, LASTING_SECONDS) if patient else (time.sleep, SEND_SECONDS)
        deadline = min(time.monotonic() + seconds, _given_up.get())
        for pause in chain(PAUSES, repeat(LASTING_PAUSE)) if patient else PAUSES:
            if pause:
                wait(pause * random.uniform(0.5, 1))  # noqa: S311
            left = deadline - time.monotonic()
            if left < SHORTEST_TRY:
                break
            limits = {"connection_timeout": min(CONNECT_SECONDS, left), "read_timeout": min(READ_SECONDS, left)}
            try:
                response: HttpResponse = super().send(request, **(kwargs | limits))
            except (ServiceRequestError, ServiceResponseError) as error:
                cause = error
                continue
            if response.status_code != FORBIDDEN and response.status_code not in BUSY:
                return response
            # Nobody reads it, so its connection is free again.
            response.internal_response.close()  # type: ignore[attr-defined]  # of both kinds that the library has
            if response.status_code == FORBIDDEN:
                raise _refused(response)
            cause = HttpResponseError(response=response)
        raise unavailable() from cause

    def shut(self) -> None:
        """Close every connection. Not `close`, which the clients call on a transport that they share."""
        self._pool.close()


def unavailable() -> ServiceUnavailable:
    return ServiceUnavailable("Storage does not answer; try again in a moment.")


def _refused(response: HttpResponse) -> AccessRefused:
    code = response.headers.get("x-ms-error-code", "no reason given")
    what = "check the identity's roles on the storage account, or the connection string"
    return AccessRefused(f"Storage refuses access ({code}); {what}.", code)
