"""What a training answers, whatever it trained."""

from typing import NamedTuple

from shared.models.training.evaluations import EvaluatedImage
from shared.models.training.preprocessing import Preprocessing


class Claim(NamedTuple):
    """The share of held-out images that are right, where near-duplicates are kept apart, and where they are not."""

    at_least: float
    at_most: float


class Result(NamedTuple):
    """The served graph, how to feed it, what is trained now, the images that were judged while held out, and what to
    claim of them, where that is in doubt.
    """

    graph: bytes
    preprocessing: Preprocessing
    architecture: str
    evaluated: list[EvaluatedImage]
    claim: Claim | None = None
