"""What many images make up together, as a checkpoint in a blob and a log of what changed since, in rows of a table.

The log has a row for each image that changed. It says what the image is now, or that it is gone, and is written in the
transaction that changes the image. So an image is what its row in the log says, or else what the checkpoint says.
When the log has grown long, a new checkpoint takes it in: the blob is written, the head of the log names it, and the
rows that nobody changed meanwhile are deleted. A process that is cut off on the way leaves rows that say nothing new.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Generic, NamedTuple, Protocol, Self, TypeVar, cast
from uuid import UUID, uuid4

from azure.core.exceptions import AzureError
from azure.data.tables import TableClient
from msgspec import MsgspecError

from shared.errors import ServiceError
from shared.storage.account import blobs, rows
from shared.storage.account.memory import Memory
from shared.storage.account.rows import Row
from shared.storage.account.store import Container, Store
from shared.storage.account.transactions import Change, RowChanged, RowExists, RowMissing, transact

# A log is taken into a checkpoint at this share of the images, between these numbers of rows.
SHARE, SHORTEST, LONGEST = 0.01, 512, 2_048
# Writers do so, and who reads where the log is this many times as long.
OVERDUE = 2
# A process keeps so many bytes of snapshots.
REMEMBERED = 256 * 2**20
REMEMBERED_SECONDS = 24 * 3600.0


class Content(Protocol):
    """What a snapshot is of. It does not change; what comes of it is another one."""

    @property
    def size(self) -> int:
        """How many images it has."""
        ...

    @property
    def nbytes(self) -> int:
        """About how many bytes it takes in memory."""
        ...

    @classmethod
    def decode(cls, data: bytes) -> Self: ...

    def encode(self) -> bytes: ...

    def with_log(self, log: Mapping[UUID, str]) -> Self:
        """With what the rows of a log say of their images; of an image that is gone a row says nothing."""
        ...


C = TypeVar("C", bound=Content)


class Place(NamedTuple, Generic[C]):
    """Where a snapshot is kept: its log is all rows with the prefix, its blobs lie in the folder.

    The row of the prefix alone is the head, which names the blob of the last checkpoint, if there is one.
    """

    kind: type[C]
    table: TableClient
    partition: str
    prefix: str
    container: Container
    folder: str
    guard: tuple[Change, ...] = ()
    """What must hold for a checkpoint to be named."""


class Snapshot(NamedTuple, Generic[C]):
    """A content with the checkpoint that it began with, and the ETags of the rows of the log that are in it.

    Where it began with none, `head` is the ETag of the head that said so: one of the same name may have been another.
    """

    content: C
    blob: str
    applied: Mapping[str, str]
    head: str = ""

    def with_log(self, prefix: str, log: Sequence[Row]) -> "Snapshot[C]":
        new = [row for row in log if self.applied.get(row.key) != row.etag]
        if not new:
            return self
        content = self.content.with_log({UUID(row.key[len(prefix) :]): row.doc for row in new})
        return self._replace(content=content, applied={**self.applied, **{row.key: row.etag for row in new}})

    def begins_with(self, head: Row) -> bool:
        return self.blob == head.doc if head.doc else self.head == head.etag


# How many changes this process has made since it last wrote a checkpoint.
changed = Memory(10_000, REMEMBERED_SECONDS)
remembered = Memory(REMEMBERED, REMEMBERED_SECONDS, lambda snapshot: cast("Snapshot[Content]", snapshot).content.nbytes)


def read(store: Store, place: Place[C], build: Callable[[], C]) -> C:
    """The content as it is now. `build` makes it from the images themselves where there is no checkpoint yet."""
    head, log, snapshot = _read(store, place, build)
    built = head is None or head.doc != snapshot.blob
    if built or len(log) > OVERDUE * longest_log(snapshot.content):
        # What was asked for is known; that tidying up fails is no reason to say otherwise.
        with suppress(ServiceError, AzureError):
            snapshot = _checkpoint(store, place, head, log, snapshot)
    return snapshot.content


def tidy(store: Store, place: Place[C], build: Callable[[], C], number: int) -> None:
    """After so many changes: write a checkpoint, once this process has made as many as a log may have rows."""
    key, known = (store, place), remembered.get((store, place))
    most = longest_log(known.content) if isinstance(known, Snapshot) else SHORTEST
    before = changed.get(key)
    # A process may end before it has made so many, and others may have begun: so it starts anywhere.
    total = number + (before if isinstance(before, int) else random.randrange(most))  # noqa: S311
    changed.put(key, total if total < most else 0)
    if total >= most:
        # The change is made; that tidying up fails is no reason to say otherwise.
        with suppress(ServiceError, AzureError):
            _checkpoint(store, place, *_read(store, place, build))


def forget(store: Store, place: Place[C]) -> None:
    """Delete the log and all checkpoints."""
    found = rows.together(place.table, place.partition, place.prefix, place.prefix)
    rows.delete_all(place.table, place.partition, [row.key for row in found])
    for name in list(blobs.names(store, place.container, place.folder)):
        blobs.delete(store, place.container, name)


def longest_log(content: Content) -> int:
    """How many rows the log of this content may have."""
    return int(min(max(SHORTEST, SHARE * content.size), LONGEST))


def _read(store: Store, place: Place[C], build: Callable[[], C]) -> tuple[Row | None, list[Row], Snapshot[C]]:
    """The head, if there is one, the log, and both together with the checkpoint."""
    for attempt in rows.attempts():
        found = rows.together(place.table, place.partition, place.prefix, place.prefix)
        head = found[0] if found and found[0].key == place.prefix else None
        log = found[1:] if head else found
        # A blob that is missing was replaced a moment ago, or it is lost.
        snapshot = _begun(store, place, head, build if attempt else None)
        if snapshot:
            snapshot = snapshot.with_log(place.prefix, log)
            remembered.put((store, place), snapshot)
            return head, log, snapshot
    raise AssertionError("attempts() raises")


def _begun(store: Store, place: Place[C], head: Row | None, build: Callable[[], C] | None) -> Snapshot[C] | None:
    """A snapshot of the checkpoint that the head names, with any part of the log."""
    known = remembered.get((store, place))
    if isinstance(known, Snapshot) and head and known.begins_with(head):
        return known
    if head and not head.doc:
        return Snapshot(place.kind(), "", {}, head.etag)
    name = head.doc if head else ""
    blob = blobs.read(store, place.container, name) if name else None
    if blob:
        # One that another version wrote is built anew.
        with suppress(MsgspecError):
            return Snapshot(place.kind.decode(blob.data), name, {})
    return Snapshot(build(), "", {}) if build else None


def _checkpoint(
    store: Store, place: Place[C], head: Row | None, log: Sequence[Row], snapshot: Snapshot[C]
) -> Snapshot[C]:
    """Of two who write one at the same time, the second leaves everything as it was."""
    name = f"{place.folder}{uuid4()}"
    blobs.write(store, place.container, name, snapshot.content.encode())
    change = Change("replace", place.prefix, name, head.etag) if head else Change("insert", place.prefix, name)
    try:
        transact(place.table, place.partition, [*place.guard, change])
    except (RowMissing, RowExists, RowChanged):
        # Or it was sent twice, as the first answer was lost.
        now = rows.read(place.table, place.partition, place.prefix)
        if now is None or now.doc != name:
            blobs.delete(store, place.container, name)
            return snapshot
    rows.delete_unchanged(place.table, place.partition, log)
    if head and head.doc:
        blobs.delete(store, place.container, head.doc)
    taken = Snapshot(snapshot.content, name, {})
    remembered.put((store, place), taken)
    return taken
