"""The state of a training between two epochs, as bytes."""

from io import BytesIO

import torch

from training_job.detection.judge import Found
from training_job.detection.light.learn import Learner


def pack(learner: Learner, training: str, epochs: int, found: list[Found] | None) -> bytes:
    """After so many epochs. `training` names all that the state depends on: with another it is of no use."""
    state = {
        "training": training,
        "epochs": epochs,
        "found": None if found is None else [[torch.from_numpy(part) for part in each] for each in found],
        "head": learner.head.state_dict(),
        "optimizer": learner.optimizer.state_dict(),
    }
    buffer = BytesIO()
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
