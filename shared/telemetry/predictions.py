"""What is told of each prediction: how long its parts took, and how sure the model was."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from opentelemetry import metrics

from shared.errors import ServiceError
from shared.models.serving.predictions import Prediction
from shared.models.training.model_spec import ModelSpec
from shared.telemetry.counters import OK
from shared.telemetry.tracing import annotate

Part = Literal["decode", "inference", "store"]
Source = Literal["api", "batch", "camera", "quick_test"]

METER = metrics.get_meter("ocellus")
PREDICTIONS = METER.create_counter("ocellus.predictions", "{prediction}", "Predictions by outcome and confidence")
DURATION = METER.create_histogram(
    "ocellus.prediction.duration",
    "s",
    "How long a prediction and its parts took",
    explicit_bucket_boundaries_advisory=[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
)
CONFIDENCE = METER.create_histogram(
    "ocellus.prediction.confidence",
    "1",
    "The highest probability of a prediction",
    explicit_bucket_boundaries_advisory=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
)
# Of a picture in which a detector saw nothing.
NOTHING = "none"


class Stopwatch:
    """How long the parts of one piece of work took."""

    def __init__(self) -> None:
        self.seconds: dict[Part, float] = {}

    @contextmanager
    def part(self, name: Part) -> Iterator[None]:
        """A part may come in several pieces."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began


class Observation:
    """One prediction under way."""

    def __init__(self) -> None:
        self.watch = Stopwatch()
        self.predictions: Sequence[Prediction] = ()


@contextmanager
def observed(spec: ModelSpec, published_name: str, source: Source) -> Iterator[Observation]:
    """Tell of the prediction that the block makes: on the current span, and in the metrics."""
    observation, outcome = Observation(), "ErrorUnknown"
    began = time.perf_counter()
    try:
        yield observation
        outcome = OK
    except ServiceError as error:
        outcome = error.code
        raise
    finally:
        _annotate(spec, published_name, source, observation)
        _count(spec, published_name, source, observation, outcome, time.perf_counter() - began)


def _annotate(spec: ModelSpec, published_name: str, source: Source, observation: Observation) -> None:
    annotate(
        project_id=str(spec.project_id),
        published_name=published_name,
        iteration_id=str(spec.iteration_id),
        source=source,
        **{f"{part}_ms": round(seconds * 1000, 3) for part, seconds in observation.watch.seconds.items()},
    )
    if observation.predictions:
        top = observation.predictions[0]
        annotate(top_tag=top.tag_name, top_probability=top.probability)


def _count(
    spec: ModelSpec, published_name: str, source: Source, observation: Observation, outcome: str, seconds: float
) -> None:
    name = {
        "ocellus.project_id": str(spec.project_id),
        "ocellus.published_name": published_name,
        "ocellus.source": source,
    }
    DURATION.record(seconds, {**name, "ocellus.part": "total"})
    for part, took in observation.watch.seconds.items():
        DURATION.record(took, {**name, "ocellus.part": part})
    top = observation.predictions[0].probability if observation.predictions else None
    if top is not None:
        CONFIDENCE.record(top, name)
    # Application Insights keeps no buckets of a histogram, so tenths of the confidence are counted apart, too.
    confidence = NOTHING if top is None else f"{min(int(top * 10), 9) / 10}"
    PREDICTIONS.add(1, {**name, "ocellus.outcome": outcome, "ocellus.confidence": confidence})
