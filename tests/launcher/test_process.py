"""Training jobs as child processes: they live no longer than we do, and end when they are told to."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from shared import launcher
from shared.errors import ServiceUnavailable
from shared.launcher import child, process
from shared.models.messages.jobs import TrainJob, to_environment
from shared.models.training.iterations import ExecutionStatus
from shared.settings import ROOT, Settings, child_environment

REPORT = """
import json, os, sys
secrets = ["TRAINING_KEY_1", "PREDICTION_KEY_2", "KEY_VAULT_URL", "EVENT_TOPIC_KEY"]
names = ["JOB_KIND", "JOB_ITERATION_ID", "JOB_ATTEMPT", "STORAGE_CONNECTION_STRING", "LIMITS"]
names += ["ALLOW_PRIVATE_URLS", "MODEL_MEMORY_MB"]
report = {name: os.environ[name] for name in names}
report["secrets"] = [name for name in secrets if name in os.environ]
report |= {"nice": os.nice(0), "name": __name__, "argv": sys.argv[1:], "leader": os.getpid() == os.getpgid(0)}
print(json.dumps(report), flush=True)
"""


@pytest.fixture
def make_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[str, Path]]:
    """Start a job that runs this code; its process id and its log."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def make(code: str) -> tuple[str, Path]:
        (tmp_path / "a_job.py").write_text(code)
        job = TrainJob(uuid4(), uuid4(), 2)
        monkeypatch.setenv("PREDICTION_KEY_2", "secret")
        settings = Settings(
            storage_connection_string="where",
            allow_private_urls=True,
            training_key_1="secret",
            key_vault_url="https://vault.example",
            event_topic_key="secret",
            job_logs_folder=str(tmp_path),
        )
        launched = process.start(settings, to_environment(job), job.log_name, "a_job")
        return launched.execution, Path(launched.logs)

    return make


def is_alive(pid: str) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_a_process_gets_its_settings_and_low_priority_and_is_reaped(
    make_job: Callable[[str], tuple[str, Path]], eventually: Callable[..., None]
) -> None:
    pid, output = make_job(REPORT)
    # A child that nobody waits for stays as a zombie, which this sees.
    eventually(lambda: not is_alive(pid))
    report = msgspec.json.decode(output.read_bytes())
    assert report["STORAGE_CONNECTION_STRING"] == "where"
    assert (report["JOB_KIND"], report["JOB_ITERATION_ID"], report["JOB_ATTEMPT"]) == ("train", output.stem, "2")
    assert report["secrets"] == []
    assert report["nice"] == min(os.nice(0) + child.NICENESS, 19)
    assert (report["name"], report["argv"], report["leader"]) == ("__main__", [], True)


def test_the_settings_of_a_process_read_back_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(storage_connection_string="a;b", job_heartbeat_seconds=2.5, allow_private_urls=True)
    for name, value in process.as_environment(settings).items():
        monkeypatch.setenv(name, value)
    assert Settings.read() == settings


def test_a_process_writes_its_failure_to_its_log(
    make_job: Callable[[str], tuple[str, Path]], eventually: Callable[..., None]
) -> None:
    pid, output = make_job("raise SystemExit('no dataset')")
    eventually(lambda: not is_alive(pid))
    assert "no dataset" in output.read_text()


def test_a_process_and_its_children_end_with_us(tmp_path: Path, eventually: Callable[..., None]) -> None:
    (tmp_path / "a_job.py").write_text(
        "import subprocess, time\nprint(subprocess.Popen(['sleep', '60']).pid, flush=True)\ntime.sleep(60)"
    )
    host = f"""
import time
from shared.launcher import process
from shared.settings import Settings
settings = Settings(job_logs_folder={str(tmp_path)!r})
print(process.start(settings, {{}}, "job.log", "a_job").execution, flush=True)
time.sleep(60)
"""
    environment = child_environment(PYTHONPATH=f"{tmp_path}:{ROOT}")
    with subprocess.Popen([sys.executable, "-c", host], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout
        pid = parent.stdout.readline().strip()
        output = tmp_path / "job.log"
        eventually(lambda: output.exists() and bool(output.read_text().strip()))
        child = output.read_text().strip()
        assert is_alive(pid)
        assert is_alive(child)
        parent.send_signal(signal.SIGKILL)
    eventually(lambda: not is_running(pid) and not is_running(child))


def is_running(pid: str) -> bool:
    """Alive, and not a zombie that the machine's first process has yet to take away."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_job_that_is_stopped_ends_with_its_children(
    make_job: Callable[[str], tuple[str, Path]], eventually: Callable[..., None]
) -> None:
    pid, output = make_job(
        "import subprocess, time\nprint(subprocess.Popen(['sleep', '60']).pid, flush=True)\ntime.sleep(60)"
    )
    eventually(lambda: output.exists() and bool(output.read_text().strip()))
    child_pid = output.read_text().strip()
    assert process.status(pid) == ExecutionStatus.RUNNING
    process.stop(pid)
    eventually(lambda: process.status(pid) == ExecutionStatus.STOPPED and not is_running(child_pid))
    process.stop(pid)


def test_a_job_can_be_stopped_before_it_has_begun(
    make_job: Callable[[str], tuple[str, Path]], eventually: Callable[..., None]
) -> None:
    pid, _ = make_job("import time\ntime.sleep(60)")
    process.stop(pid)
    process.stop(pid)
    eventually(lambda: process.status(pid) == ExecutionStatus.STOPPED)


def test_a_job_that_ended_by_itself_is_known_to_have_ended(
    make_job: Callable[[str], tuple[str, Path]], eventually: Callable[..., None]
) -> None:
    pid, _ = make_job("")
    eventually(lambda: process.status(pid) == ExecutionStatus.STOPPED)
    process.stop(pid)


def test_a_process_of_another_is_left_alone() -> None:
    """Its number may have been a job's once."""
    with subprocess.Popen(["sleep", "60"]) as stranger:
        process.stop(str(stranger.pid))
        assert process.status(str(stranger.pid)) == ExecutionStatus.UNKNOWN
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("name", ["1", "training-x7f", "9" * 30])
def test_what_is_no_job_of_ours_is_unknown(name: str) -> None:
    process.stop(name)
    assert process.status(name) == ExecutionStatus.UNKNOWN


def test_launch_says_what_is_missing() -> None:
    with pytest.raises(ServiceUnavailable, match="CONTAINER_APPS_JOB_ID"):
        launcher.launch(Settings(), TrainJob(uuid4(), uuid4()))


def test_a_process_that_can_not_start_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = Settings(launcher="process", job_logs_folder=str(tmp_path / "file" / "jobs"))
    with pytest.raises(ServiceUnavailable, match=r"could not be started: .*Not a directory"):
        launcher.launch(settings, TrainJob(uuid4(), uuid4()))
