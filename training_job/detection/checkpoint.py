"""Where a detector's training is, kept in a blob after every epoch, so that a killed job goes on from there."""

from collections.abc import Callable
from io import BytesIO
from typing import NamedTuple
from uuid import UUID

import torch

from shared.storage import blobs
from shared.storage.store import Store
from training_job.detection.judge import Found
from training_job.detection.learn import Learner

NAME = "checkpoint.pt"


class Checkpoint(NamedTuple):
    """Where the state of a training lies between its runs."""

    get: Callable[[], bytes | None]
    put: Callable[[bytes], None]


def of_iteration(store: Store, project_id: UUID, iteration_id: UUID) -> Checkpoint:
    name = f"{project_id}/{iteration_id}/{NAME}"

    def get() -> bytes | None:
        blob = blobs.read(store, "models", name)
        return blob.data if blob else None

    return Checkpoint(get, lambda data: blobs.model_write(store, project_id, iteration_id, NAME, data))


def delete(store: Store, project_id: UUID, iteration_id: UUID) -> None:
    blobs.delete(store, "models", f"{project_id}/{iteration_id}/{NAME}")


def pack(learner: Learner, training: str, epochs: int, found: list[Found] | None) -> bytes:
    """After so many epochs. `training` names all that the state depends on: with another it is of no use."""
    buffer = BytesIO()
    state = {
        "training": training,
        "epochs": epochs,
        "found": None if found is None else [[torch.from_numpy(part) for part in each] for each in found],
        "head": learner.head.state_dict(),
        "optimizer": learner.optimizer.state_dict(),
    }
    torch.save(state, buffer)
    return buffer.getvalue()


def unpack(learner: Learner, training: str, data: bytes | None) -> tuple[int, list[Found] | None]:
    """Put the learner where it was; how many epochs it had done, and what it had found, where it had been judged."""
    if data is None:
        return 0, None
    state = torch.load(BytesIO(data), map_location=learner.device, weights_only=True)
    if state["training"] != training:
        return 0, None
    learner.head.load_state_dict(state["head"])
    learner.optimizer.load_state_dict(state["optimizer"])
    found = state["found"]
    return state["epochs"], None if found is None else [Found(*(part.cpu().numpy() for part in each)) for each in found]
