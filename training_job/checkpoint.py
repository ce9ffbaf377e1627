"""Where a training is, kept in a blob beside its model while it lasts, so that a killed job goes on from there."""

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from shared.storage.account import blobs
from shared.storage.account.store import Store

NAME = "checkpoint.pt"


class Checkpoint(NamedTuple):
    """Where the state of a training lies between its runs."""

    get: Callable[[], bytes | None]
    put: Callable[[bytes], None]


def of_iteration(store: Store, project_id: UUID, iteration_id: UUID) -> Checkpoint:
    def get() -> bytes | None:
        blob = blobs.read(store, "models", _name(project_id, iteration_id))
        return blob.data if blob else None

    return Checkpoint(get, lambda data: blobs.model_write(store, project_id, iteration_id, NAME, data))


def delete(store: Store, project_id: UUID, iteration_id: UUID) -> None:
    blobs.delete(store, "models", _name(project_id, iteration_id))


def _name(project_id: UUID, iteration_id: UUID) -> str:
    return f"{project_id}/{iteration_id}/{NAME}"
