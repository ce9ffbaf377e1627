"""Iterations of a project, their numbers, and the lock that lets one training of a project run at a time."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from shared.errors import IterationNotFound, TrainingInProgress
from shared.models.training.iterations import Iteration, IterationRecord, TrainingLock
from shared.models.wire import now
from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, RowChanged, RowExists, RowMissing, transact
from shared.storage.workspace import ledger

NUMBER = "number"
TRAINING = "training"


def next_number(store: Store, project_id: UUID) -> int:
    """The number of the iteration that is trained next."""
    row = rows.read(store.catalog, str(project_id), NUMBER)
    return int(row.doc) if row else 1


def set_next_number(store: Store, project_id: UUID, number: int) -> None:
    """Does nothing where the project has counted before. Raises ProjectNotFound."""
    with suppress(RowExists):
        ledger.commit(store, project_id, [Change("insert", NUMBER, str(number))])


def take_number(store: Store, project_id: UUID) -> int:
    """1, 2, 3, ...: never one twice. Raises ProjectNotFound."""
    for _ in rows.attempts():
        row = rows.read(store.catalog, str(project_id), NUMBER)
        number = int(row.doc) if row else 1
        taken = Change("replace", NUMBER, str(number + 1), row.etag) if row else Change("insert", NUMBER, "2")
        try:
            ledger.commit(store, project_id, [taken])
        except RowMissing:
            ledger.require_project(store, project_id)
        except (RowExists, RowChanged):
            continue
        else:
            return number
    raise AssertionError("attempts() raises")


def insert(store: Store, record: IterationRecord) -> None:
    """Raises ProjectNotFound."""
    iteration = record.iteration
    row = Change("insert", f"iteration:{iteration.id}", rows.encode(record))
    try:
        with suppress(RowExists):
            ledger.commit(store, iteration.project_id, [row])
    except RowMissing:
        raise ledger.project_absent(iteration.project_id) from None


def get(store: Store, project_id: UUID, iteration_id: UUID) -> IterationRecord:
    """Raises ProjectNotFound, IterationNotFound."""
    row = rows.read(store.catalog, str(project_id), f"iteration:{iteration_id}")
    if row is None:
        raise _absent(store, project_id, iteration_id)
    ledger.require_project(store, project_id)
    return row.decode(IterationRecord)


def list_all(store: Store, project_id: UUID) -> list[IterationRecord]:
    """The oldest first."""
    found = rows.starting(store.catalog, str(project_id), "iteration:")
    records = (row.decode(IterationRecord) for row in found)
    return sorted(records, key=lambda record: (record.iteration.created, record.iteration.id))


def update(
    store: Store, project_id: UUID, iteration_id: UUID, change: Callable[[IterationRecord], IterationRecord]
) -> IterationRecord:
    """Raises ProjectNotFound, IterationNotFound."""
    for _ in rows.attempts():
        row = rows.read(store.catalog, str(project_id), f"iteration:{iteration_id}")
        if row is None:
            raise _absent(store, project_id, iteration_id)
        old = row.decode(IterationRecord)
        new = change(old)
        if new == old:
            return new
        try:
            ledger.commit(store, project_id, [Change("replace", row.key, rows.encode(new), row.etag)])
        except RowMissing:
            ledger.require_project(store, project_id)
        except RowChanged:
            continue
        else:
            return new
    raise AssertionError("attempts() raises")


def delete(
    store: Store, project_id: UUID, iteration_id: UUID, check: Callable[[Iteration], None] = lambda _: None
) -> None:
    """With the rows of its exports. `check` refuses by raising, and sees the iteration as it is when it goes.

    Raises ProjectNotFound, IterationNotFound.
    """
    for attempt in rows.attempts():
        row = rows.read(store.catalog, str(project_id), f"iteration:{iteration_id}")
        if row is None and attempt:
            return None
        if row is None:
            raise _absent(store, project_id, iteration_id)
        check(row.decode(IterationRecord).iteration)
        # An export that begins meanwhile touches the iteration, so this finds it changed.
        exports = rows.starting(store.catalog, str(project_id), exports_prefix(iteration_id), keys_only=True)
        gone = [Change("delete", row.key, etag=row.etag), *(Change("delete", export.key) for export in exports)]
        try:
            return ledger.commit(store, project_id, gone)
        except RowMissing:
            ledger.require_project(store, project_id)
        except RowChanged:
            continue
    return None


def exports_prefix(iteration_id: UUID) -> str:
    """What the keys of its exports' rows begin with."""
    return f"export:{iteration_id}:"


def lock_training(store: Store, project_id: UUID, iteration_id: UUID) -> None:
    """Idempotent for the same iteration. Raises TrainingInProgress."""
    lock = rows.encode(TrainingLock(project_id, iteration_id, now()))
    for _ in rows.attempts():
        try:
            return transact(store.catalog, TRAINING, [Change("insert", str(project_id), lock)])
        except RowExists:
            held = lock_of(store, project_id)
        if held and held.iteration_id != iteration_id:
            raise TrainingInProgress("This project is being trained already; wait until that has ended.")
        if held:
            return None
    return None


def lock_of(store: Store, project_id: UUID) -> TrainingLock | None:
    """Which iteration of the project is in training."""
    held = rows.read(store.catalog, TRAINING, str(project_id))
    return held.decode(TrainingLock) if held else None


def unlock_training(store: Store, project_id: UUID, iteration_id: UUID) -> None:
    """Does nothing unless this iteration holds the lock."""
    held = rows.read(store.catalog, TRAINING, str(project_id))
    if held is not None and held.decode(TrainingLock).iteration_id == iteration_id:
        with suppress(RowMissing, RowChanged):
            transact(store.catalog, TRAINING, [Change("delete", held.key, etag=held.etag)])


def running(store: Store) -> list[TrainingLock]:
    """Every training under way."""
    return [row.decode(TrainingLock) for row in rows.scan(store.catalog, TRAINING, "0", "g")]


def _absent(store: Store, project_id: UUID, iteration_id: UUID) -> IterationNotFound:
    ledger.require_project(store, project_id)
    return IterationNotFound(f"There is no iteration {iteration_id} in this project.")
