"""Reads of a table: one row, or the pages of a query.

Written out here, as the library takes longer to convert a page than the table takes to find it.
"""

from collections.abc import Iterator
from urllib.parse import quote, urlencode

import msgspec
from azure.core.rest import HttpRequest, HttpResponse
from azure.data.tables import TableClient
from msgspec import Struct

from shared.storage.account.transport import BROKEN_OFF, ask, unavailable

MISSING = 404
SENT_AT_MOST = 4
CONTINUATION = "x-ms-continuation-"

NO_ETAG = 'W/""'
# All properties of our tables are texts.
Entity = dict[str, str]


class _Page(Struct):
    value: list[Entity]


def get(table: TableClient, partition: str, key: str) -> Entity | None:
    response = _send(table, f"(PartitionKey='{quoted(partition)}',RowKey='{quoted(key)}')")
    if response.status_code == MISSING:
        return None
    response.raise_for_status()
    return msgspec.json.decode(response.content, type=Entity)


def pages(table: TableClient, condition: str, size: int, select: str = "") -> Iterator[list[Entity]]:
    """What each request found at one moment, at most `size` of them; lazily. A page may be empty and not the last."""
    options = {"$filter": condition, "$top": str(size)} | ({"$select": select} if select else {})
    beyond: dict[str, str] | None = {}
    while beyond is not None:
        response = _send(table, f"()?{urlencode(options | beyond, quote_via=quote)}")
        response.raise_for_status()
        yield msgspec.json.decode(response.content, type=_Page).value
        beyond = _beyond(response)


def etag(entity: Entity) -> str:
    """As the service makes it from the time of the last change; one that no row has where that was not selected."""
    time = entity.get("Timestamp")
    # A time has no other character that needs quoting, and this runs for each row of a page.
    return f"W/\"datetime'{time.replace(':', '%3A')}'\"" if time else NO_ETAG


def quoted(key: str) -> str:
    return quote(key.replace("'", "''"), safe="")


def _send(table: TableClient, place: str) -> HttpResponse:
    headers = {
        "x-ms-version": table.api_version,
        "DataServiceVersion": "3.0",
        "Accept": "application/json;odata=nometadata",
    }
    request = HttpRequest("GET", f"{table.url.rstrip('/')}/{table.table_name}{place}", headers=headers)
    for _ in range(SENT_AT_MOST):
        response = ask(table, request)
        try:
            response.read()
        except BROKEN_OFF:
            continue
        return response
    raise unavailable()


def _beyond(response: HttpResponse) -> dict[str, str] | None:
    """Where the next page begins; None at the end."""
    names = ("NextPartitionKey", "NextRowKey")
    found = {name: place for name in names if (place := response.headers.get(f"{CONTINUATION}{name}"))}
    return found or None
