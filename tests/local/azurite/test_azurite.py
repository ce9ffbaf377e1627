"""Azurite as a child: what it was told outlives it, and it does not outlive its parent."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient, LinearRetry

from local import azurite as azurite_module
from local.azurite import Azurite, AzuriteError, is_free
from shared.settings import ROOT
from tests.waiting import wait_for

CHILD = """
import sys, time
from pathlib import Path
from local import azurite as azurite_module
from local.azurite import Azurite
azurite = Azurite(Path(sys.argv[1]))
azurite.start()
print(azurite.pid, azurite.ports[0], flush=True)
time.sleep(60)
"""


def container(azurite: Azurite) -> ContainerClient:
    quick = LinearRetry(backoff=1)
    return ContainerClient.from_connection_string(azurite.connection_string, "things", retry_policy=quick)


def test_state_survives_a_kill_and_a_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azurite_module, "CLOSE_SECONDS", 0.2)
    azurite = Azurite(tmp_path)
    azurite.start()
    container(azurite).create_container()
    container(azurite).upload_blob("first", b"1")
    azurite.kill()
    azurite.start()
    container(azurite).upload_blob("second", b"2")
    azurite.stop()
    other = Azurite(tmp_path)
    other.start()
    assert sorted(container(other).list_blob_names()) == ["first", "second"]
    with pytest.raises(AzuriteError, match="already runs on"):
        Azurite(tmp_path).launch()
    with pytest.raises(AzuriteError, match="in use by another program"):
        Azurite(tmp_path / "else", other.ports).launch()
    other.stop()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_its_parent(tmp_path: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, port = (int(word) for word in parent.stdout.readline().split())
        os.kill(pid, 0)
        parent.send_signal(how)
    wait_for(lambda: is_free(port))
    azurite = Azurite(tmp_path)
    azurite.launch()
    azurite.stop()
