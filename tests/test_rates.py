"""Rates per key, the month's predictions, and the tiers that set them."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from uuid import uuid4

import msgspec
import pytest

from shared.errors import QuotaExceeded, TooManyRequests
from shared.models.limits import TIERS, Limits, read_limits
from shared.operations.serving.quota import LEASE, Quota
from shared.rates import Rates
from shared.storage.serving import usage


def allowed(rates, key, kind, per_second, calls) -> int:
    refused = 0
    for _ in range(calls):
        try:
            rates.take(key, kind, per_second, "get_tags")
        except TooManyRequests:
            refused += 1
    return calls - refused


def test_a_key_has_a_seconds_calls_at_once_and_then_waits():
    rates = Rates()
    assert allowed(rates, "a", "calls", 1_000_000, 100) == 100
    assert allowed(rates, "a", "trainings", 2, 10) == 2
    assert allowed(rates, "b", "trainings", 2, 10) == 2
    time.sleep(0.6)
    assert allowed(rates, "a", "trainings", 2, 10) >= 1


def test_without_a_limit_nothing_is_counted():
    assert allowed(Rates(), "a", "calls", 0, 1_000) == 1_000


def test_processes_share_a_months_quota(store, monkeypatch):
    monkeypatch.setattr(usage, "PARTITION", f"usage-{uuid4()}")
    processes = [Quota(store, 3 * LEASE + 5) for _ in range(4)]

    def use(quota) -> int:
        for taken in count():
            try:
                quota.take()
            except QuotaExceeded:
                return taken
        raise AssertionError("a quota ends")

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(use, processes)) == 3 * LEASE + 5


def test_a_tier_is_a_preset_that_can_be_changed():
    assert read_limits("{}") == Limits()
    assert read_limits('{"tier": "F0"}') == TIERS["F0"]
    assert (TIERS["F0"].projects, TIERS["F0"].predictions_per_month) == (2, 10_000)
    changed = read_limits('{"tier": "S0", "projects": 200}')
    assert (changed.projects, changed.iterations_per_project) == (200, 20)


@pytest.mark.parametrize(
    "text", ['{"tier": "S1"}', '{"nonsense": 1}', '{"projects": "many"}', '{"projects": -1}', "[]", '{"tier": ["F0"]}']
)
def test_limits_that_do_not_fit_are_refused(text):
    with pytest.raises(msgspec.ValidationError):
        read_limits(text)
