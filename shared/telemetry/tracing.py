"""Spans, and the W3C traceparent that carries a trace through messages, events and environments."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.errors import ServiceError

Value = str | int | float | bool

TRACER = trace.get_tracer("ocellus")
TRACE_CONTEXT = TraceContextTextMapPropagator()
NUMBER = re.compile(r"\d+(\.\d+)?")


@contextmanager
def span(name: str, parent: str = "", kind: SpanKind = SpanKind.INTERNAL, **attributes: Value) -> Iterator[Span]:
    """The current span while entered; with a `parent`, a traceparent, it goes on with that trace.

    Attributes are named `ocellus.{name}`. What is raised is told by its code alone: a message may quote an address.
    """
    context = TRACE_CONTEXT.extract({"traceparent": parent}) if parent else None
    with TRACER.start_as_current_span(
        name, context, kind, _named(attributes), record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except BaseException as error:
            fail(error.code if isinstance(error, ServiceError) else type(error).__name__)
            raise


class Phases:
    """Spans that follow one another within the current one."""

    def __init__(self) -> None:
        self._name = ""
        self._span: Span = trace.INVALID_SPAN

    def enter(self, message: str) -> None:
        """Numbers in a message tell of progress within a phase."""
        name = NUMBER.sub("#", message)
        if name != self._name:
            self.end()
            self._name, self._span = name, TRACER.start_span(name)

    def end(self) -> None:
        self._span.end()


def annotate(**attributes: Value) -> None:
    """Add to the current span."""
    trace.get_current_span().set_attributes(_named(attributes))


def fail(code: str) -> None:
    """Mark the current span as failed."""
    current = trace.get_current_span()
    current.set_attributes({"ocellus.outcome": code, "error.type": code})
    current.set_status(Status(StatusCode.ERROR))


def traceparent() -> str:
    """That of the current span; empty outside of any trace."""
    carrier: dict[str, str] = {}
    TRACE_CONTEXT.inject(carrier)
    return carrier.get("traceparent", "")


def _named(attributes: dict[str, Value]) -> dict[str, Value]:
    return {f"ocellus.{name}": value for name, value in attributes.items()}
