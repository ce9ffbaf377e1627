"""What a training answers, whatever it trained."""

from typing import NamedTuple

from shared.models.preprocessing import Preprocessing
from shared.models.training import EvaluatedImage


class Result(NamedTuple):
    """The served graph, how to feed it, what is trained now, and the images that were judged while held out."""

    graph: bytes
    preprocessing: Preprocessing
    architecture: str
    evaluated: list[EvaluatedImage]
