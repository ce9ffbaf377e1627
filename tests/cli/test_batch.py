"""`ocellus batch`, on the running service."""

import json
import socket
from unittest.mock import Mock
from uuid import UUID, uuid4

import pytest

from cli import batch as command
from cli import patience
from cli.faults import FAILED, NO, Away
from cli.migrate.service import Service
from shared.storage.account import blobs
from tests.commands import ocellus
from tests.pictures import picture
from tests.prediction.graphs import publish, put_model


@pytest.fixture(autouse=True)
def environment(service, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in service.settings().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("VISION_TRAINING_ENDPOINT", service.endpoint)
    monkeypatch.setenv("VISION_TRAINING_KEY", service.training_key)
    monkeypatch.setattr(command, "POLL_SECONDS", 0.1)


@pytest.fixture
def archive(project, storage) -> str:
    """Two pictures and a list of them, for a project that serves a model as `live`."""
    publish(storage, UUID(project.id), put_model(storage, UUID(project.id), "apple"))
    names = [f"{project.id}/{name}.jpg" for name in "ab"]
    for name in names:
        blobs.write(storage, "archives", name, picture("apple", 1))
    blobs.write(storage, "archives", f"{project.id}/list.txt", "\n".join([*names, "gone.jpg"]).encode())
    return f"archives/{project.id}"


def test_start_waits_for_the_end_and_status_writes_the_rows(project, archive, tmp_path, capsys):
    given = ["--project", project.id, "--json"]
    assert ocellus("batch", "start", f"{archive}/a", "--name", "live", *given) == 0
    ended = json.loads(capsys.readouterr().out)
    assert (ended["status"], ended["done"]) == ("Completed", 1)
    out = tmp_path / "rows.jsonl"
    assert ocellus("batch", "status", ended["id"], *given, "--to", str(out)) == 0
    (row,) = map(json.loads, out.read_text().splitlines())
    assert (row["blob"], row["predictions"][0]["tagName"]) == (f"{project.id}/a.jpg", "apple")


def test_what_could_not_be_predicted_is_named(project, archive, capsys):
    given = ["--name", "live", "--project", project.name]
    assert ocellus("batch", "start", f"{archive}/list.txt", "--manifest", *given) == NO
    said = capsys.readouterr().out
    assert "Completed, 3 of 3 blobs" in said
    assert "gone.jpg: NotFound: There is no blob gone.jpg" in said


def test_a_batch_that_is_left_can_be_cancelled(project, archive, capsys):
    given = ["--project", project.id]
    assert ocellus("batch", "start", archive, "--name", "live", *given, "--leave", "--json") == 0
    begun = json.loads(capsys.readouterr().out)
    assert ocellus("batch", "cancel", begun["id"], "--project", project.name) == 0
    assert begun["id"] in capsys.readouterr().out


def test_whoever_stops_waiting_is_told_that_it_goes_on(project, archive, monkeypatch, capsys):
    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.batch.time.sleep", stop)
    assert ocellus("batch", "start", archive, "--name", "live", "--project", project.id) == patience.INTERRUPTED
    said = capsys.readouterr().err
    assert "ended by Ctrl-C. The batch goes on; `ocellus batch status " in said
    assert "Run it again" not in said
    monkeypatch.setattr(Service, "send", Mock(side_effect=Away("it is away.")))
    assert ocellus("batch", "start", archive, "--name", "live", "--project", project.id) == FAILED
    said = capsys.readouterr().err
    assert said.startswith("ocellus: it is away. The batch may have begun; `ocellus batch status ")
    assert said.endswith(f" --project {project.id}` tells.\n")


def test_a_service_that_is_not_there_is_said_soon(project, monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("VISION_TRAINING_ENDPOINT", f"http://127.0.0.1:{port}")
    waited: list[float] = []
    monkeypatch.setattr(patience, "pause", waited.append)
    assert ocellus("batch", "status", str(uuid4()), "--project", project.id, "--leave") == FAILED
    assert f"http://127.0.0.1:{port} can't be reached; does the service run" in capsys.readouterr().err
    assert len(waited) == patience.BRIEF_TRIES


def test_what_can_not_be_begun_is_said(project, archive, monkeypatch, capsys):
    given = ["--name", "live", "--project", project.id]
    assert ocellus("batch", "start", "images/1", *given) == FAILED
    assert "BATCH_CONTAINERS" in capsys.readouterr().err
    assert ocellus("batch", "status", str(uuid4()), "--project", project.id) == FAILED
    assert "There is no batch" in capsys.readouterr().err
    monkeypatch.delenv("VISION_TRAINING_KEY")
    assert ocellus("batch", "start", archive, *given) == FAILED
    assert "set VISION_TRAINING_ENDPOINT" in capsys.readouterr().err
