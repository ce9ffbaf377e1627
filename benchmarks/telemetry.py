"""What telling of a prediction costs: without an SDK, and with one whose exporters throw everything away.

python -m benchmarks.telemetry
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from uuid import uuid4

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from shared.models.serving.predictions import Prediction
from shared.models.training.model_spec import ModelSpec, ModelTag
from shared.models.training.preprocessing import Preprocessing
from shared.models.wire import now
from shared.models.workspace.domains import GENERAL, DomainType
from shared.models.workspace.projects import ClassificationType
from shared.models.workspace.tags import TagType
from shared.telemetry import counters
from shared.telemetry.export import Sampler
from shared.telemetry.predictions import observed
from shared.telemetry.tracing import annotate, span

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
# A lone picture of 640 x 480 over HTTP, as benchmarks.prediction measured it on two cores.
PREDICTION_MS = 24.0


class Nowhere(SpanExporter):
    def export(self, spans: object) -> SpanExportResult:  # noqa: ARG002
        return SpanExportResult.SUCCESS


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.telemetry", description=__doc__)
    parser.add_argument("--times", type=int, default=5_000, metavar="N", help="predictions in a round (5000)")
    times: int = parser.parse_args(argv).times
    tell_of = teller()
    tell("without an SDK", tell_of, times)
    tracers = TracerProvider(Sampler(1.0))
    tracers.add_span_processor(BatchSpanProcessor(Nowhere()))
    trace.set_tracer_provider(tracers)
    metrics.set_meter_provider(MeterProvider([InMemoryMetricReader()]))
    tell("with an SDK", tell_of, times)
    return 0


def tell(what: str, work: Callable[[], None], times: int) -> None:
    """CPU time, as the clock says little on a busy machine; that of the exporting thread is in it."""
    rounds = []
    for _ in range(5):
        started = time.process_time()
        for _ in range(times):
            work()
        rounds.append((time.process_time() - started) / times * 1000)
    cost = statistics.median(rounds)
    print(f"{what}: {cost * 1000:.0f} us a prediction, {cost / PREDICTION_MS:.2%} of one of {PREDICTION_MS:g} ms")


def teller() -> Callable[[], None]:
    """All that functions.edge and the operation tell of a prediction, about no prediction."""
    tags = [ModelTag(uuid4(), "apple"), ModelTag(uuid4(), "leaf")]
    kind, spec = ClassificationType.MULTICLASS, Preprocessing(224, 224)
    model = ModelSpec(uuid4(), uuid4(), GENERAL, DomainType.CLASSIFICATION, kind, tags, spec, now(), "none")
    predictions = [Prediction(0.9, tags[0].id, "apple", TagType.REGULAR)]

    def work() -> None:
        name = "prediction_classify_image"
        with span(name, TRACEPARENT, request_id=str(uuid4())):
            with observed(model, "gate", "api") as observation:
                with observation.watch.part("decode"):
                    pass
                with observation.watch.part("inference"):
                    pass
                with observation.watch.part("store"):
                    pass
                observation.predictions = predictions
            annotate(status=200, outcome=counters.OK)
            counters.request(name, counters.OK)

    return work


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
