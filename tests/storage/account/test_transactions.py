"""Transactions and rows: all or nothing, documents of any size, keys of any name."""

from uuid import uuid4

import pytest
from azure.core.exceptions import HttpResponseError

from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.account.transactions import LIMIT, Change, RowChanged, RowExists, RowMissing, transact

OLD = "W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\""


@pytest.fixture
def partition() -> str:
    return str(uuid4())


def held(store: Store, partition: str) -> dict[str, str]:
    return {row.key: row.doc for row in rows.scan(store.catalog, partition, " ", "~")}


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        (Change("insert", "b", "new"), RowExists),
        (Change("replace", "b", "new", OLD), RowChanged),
        (Change("replace", "none", "new", OLD), RowMissing),
        (Change("touch", "none"), RowMissing),
        (Change("delete", "none"), RowMissing),
        (Change("delete", "b", etag=OLD), RowChanged),
    ],
)
def test_a_refused_transaction_leaves_everything_as_it_was(
    store: Store, partition: str, refused: Change, error: type[Exception]
) -> None:
    transact(store.catalog, partition, [Change("insert", key, "old") for key in "abc"])
    others = [Change("upsert", "a", "new"), Change("delete", "c"), Change("insert", "d", "new")]
    with pytest.raises(error):
        transact(store.catalog, partition, [*others, refused])
    assert held(store, partition) == {"a": "old", "b": "old", "c": "old"}


def test_each_kind_of_change_does_what_it_says(store: Store, partition: str) -> None:
    transact(store.catalog, partition, [Change("insert", key, "old") for key in "abcd"])
    before = rows.read(store.catalog, partition, "a")
    assert before
    changes = [
        Change("replace", "a", "new", before.etag),
        Change("upsert", "b", "new"),
        Change("upsert", "e", "new"),
        Change("touch", "c"),
        Change("delete", "d"),
    ]
    transact(store.catalog, partition, changes)
    assert held(store, partition) == {"a": "new", "b": "new", "c": "old", "e": "new"}


def test_a_full_transaction_fits_and_a_larger_one_is_an_error_of_ours(store: Store, partition: str) -> None:
    changes = [Change("insert", f"{at:03}", "x" * 8_000) for at in range(LIMIT + 1)]
    with pytest.raises(HttpResponseError):
        transact(store.catalog, partition, changes)
    assert held(store, partition) == {}
    transact(store.catalog, partition, changes[:LIMIT])
    assert len(held(store, partition)) == LIMIT


@pytest.mark.parametrize("doc", ["", "x", "é" * 15_999, "x" * 16_000, "x" * 16_001, "\U0001f34e" * 40_000, '"\\\r\n\t'])
def test_a_document_of_any_size_comes_back(store: Store, partition: str, doc: str) -> None:
    transact(store.catalog, partition, [Change("insert", "a", doc)])
    assert held(store, partition) == {"a": doc}
    transact(store.catalog, partition, [Change("upsert", "a", "short")])
    assert held(store, partition) == {"a": "short"}


@pytest.mark.parametrize("name", ["apple", "a/b\\c#d?e", "it's 100 % 'good'", "=25", "%41", "äpfel 🍎", "x" * 300, " "])
def test_a_name_of_any_characters_makes_a_key(store: Store, partition: str, name: str) -> None:
    key = f"name:{rows.name_key(name)}"
    transact(store.catalog, partition, [Change("insert", key, name)])
    row = rows.read(store.catalog, partition, key)
    assert row
    assert (row.key, row.doc) == (key, name)
    transact(store.catalog, partition, [Change("delete", key, etag=row.etag)])
    assert held(store, partition) == {}


def test_names_that_differ_have_keys_that_differ() -> None:
    names = ["a", "b", "=", "%3D", "=3D", "==", "a b", "a+b", "x" * 300, "x" * 301]
    assert len({rows.name_key(name) for name in names}) == len(names)
    assert rows.name_key("Straße") == rows.name_key("STRAßE") != rows.name_key("STRASSE")
    assert rows.name_key("A\u0301pfel") == rows.name_key("\u00e1pfel")


def test_a_scan_takes_the_rows_of_its_range_in_order(store: Store, partition: str) -> None:
    transact(store.catalog, partition, [Change("insert", f"k:{at:02}") for at in range(20)])
    found = [row.key for row in rows.scan(store.catalog, partition, "k:05", "k:15", keys_only=True, page=3)]
    assert found == [f"k:{at:02}" for at in range(5, 15)]


def test_delete_all_ignores_what_is_not_there(store: Store, partition: str) -> None:
    keys = [f"{at:03}" for at in range(150)]
    for start in (0, 100):
        transact(store.catalog, partition, [Change("insert", key) for key in keys[start : start + 50]])
    rows.delete_all(store.catalog, partition, keys)
    assert held(store, partition) == {}


def test_a_row_whose_etag_is_not_known_is_not_taken_for_unchanged(store: Store) -> None:
    partition = str(uuid4())
    transact(store.catalog, partition, [Change("insert", "a", "1")])
    found = list(rows.scan(store.catalog, partition, " ", "~", keys_only=True))
    rows.delete_unchanged(store.catalog, partition, found)
    assert rows.read(store.catalog, partition, "a")
