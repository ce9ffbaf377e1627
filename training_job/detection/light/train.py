"""Quick and advanced training of the light detector, top to bottom: look, hold out, learn, judge, learn from what was
held out too, compose; advanced training fine-tunes it, or a pretrained one, once it has judged, and takes the better.
"""

from collections.abc import Sequence
from typing import NamedTuple

import onnx

from shared.models.preprocessing import Preprocessing
from training_job.checkpoint import Checkpoint
from training_job.detection.augmentation import Ints
from training_job.detection.data import Example, Report
from training_job.detection.detector import Detector
from training_job.detection.detector_recipe import Recipe
from training_job.detection.fine_tuning import TunedDetector, fine_tune
from training_job.detection.judge import Found, judge, mean_precision
from training_job.detection.light.course import LEARNED, Course, begin, run
from training_job.detection.light.tunable import Light
from training_job.tuning.loop import Left
from training_job.tuning.schedule import Tuning

# Of an advanced training's, up to here what it has in common with a quick one.
TUNED_FROM = 0.2


class Trained(NamedTuple):
    """The served graph, how to feed it, what it is, and what was found in the examples at `judged` while they were held
    out.
    """

    graph: bytes
    preprocessing: Preprocessing
    architecture: str
    judged: Ints
    found: list[Found]


class Advanced(NamedTuple):
    """How to fine-tune, where the state of that lies between its runs, how many seconds there are left for all, and the
    `pretrained` detector that is to be fine-tuned where it is not the light one.
    """

    tuning: Tuning
    checkpoint: Checkpoint
    left: Left
    pretrained: Detector | None = None


def train(
    backbone: onnx.ModelProto,
    examples: Sequence[Example],
    tags: int,
    recipe: Recipe,
    checkpoint: Checkpoint,
    report: Report,
    advanced: Advanced | None = None,
) -> Trained:
    """Goes on from the checkpoints where there are any."""
    spec = recipe.preprocessing

    def told(done: float, text: str) -> None:
        report(TUNED_FROM * done if advanced else done, f"{text} before fine-tuning" if advanced else text)

    course = begin(backbone, examples, tags, recipe, checkpoint, told)
    run(course, course.first, told)
    judged = [examples[position] for position in course.held]
    if course.found is None:
        course.found = judge(course.composed(), judged, spec)
    # Beyond that it was found out that fine-tuning is no better.
    if advanced and course.done == course.first:
        beaten = mean_precision(judged, course.found)
        detector = advanced.pretrained or Light(course.backbone, course.learner)
        tuned = _fine_tuned(detector, course, examples, beaten, advanced, report)
        if tuned:
            graph = tuned.graph.SerializeToString()
            return Trained(graph, detector.preprocessing, detector.architecture, course.held, tuned.found)
    # The published model learns from the held-out images too, once they have judged what it was until then.
    run(course, len(course.epochs), (lambda _, text: report(LEARNED, text)) if advanced else told)
    return Trained(course.composed().SerializeToString(), spec, recipe.architecture, course.held, course.found)


def _fine_tuned(
    detector: Detector, course: Course, examples: Sequence[Example], beaten: float, advanced: Advanced, report: Report
) -> TunedDetector | None:
    """None where that is no better; then there is time left for the rest of the course."""
    rest = course.pace * sum(len(epoch.rows) for epoch in course.epochs[course.first :])

    def told(done: float, text: str) -> None:
        report(TUNED_FROM + (LEARNED - TUNED_FROM) * done, text)

    def left() -> float:
        return advanced.left() - rest

    return fine_tune(detector, examples, course.held, advanced.tuning, beaten, advanced.checkpoint, told, left)
