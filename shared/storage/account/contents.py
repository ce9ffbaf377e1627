"""The contents of blobs: one in a request each way, and many deleted by one.

What is written out here takes the library as much processor time again as the request itself: it makes a client for
each.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import NamedTuple
from urllib.parse import quote

from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.core.rest import HttpRequest, HttpResponse
from azure.storage.blob import ContainerClient

from shared.storage.account.transport import BROKEN_OFF, ask, unavailable

BAD, MISSING, FAILING = 300, 404, 500
# What is longer goes in blocks.
PUT_BYTES = 32 * 1024 * 1024
# As many blobs as a request deletes.
DELETED_AT_ONCE = 256
SENT_AT_MOST = 4
FAULTS = {401: ClientAuthenticationError, 404: ResourceNotFoundError, 409: ResourceExistsError}
# What storage calls a precondition that was ours; others it has are of keys and leases.
CHANGED = {"ConditionNotMet", "TargetConditionNotMet", "BlobOverwritten"}


class Blob(NamedTuple):
    data: bytes
    etag: str
    content_type: str


def get(container: ContainerClient, name: str, headers: Mapping[str, str] | None = None) -> Blob:
    """The bytes as they lie there: what a Content-Encoding says of them is anybody's word, and costs nothing.

    Raises HttpResponseError, and the kinds of it in `FAULTS`; ResourceModifiedError where it is another version.
    """
    for _ in range(SENT_AT_MOST):
        response = ask(container, _request(container, "GET", name, headers or {}))
        try:
            if response.status_code >= BAD:
                response.read()
                raise _fault(response)
            data = b"".join(response.iter_raw())
        except BROKEN_OFF:
            # In the middle of the contents.
            continue
        return Blob(data, response.headers["ETag"], response.headers.get("Content-Type", ""))
    raise unavailable()


def put(container: ContainerClient, name: str, data: bytes, headers: Mapping[str, str]) -> str:
    """The new ETag, of bytes that fit into one request. Raises as `get` does."""
    response = ask(container, _request(container, "PUT", name, {"x-ms-blob-type": "BlockBlob"} | dict(headers), data))
    response.read()
    if response.status_code >= BAD:
        raise _fault(response)
    return str(response.headers["ETag"])


def delete(container: ContainerClient, names: Iterable[str]) -> None:
    """Those that are there. Raises HttpResponseError where one stays, ServiceUnavailable where another try may do."""
    left = iter(names)
    while part := list(islice(left, DELETED_AT_ONCE)):
        for answer in container.delete_blobs(*part, raise_on_any_failure=False):
            if answer.status_code >= FAILING:
                raise unavailable()
            if answer.status_code >= BAD and answer.status_code != MISSING:
                raise HttpResponseError(response=answer)


def _request(
    container: ContainerClient, verb: str, name: str, headers: Mapping[str, str], data: bytes | None = None
) -> HttpRequest:
    address, query = _address(container)
    sent = {"x-ms-version": container.api_version} | dict(headers)
    return HttpRequest(verb, f"{address}/{quote(name, safe='~/')}{query}", headers=sent, content=data)


@lru_cache(maxsize=64)
def _address(container: ContainerClient) -> tuple[str, str]:
    """Without and with what a signature adds."""
    address, mark, query = str(container.url).partition("?")
    return address, mark + query


def _fault(response: HttpResponse) -> HttpResponseError:
    if response.headers.get("x-ms-error-code") in CHANGED:
        return ResourceModifiedError(response=response)
    return FAULTS.get(response.status_code, HttpResponseError)(response=response)
