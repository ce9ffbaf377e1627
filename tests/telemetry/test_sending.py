"""What a function that no caller waits for told is sent before it ends: nothing else may come of its process."""

import ast
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from shared.settings import ROOT, child_environment
from shared.telemetry import sending
from shared.telemetry.sending import PAUSE_SECONDS
from tests.functions.service.insights import Insights, listening
from tests.servers import Answer, serving

# By themselves the exporters would send nothing while the process lives, which ends without a word.
CODE = """
import os, time
from shared.telemetry import counters, sending
from shared.telemetry.export import start
from shared.telemetry.tracing import span

start(os.environ["APPLICATIONINSIGHTS_CONNECTION_STRING"], "test", 1.0)
sending.WAIT_SECONDS = {wait}
began = time.monotonic()
for number in range({times}):
    with sending.sent(), span("short", number=number):
        counters.rejection("NotFound")
print(time.monotonic() - began, flush=True)
time.sleep({after})
os.kill(os.getpid(), 9)
"""
NEVER = {"OTEL_BSP_SCHEDULE_DELAY": "3600000", "OTEL_BLRP_SCHEDULE_DELAY": "3600000"}


@pytest.fixture
def insights():
    with listening() as insights:
        yield insights


def ran(insights: Insights, times: int = 1, after: float = 0.0, wait: float = 60.0) -> float:
    """How long so many short functions took, one after another, in a process that is killed then."""
    code = CODE.format(times=times, after=after, wait=wait)
    environment = {**insights.environment, **NEVER, "OTEL_METRIC_EXPORT_INTERVAL": "3600000"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=child_environment(**environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    return float(done.stdout)


def test_what_a_function_told_is_sent_when_it_ends(insights):
    ran(insights)
    assert [span["number"] for span in insights.spans("short")] == ["0"]
    assert sum(point["value"] for point in insights.metrics("ocellus.camera.rejections")) == 1


def test_what_many_told_is_sent_in_two(insights):
    ran(insights, times=50, after=PAUSE_SECONDS + 3)
    assert {span["number"] for span in insights.spans("short")} == {str(number) for number in range(50)}
    points = insights.metrics("ocellus.camera.rejections")
    assert (len(points), sum(point["value"] for point in points)) == (2, 50)


def test_what_is_told_during_a_sending_is_sent_by_the_next(monkeypatch):
    begun, over = threading.Semaphore(0), threading.Event()

    class Provider:
        def force_flush(self) -> None:
            begun.release()
            assert over.wait(10)

    monkeypatch.setattr(sending, "_exporting", lambda: [Provider()])
    monkeypatch.setattr(sending, "PAUSE_SECONDS", 0.1)
    sender = sending.Sender()
    first = threading.Thread(target=sender.send)
    first.start()
    assert begun.acquire(timeout=10)
    sender.send()
    over.set()
    first.join()
    assert begun.acquire(timeout=10)
    assert not begun.acquire(timeout=0.5)


def test_a_function_does_not_wait_long_where_nobody_takes_it():
    over, held = threading.Event(), Insights()
    with serving(lambda _: Answer(200 if over.wait(30) else 500)) as held.port:
        assert 0.5 <= ran(held, times=3, wait=0.5) < 10
        over.set()


@pytest.mark.parametrize("path", sorted((ROOT / "functions").glob("*.py")), ids=lambda path: path.name)
def test_every_function_that_no_caller_waits_for_sends_what_it_told(path: Path):
    functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    triggered = [each for each in functions if "_trigger" in "".join(map(ast.unparse, each.decorator_list))]
    sending = [f"{each.name}(" for each in functions if "with sent()" in ast.unparse(each)]
    silent = [each.name for each in triggered if not any(text in ast.unparse(each) for text in sending)]
    assert silent == []
