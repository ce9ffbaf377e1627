"""How many predictions each month has had, with those that processes have leased."""

import math
from collections.abc import Callable
from contextlib import suppress

from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, RowChanged, RowExists, transact

PARTITION = "usage"
# A lease is a hundredth of what is left, within these bounds: a process that is killed takes little with it, and
# processes don't come for each single one at once when a month nears its end.
SHARE, LEAST, MOST = 100, 10, 50


def lease(store: Store, month: str, limit: int) -> int:
    """Count some predictions of that month as made; how many, 0 where the limit leaves none."""
    return _count(store, month, lambda used: _share(max(0, limit - used)))


def give_back(store: Store, month: str, unused: int) -> None:
    """Count so many predictions of that month as not made after all."""
    _count(store, month, lambda used: -min(unused, used))


def _share(left: int) -> int:
    return min(left, MOST, max(LEAST, math.ceil(left / SHARE)))


def _count(store: Store, month: str, more: Callable[[int], int]) -> int:
    """Add to the month's predictions what `more` makes of their number; how many were added."""
    for _ in rows.attempts():
        row = rows.read(store.predictions, PARTITION, month)
        used = int(row.doc) if row else 0
        added = more(used)
        if not added:
            return 0
        doc = str(used + added)
        with suppress(RowExists, RowChanged):
            change = Change("replace", month, doc, row.etag) if row else Change("insert", month, doc)
            transact(store.predictions, PARTITION, [change])
            return added
    raise AssertionError("attempts() raises")
