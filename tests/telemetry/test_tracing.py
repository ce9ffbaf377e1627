"""Traces as they pass through a process that exports nothing, and what an export leaves out."""

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import Decision

from shared.errors import NotFound
from shared.storage.account import queues
from shared.telemetry.export import Sampler, without_queries
from shared.telemetry.predictions import Stopwatch
from shared.telemetry.tracing import Phases, span, traceparent

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trace_is_passed_on_though_nobody_records_it():
    assert traceparent() == ""
    with span("outer", TRACEPARENT), span("inner"):
        assert traceparent() == TRACEPARENT
    assert traceparent() == ""


@pytest.mark.parametrize("given", ["", "nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", TRACEPARENT + "-more"])
def test_what_is_no_trace_begins_none(given):
    with span("outer", given):
        assert traceparent() == ""


def test_a_span_lets_errors_through():
    with pytest.raises(NotFound), span("fails", TRACEPARENT):
        raise NotFound("There is none.")
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_phases_can_end_before_they_begin_and_twice():
    phases = Phases()
    phases.end()
    phases.enter("Looked at 1 of 2")
    phases.enter("Looked at 2 of 2")
    phases.end()
    phases.end()
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_a_message_without_a_trace_has_none():
    assert queues.trace_of(b'{"task":"PurgeProject","projectId":"x"}') == ""
    assert queues.trace_of(b'{"task":"PurgeProject","traceparent":"00-1"}') == "00-1"


def test_a_part_may_come_in_pieces():
    watch = Stopwatch()
    with watch.part("decode"):
        pass
    first = watch.seconds["decode"]
    with pytest.raises(KeyError), watch.part("decode"):
        raise KeyError
    assert watch.seconds["decode"] > first > 0


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("", ""),
        ("nothing?to=hide", "nothing?to=hide"),
        ("GET https://a.b/c?sig=x%2B&se=1 failed", "GET https://a.b/c?... failed"),
        ("(url='http://a.b:1/c/d.jpg?x', 'http://e/f?')", "(url='http://a.b:1/c/d.jpg?...', 'http://e/f?...')"),
        ("https://a.b/c https://d/e?f\nnext?", "https://a.b/c https://d/e?...\nnext?"),
    ],
)
def test_an_address_loses_its_query(text, left):
    assert without_queries(text) == left


@pytest.mark.parametrize(("share", "kept"), [(0.0, 0), (0.5, 1), (1.0, 2)])
def test_a_share_keeps_the_same_traces_everywhere(share, kept):
    traces = [0x1 << 60, 0xF << 60]
    decisions = [Sampler(share).should_sample(None, each, "any").decision for each in traces]
    assert decisions.count(Decision.RECORD_AND_SAMPLE) == kept
    assert decisions == [Sampler(share).should_sample(None, each, "other").decision for each in traces]
