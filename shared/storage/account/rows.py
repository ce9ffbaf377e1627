"""Rows of a table: a key and a document each, read one by one or by ranges."""

import random
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain, count, takewhile
from typing import NamedTuple, TypeVar
from urllib.parse import quote

import msgspec
from azure.data.tables import TableClient

from shared.errors import Conflict
from shared.models.texts import folded
from shared.storage.account import queries
from shared.storage.account.transactions import LIMIT, Change, RowChanged, RowMissing, transact

T = TypeVar("T")

PAGE = 1_000
ATTEMPTS = 40
LONGEST_KEY = 200
# Row keys hold the milliseconds until the year 2286, so that the newest sorts first.
FAR = 10**13
# A longer document is read from its own row; a page of copies stays small.
COPIED_LENGTH = 8_000


class Row(NamedTuple):
    key: str
    doc: str
    etag: str

    def decode(self, kind: type[T]) -> T:
        return msgspec.json.decode(self.doc, type=kind)


def encode(value: object) -> str:
    return msgspec.json.encode(value).decode()


def name_key(name: str) -> str:
    """A name that is compared without regard to case, as part of a key. Readable unless it is long."""
    return _key(folded(name))


def former_name_key(name: str) -> str:
    """The key of before, when ß was ss: another one for few names, under which they may still be kept."""
    return _key(unicodedata.normalize("NFC", name.casefold()))


def inverted(time: datetime) -> int:
    """As row keys hold it. A time without a zone is UTC."""
    milliseconds = round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
    return FAR - min(max(milliseconds, 2), FAR)


def _key(name: str) -> str:
    # "%" in a key is decoded once too often on the way; "=" is not.
    key = quote(name, safe="").replace("%", "=")
    return key if len(key) <= LONGEST_KEY else "==" + sha256(key.encode()).hexdigest()


def read(table: TableClient, partition: str, key: str) -> Row | None:
    entity = queries.get(table, partition, key)
    return _row(entity) if entity is not None else None


def scan(
    table: TableClient, partition: str, first: str, last: str, *, keys_only: bool = False, page: int = PAGE
) -> Iterator[Row]:
    """Rows with first <= key < last, in order of their keys; lazily, in pages."""
    return chain.from_iterable(scan_pages(table, partition, first, last, keys_only=keys_only, page=page))


def starting(table: TableClient, partition: str, prefix: str, *, keys_only: bool = False) -> Iterator[Row]:
    """All rows whose keys start with the prefix, as `scan` gives them."""
    return scan(table, partition, prefix, _after_prefix(prefix), keys_only=keys_only)


def scan_pages(
    table: TableClient, partition: str, first: str, last: str, *, keys_only: bool = False, page: int = PAGE
) -> Iterator[list[Row]]:
    """What `scan` gives, a page at a time: what one request found at one moment."""
    condition = f"PartitionKey eq '{partition}' and RowKey ge '{first}' and RowKey lt '{last}'"
    for found in queries.pages(table, condition, min(page, PAGE), "RowKey" if keys_only else ""):
        yield [_row(entity) for entity in found]


def together(table: TableClient, partition: str, prefix: str, head: str) -> list[Row]:
    """All rows whose keys start with the prefix, none of them from before the last change of the row `head`, if any."""
    for _ in attempts():
        found = list(scan_pages(table, partition, prefix, _after_prefix(prefix)))
        known = [row for row in chain.from_iterable(found) if row.key == head]
        # One page is one moment.
        if len(found) <= 1 or [row.etag for row in known] == [
            row.etag for row in [read(table, partition, head)] if row
        ]:
            return list(chain.from_iterable(found))
    raise AssertionError("attempts() raises")


def scan_all(table: TableClient, first: str, last: str) -> Iterator[tuple[str, str]]:
    """Partition and key of the rows with first <= key < last in all partitions. Reads the whole table: for upkeep."""
    condition = f"RowKey ge '{first}' and RowKey lt '{last}'"
    for found in queries.pages(table, condition, PAGE, "PartitionKey,RowKey"):
        yield from ((entity["PartitionKey"], entity["RowKey"]) for entity in found)


def scan_table(table: TableClient) -> Iterator[Row]:
    """All rows of all partitions."""
    for found in queries.pages(table, "RowKey ge ' '", PAGE):
        yield from map(_row, found)


def attempts() -> Iterator[int]:
    """Counts the attempts at a change that others may overtake; pauses between them. Raises Conflict at the end."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0, min(0.2, 0.005 * 2**attempt)))  # noqa: S311
        yield attempt
    raise Conflict("Too many changes at once to the same object; try again.")


def delete_all(table: TableClient, partition: str, keys: Sequence[str]) -> None:
    """Delete rows, missing ones too, in steps."""
    _delete(table, partition, [Change("delete", key) for key in keys])


def delete_unchanged(table: TableClient, partition: str, found: Sequence[Row]) -> None:
    """Delete those of the rows that nobody has changed since, in steps."""
    _delete(table, partition, [Change("delete", row.key, etag=row.etag) for row in found])


def _delete(table: TableClient, partition: str, changes: Sequence[Change]) -> None:
    for start in range(0, len(changes), LIMIT):
        part = changes[start : start + LIMIT]
        try:
            transact(table, partition, part)
        except (RowMissing, RowChanged):
            for change in part:
                with suppress(RowMissing, RowChanged):
                    transact(table, partition, [change])


def _after_prefix(prefix: str) -> str:
    """The first key after all that start with the prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _row(entity: queries.Entity) -> Row:
    doc = entity.get("doc", "")
    if "doc1" in entity:
        doc += "".join(takewhile(bool, (entity.get(f"doc{part}", "") for part in count(1))))
    return Row(entity["RowKey"], doc, queries.etag(entity))
