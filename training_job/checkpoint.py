"""Where a training is, kept in a blob beside its model while it lasts, so that a killed job goes on from there."""

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from shared.storage.account import blobs
from shared.storage.account.store import Store

NAMES = ("checkpoint.pt", "tuning.pt")


class Checkpoint(NamedTuple):
    """Where the state of a training lies between its runs."""

    get: Callable[[], bytes | None]
    put: Callable[[bytes], None]


def of_iteration(store: Store, project_id: UUID, iteration_id: UUID) -> tuple[Checkpoint, Checkpoint]:
    """The checkpoint of the training, and that of the fine-tuning that may follow."""

    def lying_at(name: str) -> Checkpoint:
        def get() -> bytes | None:
            blob = blobs.read(store, "models", f"{project_id}/{iteration_id}/{name}")
            return blob.data if blob else None

        return Checkpoint(get, lambda data: blobs.model_write(store, project_id, iteration_id, name, data))

    training, tuning = (lying_at(name) for name in NAMES)
    return training, tuning


def delete(store: Store, project_id: UUID, iteration_id: UUID) -> None:
    for name in NAMES:
        blobs.delete(store, "models", f"{project_id}/{iteration_id}/{name}")
