"""How iterations did before a project moved here: a small file for each, beside the models."""

from uuid import UUID

import msgspec

from shared.models.training.importing import PastPerformance
from shared.storage.account import blobs
from shared.storage.account.store import Store


def write(store: Store, project_id: UUID, iteration_id: UUID, past: PastPerformance) -> None:
    blobs.write(store, "models", f"{_folder(project_id)}{iteration_id}.json", msgspec.json.encode(past))


def names(store: Store, project_id: UUID) -> set[str]:
    return set(blobs.names(store, "models", _folder(project_id)))


def list_all(store: Store, project_id: UUID) -> list[PastPerformance]:
    found = (blobs.read(store, "models", name) for name in sorted(names(store, project_id)))
    return [msgspec.json.decode(blob.data, type=PastPerformance) for blob in found if blob]


def _folder(project_id: UUID) -> str:
    return f"{project_id}/past/"
