"""Rows of a table: a key and a document each, read one by one or by ranges."""

import random
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from itertools import chain
from typing import NamedTuple
from urllib.parse import quote

import msgspec
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient

from shared.errors import Conflict
from shared.storage.transactions import LIMIT, Change, RowMissing, transact

PAGE = 1_000
ATTEMPTS = 40
LONGEST_KEY = 200


class Row(NamedTuple):
    key: str
    doc: str
    etag: str


def encode(value: object) -> str:
    return msgspec.json.encode(value).decode()


def name_key(name: str) -> str:
    """A name that is compared without regard to case, as part of a key. Readable unless it is long."""
    # "%" in a key is decoded once too often on the way; "=" is not.
    key = quote(unicodedata.normalize("NFC", name.casefold()), safe="").replace("%", "=")
    return key if len(key) <= LONGEST_KEY else "==" + sha256(key.encode()).hexdigest()


def read(table: TableClient, partition: str, key: str) -> Row | None:
    try:
        return _row(table.get_entity(partition, key))
    except ResourceNotFoundError:
        return None


def scan(
    table: TableClient, partition: str, first: str, last: str, *, keys_only: bool = False, page: int = PAGE
) -> Iterator[Row]:
    """Rows with first <= key < last, in order of their keys; lazily, in pages."""
    return chain.from_iterable(scan_pages(table, partition, first, last, keys_only=keys_only, page=page))


def scan_pages(
    table: TableClient, partition: str, first: str, last: str, *, keys_only: bool = False, page: int = PAGE
) -> Iterator[list[Row]]:
    """The same, a page at a time: what one request found at one moment."""
    condition = f"PartitionKey eq '{partition}' and RowKey ge '{first}' and RowKey lt '{last}'"
    select = ["RowKey"] if keys_only else None
    for found in table.query_entities(condition, results_per_page=min(page, PAGE), select=select).by_page():
        yield [_row(entity) for entity in found]


def scan_all(table: TableClient, first: str, last: str) -> Iterator[tuple[str, str]]:
    """Partition and key of the rows with first <= key < last in all partitions. Reads the whole table: for upkeep."""
    condition = f"RowKey ge '{first}' and RowKey lt '{last}'"
    for entity in table.query_entities(condition, select=["PartitionKey", "RowKey"]):
        yield str(entity["PartitionKey"]), str(entity["RowKey"])


def scan_docs(table: TableClient, first: str, last: str) -> Iterator[str]:
    """The documents of the rows with first <= key < last in all partitions."""
    for entity in table.query_entities(f"RowKey ge '{first}' and RowKey lt '{last}'"):
        yield _row(entity).doc


def after_prefix(prefix: str) -> str:
    """The first key after all that start with the prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def attempts() -> Iterator[int]:
    """Counts the attempts at a change that others may overtake; pauses between them. Raises Conflict at the end."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0, min(0.2, 0.005 * 2**attempt)))  # noqa: S311
        yield attempt
    raise Conflict("Too many changes at once to the same object; try again.")


def delete_all(table: TableClient, partition: str, keys: Sequence[str]) -> None:
    """Delete rows, missing ones too, in steps."""
    for start in range(0, len(keys), LIMIT):
        part = keys[start : start + LIMIT]
        try:
            transact(table, partition, [Change("delete", key) for key in part])
        except RowMissing:
            for key in part:
                with suppress(RowMissing):
                    transact(table, partition, [Change("delete", key)])


def _row(entity: Mapping[str, object]) -> Row:
    doc, part = str(entity.get("doc", "")), 1
    while (more := entity.get(f"doc{part}")) is not None:
        doc, part = doc + str(more), part + 1
    metadata: Mapping[str, str] = getattr(entity, "metadata", {})
    return Row(str(entity["RowKey"]), doc, metadata.get("etag") or "")
