"""Sends spans, metrics and logs to Application Insights.

Its exporters take longer to import than the service takes to start, so the threads that export import them.
"""

import logging
import re
from collections.abc import Sequence
from functools import cached_property

from opentelemetry import _logs, metrics, trace
from opentelemetry.context import Context
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

DELTA: dict[type, AggregationTemporality] = {
    Counter: AggregationTemporality.DELTA,
    Histogram: AggregationTemporality.DELTA,
}
# The query of an address may be its key.
QUERY = re.compile(r"(https?://[^\s?\"']+)\?[^\s\"')]*")


def start(connection_string: str, service: str, share: float) -> None:
    """Export from now on, in the background, as the `service`; of the traces a `share` of 0 to 1."""
    resource = Resource.create({SERVICE_NAME: service})
    tracers = TracerProvider(Sampler(share), resource)
    tracers.add_span_processor(BatchSpanProcessor(Spans(connection_string)))
    trace.set_tracer_provider(tracers)
    metrics.set_meter_provider(MeterProvider([PeriodicExportingMetricReader(Metrics(connection_string))], resource))
    loggers = LoggerProvider(resource)
    loggers.add_log_record_processor(BatchLogRecordProcessor(Logs(connection_string)))
    _logs.set_logger_provider(loggers)
    logging.getLogger().addHandler(LoggingHandler(logging.INFO, loggers))


def without_queries(text: str) -> str:
    return QUERY.sub(r"\1?...", text)


class Sampler(TraceIdRatioBased):
    """Keeps the same traces in every process, whatever the parent's flag: the Functions host sets none."""

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        result = super().should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)
        # What Application Insights computes itemCount from.
        weighed = {**(result.attributes or {}), "_MS.sampleRate": 100 * self.rate}
        return SamplingResult(result.decision, weighed, result.trace_state)


class Spans(SpanExporter):
    def __init__(self, connection_string: str) -> None:
        self._connection_string = connection_string

    @cached_property
    def _exporter(self) -> SpanExporter:
        from azure.monitor.opentelemetry.exporter import AzureMonitorTraceExporter

        return AzureMonitorTraceExporter(connection_string=self._connection_string, disable_offline_storage=True)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export(spans)


class Metrics(MetricExporter):
    def __init__(self, connection_string: str) -> None:
        super().__init__(DELTA)
        self._connection_string = connection_string

    @cached_property
    def _exporter(self) -> MetricExporter:
        from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter

        return AzureMonitorMetricExporter(connection_string=self._connection_string, disable_offline_storage=True)

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: object) -> MetricExportResult:
        return self._exporter.export(metrics_data, timeout_millis, **kwargs)

    def force_flush(self, timeout_millis: float = 10_000) -> bool:  # noqa: ARG002
        return True

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: object) -> None:
        """What is given to it is sent at once."""


class Logs(LogRecordExporter):
    """Takes the queries off the addresses in messages and tracebacks."""

    def __init__(self, connection_string: str) -> None:
        self._connection_string = connection_string

    @cached_property
    def _exporter(self) -> LogRecordExporter:
        from azure.monitor.opentelemetry.exporter import AzureMonitorLogExporter

        return AzureMonitorLogExporter(connection_string=self._connection_string, disable_offline_storage=True)

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        for each in batch:
            record = each.log_record
            record.body = without_queries(str(record.body))
            for name, value in dict(record.attributes or {}).items():
                if isinstance(value, str) and record.attributes:
                    record.attributes[name] = without_queries(value)  # type: ignore[index]
        return self._exporter.export(batch)

    def force_flush(self, timeout_millis: int = 10_000) -> bool:  # noqa: ARG002
        return True

    def shutdown(self) -> None:
        """What is given to it is sent at once."""
