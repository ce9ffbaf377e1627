"""A job as a child process, at low priority and no longer than we live."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import msgspec

from shared.models.training.iterations import ExecutionStatus, Launched
from shared.settings import ROOT, Settings, child_environment

# Threads of torch that wait for each other spin by default: where the cores are shared with the service, as on one
# machine, a step of training takes five times as long.
PATIENCE = {"OMP_WAIT_POLICY": "passive"}
# What a job has no use for: it serves no requests and publishes no events.
SECRETS = frozenset(
    {"TRAINING_KEY_1", "TRAINING_KEY_2", "PREDICTION_KEY_1", "PREDICTION_KEY_2", "KEY_VAULT_URL", "EVENT_TOPIC_KEY"}
)

log = logging.getLogger(__name__)
# Our own, by execution: the process id.
_running: dict[str, subprocess.Popen[bytes]] = {}


def start(settings: Settings, environment: dict[str, str], log_name: str, module: str = "training_job") -> Launched:
    """Run `python -m {module}` beside us; what it prints goes to the file `log_name` in `job_logs_folder`."""
    folder = Path(settings.job_logs_folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / log_name
    with path.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "shared.launcher.child", module],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=_without_secrets(child_environment(**as_environment(settings), **PATIENCE, **environment)),
            start_new_session=True,
        )
    _running[str(process.pid)] = process
    Thread(target=_reap, args=[process], name=f"job-{process.pid}", daemon=True).start()
    return Launched(str(process.pid), str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path))


def status(execution: str) -> ExecutionStatus:
    if execution in _running:
        return ExecutionStatus.RUNNING
    try:
        os.kill(int(execution), 0)
    except ProcessLookupError:
        return ExecutionStatus.STOPPED
    except (PermissionError, ValueError, OverflowError):
        return ExecutionStatus.UNKNOWN
    # Another host's job, or a stranger that has the number now.
    return ExecutionStatus.UNKNOWN


def stop(execution: str) -> None:
    """Where it is ours: another host's ends with that host."""
    process = _running.get(execution)
    if process and process.stdin:
        # It ends itself and its children at once, as if we had ended. No signal is sent that could hit a stranger.
        process.stdin.close()


def as_environment(settings: Settings) -> dict[str, str]:
    values = msgspec.to_builtins(settings)
    return {name.upper(): value if isinstance(value, str) else _json(value) for name, value in values.items()}


def _without_secrets(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in SECRETS}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _reap(process: subprocess.Popen[bytes]) -> None:
    with process:
        # Our end of its stdin stays open until it has ended: that is what tells it that we live.
        code = process.wait()
    # The number may be another's by now, even another of our own.
    if _running.get(str(process.pid)) is process:
        del _running[str(process.pid)]
    log.log(logging.WARNING if code else logging.INFO, "Job %s ended with code %s", process.pid, code)
