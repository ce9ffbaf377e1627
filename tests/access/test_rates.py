"""Rates per key, the month's predictions, and the tiers that set them."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import msgspec
import pytest

from shared.access.rates import RateLimiter
from shared.errors import QuotaExceeded, ServiceUnavailable, TooManyRequests
from shared.models.limits import TIERS, Limits, read_limits
from shared.models.wire import now
from shared.operations.serving import quota
from shared.operations.serving.quota import Quota
from shared.settings import ROOT, child_environment
from shared.storage.account import rows
from shared.storage.account.transactions import Change, transact
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
    rates = RateLimiter()
    assert allowed(rates, "a", "calls", 1_000_000, 100) == 100
    assert allowed(rates, "a", "trainings", 2, 10) == 2
    assert allowed(rates, "b", "trainings", 2, 10) == 2
    time.sleep(0.6)
    assert allowed(rates, "a", "trainings", 2, 10) >= 1


def test_without_a_limit_nothing_is_counted():
    assert allowed(RateLimiter(), "a", "calls", 0, 1_000) == 1_000


@pytest.fixture
def used(store, monkeypatch):
    """A month of its own: how many of its predictions are counted as made."""
    monkeypatch.setattr(usage, "PARTITION", f"usage-{uuid4()}")
    return lambda: counted(store)


def counted(store, month="") -> int:
    row = rows.read(store.predictions, usage.PARTITION, month or f"{now():%Y-%m}")
    return int(row.doc) if row else 0


def taken_until_refused(process, most=10_000) -> int:
    for taken in range(most):
        try:
            process.take()
        except QuotaExceeded:
            return taken
    return most


def test_processes_share_a_months_quota(store, used):
    processes = [Quota(store, 155) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(taken_until_refused, processes)) == 155
    assert used() == 155


def test_all_of_a_quota_can_be_used_though_processes_come_and_go(store, used):
    def serve_briefly(count) -> int:
        process = Quota(store, 500)
        taken = taken_until_refused(process, count)
        process.give_back()
        return taken

    with ThreadPoolExecutor(6) as pool:
        taken = sum(pool.map(serve_briefly, [1, 2, 3, 40, 70] * 6))
    # Some may have been refused for what others gave back a moment later.
    taken += serve_briefly(500)
    assert taken == used() == 500


@pytest.mark.parametrize(
    ("used_before", "limit", "leased"),
    [(0, 10_000, 50), (0, 1_000_000, 50), (5_099, 10_000, 50), (5_100, 10_000, 49), (9_000, 10_000, 10),
     (9_990, 10_000, 10), (9_993, 10_000, 7), (10_000, 10_000, 0), (10_050, 10_000, 0), (0, 1, 1)],
)  # fmt: skip
def test_a_lease_is_a_share_of_what_is_left(store, used, used_before, limit, leased):
    transact(store.predictions, usage.PARTITION, [Change("insert", f"{now():%Y-%m}", str(used_before))])
    assert usage.lease(store, f"{now():%Y-%m}", limit) == leased
    assert used() == used_before + leased


def test_what_an_idle_process_leased_is_there_for_others(store, used, monkeypatch, eventually):
    monkeypatch.setattr(quota, "IDLE_SECONDS", 0.05)
    idle = Quota(store, 10_000)
    for taken in (1, 2):
        idle.take()
        eventually(lambda: used() == taken)  # noqa: B023  # waited for at once


def test_a_month_that_ended_gets_back_what_is_its_own(store, used):
    usage.lease(store, "2026-10", 10_000)
    usage.give_back(store, "2026-10", 7)
    usage.give_back(store, "2026-09", 7)
    assert counted(store, "2026-10") == usage.MOST - 7
    assert counted(store, "2026-09") == used() == 0


def test_what_cannot_be_given_back_counts_as_used(store, used, monkeypatch, caplog):
    def fail(*_) -> None:
        raise ServiceUnavailable("Storage is away.")

    process = Quota(store, 10_000)
    process.take()
    with monkeypatch.context() as outage:
        outage.setattr(usage, "give_back", fail)
        process.give_back()
    process.give_back()
    assert "49 predictions of the month's quota are lost" in caplog.text
    assert used() == usage.MOST


@pytest.mark.parametrize(
    ("end", "counts"), [("sys.exit()", 1), ("os.kill(os.getpid(), 9)", usage.MOST)], ids=["end", "kill"]
)
def test_a_process_that_ends_gives_back_and_one_that_is_killed_loses_a_share(store, settings, end, counts):
    before = counted(store)
    code = f"import os, sys; from functions.edge.runtime import runtime; runtime().quota.take(); {end}"
    environment = {
        "STORAGE_CONNECTION_STRING": settings.storage_connection_string,
        "LIMITS": '{"predictionsPerMonth": 100000}',
    }
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=child_environment(**environment), check=False)
    assert counted(store) - before == counts


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
