"""Projects: one partition lists them all, and each has a partition of its own that holds its catalog."""

from collections.abc import Callable
from contextlib import suppress
from itertools import chain, islice
from uuid import UUID

from azure.data.tables import TableClient

from shared.models.workspace.projects import Project
from shared.storage.account import blobs, contents, rows
from shared.storage.account.store import Container, Store
from shared.storage.account.transactions import LIMIT, Change, RowChanged, RowExists, RowMissing, transact
from shared.storage.workspace import catalog, ledger

PARTITION = "projects"
OWNED: tuple[Container, ...] = ("catalog", "images", "models", "published", "predictions", "exports")
# So much is purged in one step: some seconds of work.
PURGED_ROWS = 10_000
PURGED_BLOBS = 10 * contents.DELETED_AT_ONCE


def begin(store: Store, project_id: UUID) -> None:
    """What can be written to, and is not listed yet."""
    with suppress(RowExists):
        transact(store.catalog, str(project_id), catalog.begin())


def insert(store: Store, project: Project) -> None:
    begin(store, project.id)
    with suppress(RowExists):
        transact(store.catalog, PARTITION, [Change("insert", str(project.id), rows.encode(project))])


def exists(store: Store, project_id: UUID) -> bool:
    return rows.read(store.catalog, PARTITION, str(project_id)) is not None


def has_rows(store: Store, project_id: UUID) -> bool:
    """Whether anything is left of a project that was deleted."""
    return any(rows.scan(store.catalog, str(project_id), " ", "~", keys_only=True))


def get(store: Store, project_id: UUID) -> Project:
    """Raises ProjectNotFound."""
    row = rows.read(store.catalog, PARTITION, str(project_id))
    if row is None:
        raise ledger.project_absent(project_id)
    return row.decode(Project)


def list_all(store: Store) -> list[Project]:
    """The oldest first."""
    found = [row.decode(Project) for row in rows.scan(store.catalog, PARTITION, "0", "g")]
    return sorted(found, key=lambda project: (project.created, project.id))


def update(store: Store, project_id: UUID, change: Callable[[Project], Project]) -> Project:
    """Raises ProjectNotFound."""
    for _ in rows.attempts():
        row = rows.read(store.catalog, PARTITION, str(project_id))
        if row is None:
            raise ledger.project_absent(project_id)
        old = row.decode(Project)
        new = change(old)
        if new == old:
            return new
        try:
            transact(store.catalog, PARTITION, [Change("replace", row.key, rows.encode(new), row.etag)])
        except (RowChanged, RowMissing):
            continue
        return new
    raise AssertionError("attempts() raises")


def leaves_something(store: Store, project_id: UUID) -> bool:
    """Whether there are rows or blobs of it."""
    owned = (blobs.names(store, container, f"{project_id}/") for container in OWNED)
    return any(rows.scan(store.catalog, str(project_id), " ", "~", keys_only=True)) or any(chain.from_iterable(owned))


def delete(store: Store, project_id: UUID) -> None:
    """Visible at once; what the project held stays until it is purged. Raises ProjectNotFound."""
    # First the workspace, which ends all writing: a delete that breaks off in between can be repeated.
    with suppress(RowMissing):
        transact(store.catalog, str(project_id), [Change("delete", ledger.WORKSPACE)])
    try:
        transact(store.catalog, PARTITION, [Change("delete", str(project_id))])
    except RowMissing:
        raise ledger.project_absent(project_id) from None


def purge(store: Store, project_id: UUID) -> bool:
    """One step of removing what a deleted project held; repeat until it says True. A project that lives is left."""
    if exists(store, project_id):
        if rows.read(store.catalog, str(project_id), ledger.WORKSPACE):
            return True
        # Its deletion broke off in between.
        delete(store, project_id)
    blobs_left = [_purge_blobs(store, container, f"{project_id}/") for container in OWNED]
    rows_left = [_purge_rows(store, table, str(project_id)) for table in (store.catalog, store.predictions)]
    return not any([*blobs_left, *rows_left])


def _purge_rows(store: Store, table: TableClient, partition: str) -> bool:
    """Whether rows may be left."""
    keys = [row.key for row in islice(rows.scan(table, partition, " ", "~", keys_only=True), PURGED_ROWS)]
    parts = [keys[start : start + LIMIT] for start in range(0, len(keys), LIMIT)]
    list(store.bulk.map(lambda part: rows.delete_all(table, partition, part), parts))
    return len(keys) == PURGED_ROWS


def _purge_blobs(store: Store, container: Container, prefix: str) -> bool:
    """Whether blobs may be left."""
    names = list(islice(blobs.names(store, container, prefix), PURGED_BLOBS))
    contents.delete(store.containers[container], names)
    return len(names) == PURGED_BLOBS
