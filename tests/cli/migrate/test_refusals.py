"""What can not be moved is said, with what to do."""

import pytest

from cli.faults import FAILED
from local.azurite import free_ports
from tests.cli.migrate.holdings import multilabel
from tests.cli.migrate.standin import KEY
from tests.commands import ocellus
from tests.disks import full


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name the projects to move, or say --all"),
        (("Shelves", "--all"), "name the projects to move, or say --all"),
        (("Shelf",), "there is no project 'Shelf'; there are 'Shelves' ("),
    ],
)
def test_which_projects_has_to_be_said(standin, arguments, message, tmp_path, capsys):
    standin(multilabel(0))
    assert ocellus("migrate", "--folder", str(tmp_path), *arguments) == FAILED
    assert message in capsys.readouterr().err


def test_a_wrong_key_is_said(standin, monkeypatch, tmp_path, capsys):
    standin(multilabel(0))
    monkeypatch.setenv("SOURCE_TRAINING_KEY", "wrong")
    assert ocellus("migrate", "--all", "--folder", str(tmp_path)) == FAILED
    assert "Custom Vision said: 401: it does not know this key or token; take a key" in capsys.readouterr().err


def test_what_the_environment_lacks_is_said(service, tmp_path, monkeypatch, capsys):
    assert ocellus("migrate", "--all", "--folder", str(tmp_path)) == FAILED
    assert "set SOURCE_TRAINING_ENDPOINT, and SOURCE_TRAINING_KEY" in capsys.readouterr().err
    assert ocellus("migrate", "--all", "--endpoint", "localhost", "--key", KEY) == FAILED
    assert "is a URL, such as" in capsys.readouterr().err


def test_a_resource_that_is_not_there_is_said_soon(service, monkeypatch, capsys):
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("VISION_TRAINING_ENDPOINT", service.endpoint)
    monkeypatch.setenv("VISION_TRAINING_KEY", service.training_key)
    assert ocellus("migrate", "--all", "--endpoint", address, "--key", KEY) == FAILED
    assert f"{address} can't be reached" in capsys.readouterr().err


def test_a_project_that_was_deleted_here_is_not_made_anew(standin, migrate, training, tmp_path, capsys):
    standin(multilabel(1))
    training.delete_project(str(migrate("--all", "--no-train")[1].projects[0].here))
    assert ocellus("migrate", "--all", "--folder", str(tmp_path)) == FAILED
    assert "'Shelves' was deleted here since it was moved; name another --folder" in capsys.readouterr().err


def test_a_move_to_itself_is_refused(standin, service, tmp_path, capsys):
    standin(multilabel(1))
    arguments = ["--endpoint", service.endpoint, "--key", service.training_key, "--folder", str(tmp_path)]
    assert ocellus("migrate", "--all", *arguments) == FAILED
    assert "both endpoints are the same" in capsys.readouterr().err


def test_a_journal_of_another_move_is_not_gone_on_with(standin, migrate, tmp_path, capsys):
    standin(multilabel(0))
    migrate("--all", "--no-train")
    standin(multilabel(0))
    assert ocellus("migrate", "--all", "--folder", str(tmp_path)) == FAILED
    assert "has the journal of a move from" in capsys.readouterr().err


def test_a_journal_that_has_no_room_is_said(standin, tmp_path, capsys):
    standin(multilabel(0))
    with full(1_000):
        assert ocellus("migrate", "--all", "--folder", str(tmp_path)) == FAILED
    told = capsys.readouterr().err
    assert f"the journal in {tmp_path} can't be used: " in told
    assert ". Mend that, and run it again." in told
