"""Reads of a table: of missing rows, across pages, and from a storage account that fails in the middle."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote
from uuid import uuid4

import pytest
from azure.core.exceptions import HttpResponseError

from shared.errors import ServiceUnavailable
from shared.settings import Settings
from shared.storage.account import queries, rows
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, transact
from tests.servers import Answer, Request, Respond, serving

BROKEN = Answer(200, b'{"value": [', {"Content-Length": "1000", "Connection": "close"})


@contextmanager
def answered(respond: Respond) -> Iterator[Store]:
    """A store on an account that answers so."""
    with serving(respond) as port:
        ends = [f"{service}Endpoint=http://127.0.0.1:{port}/account" for service in ("Blob", "Queue", "Table")]
        store = Store.open(Settings(storage_connection_string=";".join(["AccountName=account;AccountKey=a2V5", *ends])))
        yield store
        store.close()


def test_a_row_is_read_as_it_was_written(store: Store) -> None:
    partition, doc = str(uuid4()), "é" * 20_000 + "'/%&"
    transact(store.catalog, partition, [Change("insert", "it's:a key&more+b=c", doc), Change("insert", "none")])
    found = rows.read(store.catalog, partition, "it's:a key&more+b=c")
    assert found
    assert (found.key, found.doc) == ("it's:a key&more+b=c", doc)
    assert list(rows.scan(store.catalog, partition, "i", "j")) == [found]
    transact(store.catalog, partition, [Change("replace", found.key, "new", found.etag)])
    assert [row.doc for row in rows.scan(store.catalog, partition, " ", "~")] == ["new", ""]
    assert rows.read(store.catalog, partition, "other") is None


def test_a_scan_goes_on_over_pages_and_can_be_left(store: Store) -> None:
    partition, keys = str(uuid4()), [f"key {at:02}" for at in range(25)]
    transact(store.catalog, partition, [Change("insert", key, key) for key in keys])
    pages = list(rows.scan_pages(store.catalog, partition, " ", "~", page=10))
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [row.doc for page in pages for row in page] == keys
    assert next(rows.scan(store.catalog, partition, "key 07", "~", keys_only=True)).key == "key 07"
    assert list(rows.scan(store.catalog, partition, "key 25", "~")) == []
    assert set(rows.scan_all(store.catalog, "key 1", "key 2")) >= {(partition, key) for key in keys[10:20]}


def test_an_answer_that_breaks_off_is_asked_for_again() -> None:
    asked: list[Request] = []

    def respond(request: Request) -> Answer:
        asked.append(request)
        return BROKEN if len(asked) == 1 else Answer(200, json.dumps({"value": [{"RowKey": "a"}]}).encode())

    with answered(respond) as store:
        assert [row.key for row in rows.scan(store.catalog, "p", "a", "b")] == ["a"]
    assert len(asked) == 2
    assert "RowKey ge 'a'" in unquote(asked[0].path)


def test_an_account_that_breaks_off_every_answer_is_unavailable() -> None:
    with answered(lambda _: BROKEN) as store, pytest.raises(ServiceUnavailable, match="does not answer"):
        rows.read(store.catalog, "p", "a")


def test_a_refused_query_is_an_error_and_no_empty_page() -> None:
    for status in (400, 404):
        with answered(lambda _, status=status: Answer(status)) as store, pytest.raises(HttpResponseError):  # type: ignore[misc]
            list(queries.pages(store.catalog, "RowKey eq 'a'", 10))


def test_a_transaction_whose_answer_breaks_off_is_unavailable() -> None:
    with answered(lambda _: BROKEN) as store, pytest.raises(ServiceUnavailable, match="does not answer"):
        transact(store.catalog, "p", [Change("insert", "a")])
