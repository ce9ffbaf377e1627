"""Quick training of the light detector, top to bottom: look, hold out, learn, judge, learn from all, compose.

Advanced training fine-tunes it, or a pretrained one, once it was judged, and takes the better of the two.
"""

from collections.abc import Sequence
from typing import NamedTuple

import onnx

from shared.arrays import Ints
from shared.learning.embeddings import Report
from shared.models.training.preprocessing import Preprocessing
from training_job.checkpoint import Checkpoint
from training_job.detection.data import Example
from training_job.detection.detector import Detector
from training_job.detection.detector_recipe import Recipe
from training_job.detection.fine_tuning import TunedDetector, fine_tune
from training_job.detection.judge import Found, judge, mean_precision
from training_job.detection.light.detector import Light
from training_job.detection.light.quick_run import LEARNED, QuickRun, advance, begin
from training_job.tuning.schedule import SecondsLeft, Tuning

# Of an advanced training's, up to here what it has in common with a quick one.
TUNED_FROM = 0.2


class TrainedDetector(NamedTuple):
    """The served graph, how to feed it, what it is, and what was found in the held-out examples at `judged`."""

    graph: bytes
    preprocessing: Preprocessing
    architecture: str
    judged: Ints
    found: list[Found]


class Advanced(NamedTuple):
    """How to fine-tune, where the state of that lies between its runs, and how many seconds are left for all of it.

    `pretrained` is the detector to fine-tune in place of the light one.
    """

    tuning: Tuning
    checkpoint: Checkpoint
    left: SecondsLeft
    pretrained: Detector | None = None


def train(
    backbone: onnx.ModelProto,
    examples: Sequence[Example],
    tags: int,
    recipe: Recipe,
    checkpoint: Checkpoint,
    report: Report,
    advanced: Advanced | None = None,
) -> TrainedDetector:
    """Goes on from the checkpoints where there are any."""
    spec = recipe.preprocessing

    def told(done: float, text: str) -> None:
        report(TUNED_FROM * done if advanced else done, f"{text} before fine-tuning" if advanced else text)

    run = begin(backbone, examples, tags, recipe, checkpoint, told)
    advance(run, run.first, told)
    judged = [examples[position] for position in run.held]
    if run.found is None:
        run.found = judge(run.composed(), judged, spec)
    # Beyond that it was found out that fine-tuning is no better.
    if advanced and run.done == run.first:
        beaten = mean_precision(judged, run.found)
        detector = advanced.pretrained or Light(run.backbone, run.trainer)
        tuned = _fine_tuned(detector, run, examples, beaten, advanced, report)
        if tuned:
            graph = tuned.graph.SerializeToString()
            return TrainedDetector(graph, detector.preprocessing, detector.architecture, run.held, tuned.found)
    # The published model learns from the held-out images too, once they have judged what it was until then.
    advance(run, len(run.epochs), (lambda _, text: report(LEARNED, text)) if advanced else told)
    return TrainedDetector(run.composed().SerializeToString(), spec, recipe.architecture, run.held, run.found)


def _fine_tuned(
    detector: Detector, run: QuickRun, examples: Sequence[Example], beaten: float, advanced: Advanced, report: Report
) -> TunedDetector | None:
    """None where that is no better; then there is time left for the rest of the quick training."""
    rest = run.pace * sum(len(epoch.rows) for epoch in run.epochs[run.first :])

    def told(done: float, text: str) -> None:
        report(TUNED_FROM + (LEARNED - TUNED_FROM) * done, text)

    def left() -> float:
        return advanced.left() - rest

    return fine_tune(detector, examples, run.held, advanced.tuning, beaten, advanced.checkpoint, told, left)
