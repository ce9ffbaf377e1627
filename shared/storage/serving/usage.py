"""How many predictions each month has had."""

from contextlib import suppress

from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, RowChanged, RowExists, transact

PARTITION = "usage"


def lease(store: Store, month: str, wanted: int, limit: int) -> int:
    """Count up to `wanted` predictions of that month as made; how many there were before the limit was reached."""
    for _ in rows.attempts():
        row = rows.read(store.predictions, PARTITION, month)
        used = int(row.doc) if row else 0
        granted = max(0, min(wanted, limit - used))
        if not granted:
            return 0
        doc = str(used + granted)
        with suppress(RowExists, RowChanged):
            change = Change("replace", month, doc, row.etag) if row else Change("insert", month, doc)
            transact(store.predictions, PARTITION, [change])
            return granted
    raise AssertionError("attempts() raises")
