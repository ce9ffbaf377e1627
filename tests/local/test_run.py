"""`python -m local`, which ./run ends in: ready within seconds, clear about faults, and gone at Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import requests

from local.__main__ import main, write_environment
from local.azurite import free_ports
from local.network.certificates import Certificates
from local.service import RESTARTS, Service
from shared.events import Publisher
from shared.models.messages.events import EventType
from shared.models.serving.predictions import Pointer
from shared.models.wire import now
from shared.settings import ROOT, Settings
from tests.waiting import wait_for

NAMES = ["TRAINING_ENDPOINT", "TRAINING_KEY", "PREDICTION_ENDPOINT", "PREDICTION_KEY", "PREDICTION_RESOURCE_ID"]


@contextmanager
def ocellus(data: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "local", f"--port={port}", f"--data={data}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until_ready(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    said = ""
    while "./run demo" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    return said


def environment(data: Path) -> dict[str, str]:
    return dict(re.findall(r"export (\w+)='?([^'\n]*)", (data / "ocellus.env").read_text()))


def test_a_shell_reads_back_whatever_the_folder_and_the_keys_are_called(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TRAINING_KEY_1", "it's $HOME; `id`")
    service = Service(tmp_path / "my data", port=7071)
    service.certificates = Certificates(*(service.data / "tls" / name for name in ("server", "ca.pem", "bundle.pem")))
    path = write_environment(service)
    script = f'. "{path}"; printf "%s\\n" "$VISION_TRAINING_KEY" "$STORAGE_CONNECTION_STRING" "$OCELLUS_CA_BUNDLE"'
    read = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, check=True).stdout.splitlines()
    assert read == ["it's $HOME; `id`", service.connection_string, f"{tmp_path}/my data/tls/bundle.pem"]


def children(pid: int) -> set[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for task in tasks for child in task.read_text().split()}


def is_gone(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().split()[2] == "Z"


def answers(url: str) -> bool:
    """Whether somebody listens there, who may not let us in."""
    try:
        return requests.get(url, timeout=10).status_code == 401
    except requests.ConnectionError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
def test_start_ctrl_c_and_second_start(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with ocellus(tmp_path, port) as process:
        said = read_until_ready(process)
        first = environment(tmp_path)
        assert {f"VISION_{name}" for name in NAMES} <= first.keys()
        assert f"http://127.0.0.1:{port}" in said
        assert first["VISION_TRAINING_KEY"] in said
        url = f"{first['VISION_TRAINING_ENDPOINT']}/customvision/v3.3/training/domains"
        assert requests.get(url, headers={"Training-Key": first["VISION_TRAINING_KEY"]}, timeout=10).status_code == 200
        assert requests.get(url, timeout=10).status_code == 401
        started = children(process.pid)
        assert len(started) == 3
        (host,) = [pid for pid in started if b"local.host" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(host, signal.SIGKILL)
        wait_for(lambda: len(children(process.pid) - {host}) == 3 and answers(url), 60)
        started = children(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        wait_for(lambda: all(is_gone(pid) for pid in started), 1)
    began = time.monotonic()
    with ocellus(tmp_path, port) as process:
        read_until_ready(process)
        # Five seconds on a machine of its own; tests share theirs.
        assert time.monotonic() - began < 15
        assert environment(tmp_path)["VISION_PREDICTION_KEY"] == first["VISION_PREDICTION_KEY"]
        started = children(process.pid)
        process.send_signal(signal.SIGKILL)
    wait_for(lambda: all(is_gone(pid) for pid in started))


def test_what_ends_again_and_again_is_started_so_often_and_no_more(tmp_path, monkeypatch) -> None:
    service, started, said = Service(tmp_path, port=7071), list[str](), list[str]()
    ended = iter(["relay", *["host"] * 9])
    monkeypatch.setattr(service, "wait", lambda: next(ended))
    monkeypatch.setattr(service, "start_host", lambda: started.append("host"))
    monkeypatch.setattr(service, "start_relay", lambda: started.append("relay"))
    assert service.keep(said.append) == "host"
    assert started == ["relay", *["host"] * (RESTARTS - 1)]
    assert said[:2] == [f"The {name} has ended; it is started again." for name in ("relay", "host")]
    assert said[-1] == "The host ends again and again."
    monkeypatch.setattr(service, "wait", lambda: "Azurite")
    assert service.keep(said.append) == "Azurite"
    assert len(started) == RESTARTS


def test_who_reads_the_environment_reaches_the_topic(service: Service) -> None:
    write_environment(service)
    given = environment(service.data)
    publisher = Publisher.open(
        Settings(event_topic_endpoint=given["EVENT_TOPIC_ENDPOINT"], event_topic_key=given["EVENT_TOPIC_KEY"])
    )
    event_id = str(uuid4())
    publisher.publish(
        EventType.ITERATION_PUBLISHED, "projects/1", Pointer.to_one(UUID(int=1), UUID(int=2), "", now()), event_id
    )
    assert event_id in (service.data / "events.jsonl").read_text()


def test_port_in_use(service: Service, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        assert main([f"--port={service.port}", f"--data={tmp_path}"]) == 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert f"Port {service.port} is in use by another program; choose another with --port." in capfd.readouterr().err


def test_a_setting_that_does_not_fit_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local", f"--port={free_ports(1)[0]}", f"--data={tmp_path}"]
    environment = {**os.environ, "CORS_ORIGINS": "https://shop.example/"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "CORS_ORIGINS has 'https://shop.example/', which no browser sends" in done.stderr
    assert "Traceback" not in done.stderr


def test_func_without_core_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = subprocess.run(["/usr/bin/env", "which", "node"], capture_output=True, text=True, check=True).stdout.strip()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "node").symlink_to(node)
    command = [sys.executable, "-m", "local", "--functions=func", f"--port={free_ports(1)[0]}", f"--data={tmp_path}"]
    path = os.pathsep.join([str(tmp_path / "bin"), "/bin"])
    done = subprocess.run(command, cwd=ROOT, env={"PATH": path}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "needs Azure Functions Core Tools" in done.stderr
