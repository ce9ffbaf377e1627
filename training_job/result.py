"""What a training answers, whatever it trained."""

from typing import NamedTuple

from shared.models.training.evaluations import EvaluatedImage
from shared.models.training.preprocessing import Preprocessing


class Result(NamedTuple):
    """The served graph, how to feed it, what is trained now, and the images that were judged while held out."""

    graph: bytes
    preprocessing: Preprocessing
    architecture: str
    evaluated: list[EvaluatedImage]
