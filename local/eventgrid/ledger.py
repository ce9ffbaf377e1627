"""What is to be delivered and what was, in a SQLite file that outlives every process."""

import sqlite3
import threading
import time
from pathlib import Path

import msgspec
from msgspec import Struct

SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (
    target TEXT, source TEXT, etag TEXT, body BLOB, content_type TEXT,
    state TEXT, attempts INTEGER, created REAL, due REAL, delivered REAL,
    PRIMARY KEY (target, source)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS waiting ON deliveries (due) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT);
"""


class Delivery(Struct, frozen=True, array_like=True):
    """One event for one target: a function's name or the URL of a subscriber."""

    target: str
    source: str
    etag: str
    body: bytes
    content_type: str
    attempts: int
    created: float


class Ledger:
    """The deliveries. A blob's row stays after its delivery, so that the same content isn't delivered again."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {SCHEMA}")

    def etag(self, target: str, source: str) -> str | None:
        """The content that was last offered for this source, delivered or not."""
        found = self._query("SELECT etag FROM deliveries WHERE target = ? AND source = ?", target, source)
        return str(found[0][0]) if found else None

    def offer(self, target: str, source: str, etag: str, body: bytes, content_type: str) -> None:
        """Add a delivery, in place of what an older content of the source had waiting."""
        now = time.time()
        self._query(
            "INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?, ?, ?, 'waiting', 0, ?, ?, NULL)",
            *(target, source, etag, body, content_type, now, now),
        )

    def renew(self, target: str, source: str, old: str, new: str) -> None:
        """The source has another ETag for what it held before."""
        self._query(
            "UPDATE deliveries SET etag = ? WHERE target = ? AND source = ? AND etag = ?", new, target, source, old
        )

    def due(self, limit: int) -> list[Delivery]:
        """The deliveries whose time has come, the longest waiting first."""
        fields = ", ".join(Delivery.__struct_fields__)
        rows = self._query(
            f"SELECT {fields} FROM deliveries WHERE state = 'waiting' AND due <= ? ORDER BY due LIMIT ?",  # noqa: S608
            *(time.time(), limit),
        )
        return msgspec.convert(rows, list[Delivery], builtin_types=(bytes,))

    def next_due(self) -> float | None:
        """When the next delivery that waits is due."""
        return self._query("SELECT min(due) FROM deliveries WHERE state = 'waiting'")[0][0]  # type: ignore[return-value]

    def delivered(self, delivery: Delivery) -> None:
        self._update(delivery, "state = 'delivered', delivered = ?", time.time())
        self._drop_single(delivery)

    def postpone(self, delivery: Delivery, until: float, *, attempts: int) -> None:
        self._update(delivery, "attempts = attempts + ?, due = ?", attempts, until)

    def bury(self, delivery: Delivery) -> None:
        """Give up on it: its dead letter has been written."""
        self._update(delivery, "state = 'dead'")
        self._drop_single(delivery)

    def deliver_again(self, seconds: float) -> None:
        """Deliver again what was delivered in so many seconds before the last delivery."""
        self._query(
            "UPDATE deliveries SET state = 'waiting', attempts = 0, due = ? WHERE state = 'delivered'"
            " AND delivered >= (SELECT max(delivered) FROM deliveries) - ?",
            *(time.time(), seconds),
        )

    def settled(self, target: str) -> set[str]:
        """The sources of a target that nothing waits for."""
        rows = self._query("SELECT source FROM deliveries WHERE target = ? AND state != 'waiting'", target)
        return {str(row[0]) for row in rows}

    def forget(self, target: str, source: str) -> None:
        self._query("DELETE FROM deliveries WHERE target = ? AND source = ?", target, source)

    def fact(self, name: str) -> str:
        found = self._query("SELECT value FROM facts WHERE name = ?", name)
        return str(found[0][0]) if found else ""

    def set_fact(self, name: str, value: str) -> None:
        self._query("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, value)

    def _drop_single(self, delivery: Delivery) -> None:
        """An event of the custom topic comes once; only a blob is seen again."""
        if not delivery.etag:
            self.forget(delivery.target, delivery.source)

    def _update(self, delivery: Delivery, change: str, *values: float) -> None:
        # A newer content of the same blob may have taken the row meanwhile; it is not this delivery's to change. The
        # event tells the two apart, and not the ETag: `renew` gives the same content another one.
        self._query(
            f"UPDATE deliveries SET {change} WHERE target = ? AND source = ? AND body = ?",  # noqa: S608
            *(*values, delivery.target, delivery.source, delivery.body),
        )

    def _query(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()
