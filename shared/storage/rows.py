"""Rows of a table: a key and a document each, read one by one or by ranges, and changed in transactions."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Literal, NamedTuple
from urllib.parse import quote

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.data.tables import TableClient, TransactionOperation, UpdateMode

from shared.errors import Conflict

# A property holds 32,768 UTF-16 units; a character takes up to two.
CHUNK = 16_000
TRANSACTION = 100
PAGE = 1_000
ATTEMPTS = 40
LONGEST_KEY = 200


class RowMissing(Exception):
    """A transaction expected a row that is not there."""


class RowExists(Exception):
    """A transaction inserts a row that is there already."""


class RowChanged(Exception):
    """A transaction replaces or deletes a row that was changed since it was read."""


REFUSALS = {404: RowMissing, 409: RowExists, 412: RowChanged}


class Row(NamedTuple):
    key: str
    doc: str
    etag: str


class Change(NamedTuple):
    """One row of a transaction. Without an ETag any version will do; `touch` demands only that the row exists."""

    kind: Literal["insert", "replace", "upsert", "touch", "delete"]
    key: str
    doc: str = ""
    etag: str | None = None


def encode(value: object) -> str:
    return msgspec.json.encode(value).decode()


def name_key(name: str) -> str:
    """A name that is compared without regard to case, as part of a key. Readable unless it is long."""
    # "%" in a key is decoded once too often on the way; "=" is not.
    key = quote(name.casefold(), safe="").replace("%", "=")
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
    condition = f"PartitionKey eq '{partition}' and RowKey ge '{first}' and RowKey lt '{last}'"
    select = ["RowKey"] if keys_only else None
    for entity in table.query_entities(condition, results_per_page=min(page, PAGE), select=select):
        yield _row(entity)


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


def transact(table: TableClient, partition: str, changes: Sequence[Change]) -> None:
    """All changes or none. Raises RowMissing, RowExists or RowChanged."""
    try:
        table.submit_transaction([_operation(partition, change) for change in changes])
    except HttpResponseError as error:
        if refusal := REFUSALS.get(error.status_code or 0):
            raise refusal(str(error)) from None
        raise


def attempts() -> Iterator[int]:
    """Counts the attempts at a change that others may overtake; pauses between them. Raises Conflict at the end."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0, min(0.2, 0.005 * 2**attempt)))  # noqa: S311
        yield attempt
    raise Conflict("Too many changes at once to the same object; try again.")


def delete_all(table: TableClient, partition: str, keys: Sequence[str]) -> None:
    """Delete rows, missing ones too, in steps."""
    for start in range(0, len(keys), TRANSACTION):
        part = keys[start : start + TRANSACTION]
        try:
            transact(table, partition, [Change("delete", key) for key in part])
        except RowMissing:
            for key in part:
                with suppress(RowMissing):
                    transact(table, partition, [Change("delete", key)])


def _operation(partition: str, change: Change) -> tuple[TransactionOperation, dict[str, str], dict[str, object]]:
    entity = {"PartitionKey": partition, "RowKey": change.key, **_chunks(change.doc)}
    condition: dict[str, object] = {"match_condition": MatchConditions.Unconditionally}
    if change.etag:
        condition = {"match_condition": MatchConditions.IfNotModified, "etag": change.etag}
    match change.kind:
        case "insert":
            return TransactionOperation.CREATE, entity, {}
        case "replace":
            return TransactionOperation.UPDATE, entity, {"mode": UpdateMode.REPLACE, **condition}
        case "upsert":
            return TransactionOperation.UPSERT, entity, {"mode": UpdateMode.REPLACE}
        case "touch":
            return TransactionOperation.UPDATE, entity, {"mode": UpdateMode.MERGE, **condition}
        case "delete":
            return TransactionOperation.DELETE, entity, condition


def _chunks(doc: str) -> dict[str, str]:
    """doc, doc1, doc2, ...: so many properties as the document fills."""
    return {f"doc{at // CHUNK or ''}": doc[at : at + CHUNK] for at in range(0, len(doc), CHUNK)}


def _row(entity: Mapping[str, object]) -> Row:
    doc, part = str(entity.get("doc", "")), 1
    while (more := entity.get(f"doc{part}")) is not None:
        doc, part = doc + str(more), part + 1
    metadata: Mapping[str, str] = getattr(entity, "metadata", {})
    return Row(str(entity["RowKey"]), doc, metadata.get("etag") or "")
