"""Fine-tuning of a detector: its views and its score, as the loop asks for them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import onnx
from torch import Tensor, nn

from shared.arrays import Ints
from shared.learning.embeddings import Report
from training_job.checkpoint import Checkpoint
from training_job.detection.batches import batches
from training_job.detection.data import Example
from training_job.detection.detector import Batch, Detector
from training_job.detection.judge import Found, judge, mean_precision
from training_job.detection.packed import packed, unpacked
from training_job.tuning.loop import tune
from training_job.tuning.schedule import SecondsLeft, Tuning
from training_job.tuning.tunable import Group, Scored


class TunedDetector(NamedTuple):
    """The served graph, and what the best epoch found in the held-out images, before it learned from them too."""

    graph: onnx.ModelProto
    found: list[Found]


class Learning:
    """A `Tunable`: a detector, and the examples that it learns from."""

    measure = "mAP"

    def __init__(self, detector: Detector, examples: Sequence[Example]) -> None:
        self.detector, self.examples = detector, examples
        self.training = f"{detector.architecture} {detector.preprocessing}"

    @property
    def module(self) -> nn.Module:
        return self.detector.module

    def groups(self) -> list[Group]:
        return self.detector.groups()

    def batches(self, rows: Ints, size: int, seed: int) -> Iterator[tuple[int, Batch]]:
        for batch in batches(self.detector, self.examples, rows, size, seed):
            yield len(batch.tags), batch

    def loss(self, batch: Batch) -> Tensor:
        return self.detector.loss(batch)

    def graph(self) -> onnx.ModelProto:
        return self.detector.graph()

    def score(self, graph: onnx.ModelProto, held: Ints) -> Scored:
        examples = [self.examples[place] for place in held]
        found = judge(graph, examples, self.detector.preprocessing)
        return Scored(mean_precision(examples, found), packed(found))


def fine_tune(
    detector: Detector,
    examples: Sequence[Example],
    held: Ints,
    recipe: Tuning,
    beaten: float,
    checkpoint: Checkpoint,
    report: Report,
    left: SecondsLeft,
) -> TunedDetector | None:
    """As `tune`, by mAP."""
    learning = Learning(detector, examples)
    tuned = tune(learning, len(examples), held, recipe, beaten, checkpoint, report, left)
    return TunedDetector(tuned.graph, unpacked(tuned.found)) if tuned else None
