"""The README's own commands and program, run as they stand."""

import re
import subprocess
import sys

import pytest

from local.__main__ import write_environment
from shared.settings import ROOT
from tests.pictures import picture

README = (ROOT / "README.md").read_text()


@pytest.fixture
def folder(tmp_path):
    """The photographs that the README speaks of."""
    for kind in ("apple", "leaf"):
        tag = tmp_path / "photos" / "train" / kind
        tag.mkdir(parents=True)
        for seed in range(6):
            (tag / f"{seed}.jpg").write_bytes(picture(kind, seed))
    (tmp_path / "photos" / "new.jpg").write_bytes(picture("leaf", 99))
    return tmp_path


def shell(command: str, service) -> str:
    """What a command prints after the environment that `./run` writes was read."""
    environment = write_environment(service)
    done = subprocess.run(
        ["/bin/sh", "-ec", f". {environment}\n{command}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_programs_run_as_they_stand(service, folder, eventually):
    client, camera = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (folder / "program.py").write_text(f"{client}\n{camera}")
    printed = shell(f"cd {folder} && {sys.executable} program.py", service)
    best, probability = printed.splitlines()[0].split(": ")
    assert best == "leaf"
    assert float(probability.rstrip("%")) > 50
    events = service.data / "events.jsonl"
    eventually(lambda: events.is_file() and "live/gate-1/0001.jpg" in events.read_text())


def test_curl_reaches_the_service(service):
    command = next(line for line in README.splitlines() if line.startswith("curl "))
    assert shell(command.replace("curl", "curl -sf"), service).startswith("[")


def test_the_replay_command_runs(service):
    command = next(line for line in README.splitlines() if line.startswith("./ocellus replay"))
    assert "On their way to their model again: " in shell(command, service)


def test_every_file_and_folder_that_it_names_is_there():
    named = re.findall(r"`(?!/)([\w./-]+(?:/|\.py|\.json))`", README)
    made_by_running = (".local/",)
    missing = [name for name in named if not name.startswith(made_by_running) and not (ROOT / name).exists()]
    assert len(named) > 8
    assert missing == []
