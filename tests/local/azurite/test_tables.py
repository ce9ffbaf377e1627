"""Tables in order answer as Azurite's own do: to the same random changes and queries, page by page, kills included."""

import random
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableClient, UpdateMode

from local.azurite import Azurite
from shared.storage.account.transactions import LIMIT, Change, transact
from tests.local.azurite.plain import Plain

# Some sort one way as UTF-16 and another way as code points, as numbers, or without case.
KEYS = ["a", "a~", "B", "b", "10", "9", "1e1", "a b", "a'b", "é", "\uff5e", "\U0001f600", *"cdefgh"]
PARTITIONS = ["p", "q", "P", "p~", "10", "9"]
COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"]
MANY = 2_000
TRANSACTIONS = 40
QUERIES = 100
PAGES = 4

Operation = tuple[str, dict[str, object], dict[str, object]]


class Pair:
    """The same table in an Azurite of ours and in a plain one."""

    def __init__(self, folder: Path) -> None:
        self.ours, self.plain = Azurite(folder), Plain()
        self.seed = random.randrange(1 << 32)
        for azurite in (self.ours, self.plain):
            azurite.start()
            self.table(azurite).create_table()

    def table(self, azurite: Azurite) -> TableClient:
        return TableClient.from_connection_string(azurite.connection_string, "rows")

    def same(self, act: Callable[..., object], *given: object) -> object:
        """What comes of it in both."""
        ours, plain = (outcome(act, self.table(azurite), *given) for azurite in (self.ours, self.plain))
        assert ours == plain, f"seed {self.seed}: {given}"
        return ours


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("azurite"))
    yield made
    made.ours.stop()
    made.plain.stop()


def outcome(act: Callable[..., object], table: TableClient, *given: object) -> object:
    try:
        return act(table, *given)
    except HttpResponseError as error:
        return error.status_code, getattr(error, "error_code", None)


def fill(pair: Pair, chance: random.Random) -> None:
    """So many rows, in no order, that they lie in several blocks; and some of the blocks become empty."""
    keys = [f"{number:04}" for number in chance.sample(range(MANY), MANY)]
    gone = [key for key in keys if "0300" <= key < "1500"]
    changes = [Change("insert", key) for key in keys] + [Change("delete", key) for key in gone]
    for start in range(0, len(changes), LIMIT):
        pair.same(transact, "p", changes[start : start + LIMIT])


def operation(chance: random.Random, partition: str, key: str) -> Operation:
    row: dict[str, object] = {"PartitionKey": partition, "RowKey": key, chance.choice("xyz"): chance.randrange(5)}
    mode = chance.choice([UpdateMode.MERGE, UpdateMode.REPLACE])
    stale = {"etag": 'W/"stale"', "match_condition": MatchConditions.IfNotModified}
    kind = chance.choices(["upsert", "create", "update", "delete", "stale"], [12, 2, 2, 4, 1])[0]
    if kind == "stale":
        return "update", row, {"mode": mode, **stale}
    return kind, row, {"mode": mode} if kind in ("upsert", "update") else {}


def change(table: TableClient, operations: list[Operation]) -> None:
    table.submit_transaction(operations)


def change_one(table: TableClient, kind: str, row: dict[str, object], options: dict[str, object]) -> None:
    getattr(table, f"{kind}_entity")(row, **options)


def condition(chance: random.Random, depth: int = 3) -> str:
    if depth and chance.random() < 0.6:
        first, second = condition(chance, depth - 1), condition(chance, depth - 1)
        return chance.choice([f"{first} and {second}"] * 4 + [f"({first} or {second})", f"not ({first}) and {second}"])
    name, values = chance.choice(
        [("PartitionKey", PARTITIONS), ("RowKey", KEYS), ("RowKey", [f"{chance.randrange(MANY):04}", "1", "2"])]
    )
    if chance.random() < 0.1:
        return f"{chance.choice('xyz')} {chance.choice(COMPARISONS)} {chance.randrange(5)}"
    value = chance.choice(values).replace("'", "''")
    return f"{name} {chance.choice(COMPARISONS)} '{value}'"


def pages(table: TableClient, condition: str, top: int, select: list[str] | None) -> list[list[dict[str, object]]]:
    """The first pages of a query, as they came."""
    found = table.query_entities(condition, results_per_page=top, select=select).by_page()
    return [[dict(row) for row in page] for page in islice(found, PAGES)]


def point(table: TableClient, partition: str, key: str) -> dict[str, object]:
    return dict(table.get_entity(partition, key))


def test_random_tables_and_queries_are_as_in_azurite_itself(pair: Pair) -> None:
    chance = random.Random(pair.seed)
    fill(pair, chance)
    refused = 0
    for _ in range(TRANSACTIONS):
        partition = chance.choice(PARTITIONS)
        made = [operation(chance, partition, key) for key in chance.choices(KEYS, k=chance.randint(1, 6))]
        refused += pair.same(change, made) is not None
        pair.same(change_one, *operation(chance, partition, chance.choice(KEYS)))
        pair.same(point, partition, chance.choice(KEYS))
    assert 0 < refused < TRANSACTIONS
    for _ in range(QUERIES):
        select = chance.choice([None, ["RowKey"], ["RowKey", "x"]])
        top = chance.choice([1, 7, 100, 1000])
        pair.same(pages, condition(chance), top, select)
    pair.same(pages, "", 1000, None)
    pair.ours.kill()
    pair.ours.start()
    assert len(str(pair.same(pages, "", 1000, None))) > MANY


def test_conditions_that_are_none_are_refused_as_by_azurite_itself(pair: Pair) -> None:
    for wrong in ("RowKey", "RowKey eq", "'a' eq 'b'", "RowKey ge 'a' und RowKey lt 'b'"):
        pair.same(pages, wrong, 10, None)
