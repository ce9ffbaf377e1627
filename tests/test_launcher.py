"""Starting training jobs: a child process that lives no longer than we do, and a Container Apps job."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
from azure.core.credentials import AccessToken
from azure.mgmt.appcontainers import ContainerAppsAPIClient

from shared import launcher
from shared.errors import ServiceUnavailable
from shared.settings import ROOT, Settings, child_environment
from tests.servers import Answer, Request, make_certificate, serving

JOB_ID = "/subscriptions/sub/resourceGroups/group/providers/Microsoft.App/jobs/training"
REPORT = """
import json, os, sys
secrets = ["TRAINING_KEY_1", "PREDICTION_KEY_2", "KEY_VAULT_URL", "EVENT_TOPIC_KEY"]
names = ["JOB_ITERATION_ID", "STORAGE_CONNECTION_STRING", "LIMITS", "ALLOW_PRIVATE_URLS", "MODEL_MEMORY_MB"]
report = {name: os.environ[name] for name in names}
report["secrets"] = [name for name in secrets if name in os.environ]
report |= {"nice": os.nice(0), "name": __name__, "argv": sys.argv[1:], "leader": os.getpid() == os.getpgid(0)}
print(json.dumps(report), flush=True)
"""


@pytest.fixture
def make_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[str, Path]]:
    """Start a job that runs this code; its process id and its log."""
    monkeypatch.setattr(launcher, "LOGS", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def make(code: str) -> tuple[str, Path]:
        (tmp_path / "a_job.py").write_text(code)
        iteration_id = str(uuid4())
        job = {"JOB_PROJECT_ID": str(uuid4()), "JOB_ITERATION_ID": iteration_id}
        monkeypatch.setenv("PREDICTION_KEY_2", "secret")
        settings = Settings(
            storage_connection_string="where",
            allow_private_urls=True,
            training_key_1="secret",
            key_vault_url="https://vault.example",
            event_topic_key="secret",
        )
        return launcher.start_process(settings, job, "a_job"), tmp_path / f"{iteration_id}.log"

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
    assert report["JOB_ITERATION_ID"] == output.stem
    assert report["secrets"] == []
    assert report["nice"] == os.nice(0) + launcher.NICENESS
    assert (report["name"], report["argv"], report["leader"]) == ("__main__", [], True)


def test_the_settings_of_a_process_read_back_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(storage_connection_string="a;b", job_heartbeat_seconds=2.5, allow_private_urls=True)
    for name, value in launcher.as_environment(settings).items():
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
from pathlib import Path
from shared import launcher
from shared.settings import Settings
launcher.LOGS = Path({str(tmp_path)!r})
print(launcher.start_process(Settings(), {{"JOB_ITERATION_ID": "job"}}, "a_job"), flush=True)
time.sleep(60)
"""
    environment = child_environment(PYTHONPATH=f"{tmp_path}:{ROOT}")
    with subprocess.Popen([sys.executable, "-c", host], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        pid = process.stdout.readline().strip()
        output = tmp_path / "job.log"
        eventually(lambda: output.exists() and bool(output.read_text().strip()))
        child = output.read_text().strip()
        assert is_alive(pid)
        assert is_alive(child)
        process.send_signal(signal.SIGKILL)
    eventually(lambda: not is_running(pid) and not is_running(child))


def is_running(pid: str) -> bool:
    """Alive, and not a zombie that the machine's first process has yet to take away."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


# Container Apps


class Credential:
    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        return AccessToken("token", int(time.time()) + 3600)


class Azure:
    """Speaks Azure Resource Manager's protocol for one Container Apps job."""

    def __init__(self, start: int = 200) -> None:
        self.start = start
        self.started: dict[str, list[dict[str, object]]] = {}
        self.paths: list[str] = []

    def respond(self, request: Request) -> Answer:
        self.paths.append(request.path.partition("?")[0])
        if request.method == "GET":
            return self._json(200, {"name": "training", "properties": {"template": TEMPLATE}})
        self.started = msgspec.json.decode(request.body)
        return self._json(self.start, {"name": "training-x7f", "id": f"{JOB_ID}/executions/training-x7f"})

    def _json(self, status: int, body: object) -> Answer:
        return Answer(status, msgspec.json.encode(body), {"Content-Type": "application/json"})


TEMPLATE = {
    "containers": [
        {
            "name": "training",
            "image": "registry.example/ocellus-training:1",
            "command": ["python", "-m", "training_job"],
            "env": [
                {"name": "STORAGE_ACCOUNT", "value": "account"},
                {"name": "JOB_PROJECT_ID", "value": "old"},
                {"name": "SECRET", "secretRef": "kept"},
            ],
            "resources": {"cpu": 2.0, "memory": "4Gi", "ephemeralStorage": "8Gi"},
        }
    ]
}


def start(azure: Azure, folder: Path, job: dict[str, str]) -> str:
    certificate = make_certificate(folder, "127.0.0.1")
    with serving(azure.respond, certificate) as port:
        url = f"https://127.0.0.1:{port}"
        client = ContainerAppsAPIClient(Credential(), "sub", url, connection_verify=str(certificate), retry_total=0)
        with client:
            return launcher.start_execution(client, JOB_ID, job)


def test_an_execution_keeps_the_job_and_adds_to_its_environment(tmp_path: Path) -> None:
    azure = Azure()
    job = {"JOB_PROJECT_ID": str(UUID(int=1)), "JOB_ITERATION_ID": str(UUID(int=2))}
    assert start(azure, tmp_path, job) == "training-x7f"
    [container] = azure.started["containers"]
    assert container["image"] == "registry.example/ocellus-training:1"
    assert container["command"] == ["python", "-m", "training_job"]
    assert container["env"] == [
        {"name": "STORAGE_ACCOUNT", "value": "account"},
        {"name": "SECRET", "secretRef": "kept"},
        {"name": "JOB_PROJECT_ID", "value": str(UUID(int=1))},
        {"name": "JOB_ITERATION_ID", "value": str(UUID(int=2))},
    ]
    assert container["resources"] == {"cpu": 2.0, "memory": "4Gi"}
    assert azure.paths == [JOB_ID, f"{JOB_ID}/start"]


def test_an_execution_that_azure_refuses_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(ServiceUnavailable, match="could not be started"):
        start(Azure(start=429), tmp_path, {})


def test_launch_says_what_is_missing() -> None:
    with pytest.raises(ServiceUnavailable, match="CONTAINER_APPS_JOB_ID"):
        launcher.launch(Settings(), uuid4(), uuid4())


def test_a_process_that_can_not_start_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(launcher, "LOGS", tmp_path / "file" / "jobs")
    with pytest.raises(ServiceUnavailable, match=r"could not be started: .*Not a directory"):
        launcher.launch(Settings(launcher="process"), uuid4(), uuid4())
