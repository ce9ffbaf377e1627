"""Commands on a storage account that is not there, goes away, or refuses."""

from contextlib import ExitStack

import pytest

from cli import patience
from cli.faults import FAILED
from local.azurite import free_ports
from shared.storage.account import transport
from tests.commands import ocellus
from tests.servers import Answer, Request, serving


def account(port: int) -> str:
    ends = [f"{service}Endpoint=http://127.0.0.1:{port}/account" for service in ("Blob", "Queue", "Table")]
    return ";".join(["AccountName=account;AccountKey=a2V5", *ends])


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long is waited for a storage that did answer, which takes no time."""
    waited: list[float] = []
    monkeypatch.setattr(transport, "PAUSES", (0.0, 0.1))
    monkeypatch.setattr("cli.storage.pause", waited.append)
    return waited


@pytest.mark.parametrize("command", [["audit"], ["replay"], ["backup", "."], ["restore", "."]])
def test_one_that_never_answers_is_said_soon(command, brief, monkeypatch, capsys):
    monkeypatch.setenv("STORAGE_CONNECTION_STRING", account(free_ports(1)[0]))
    assert ocellus(*command) == FAILED
    told = capsys.readouterr().err
    assert told.startswith("ocellus: storage does not answer; does it run, and does STORAGE_CONNECTION_STRING")
    assert brief == []


def test_one_that_goes_away_is_waited_for(brief, monkeypatch, capsys):
    asked: list[str] = []

    def respond(request: Request) -> Answer:
        """At first, and again when it was waited for three times."""
        asked.append(request.path)
        return Answer(200 if len(asked) == 1 else 503 if len(brief) < 3 else 404)

    with ExitStack() as stack:
        monkeypatch.setenv("STORAGE_CONNECTION_STRING", account(stack.enter_context(serving(respond))))
        assert ocellus("backup", ".") == FAILED
    told = capsys.readouterr().err
    assert "ocellus: storage does not answer; the next try is in " in told
    assert len(brief) == 3
    assert max(brief) > transport.LASTING_PAUSE / 2


def test_one_that_stays_away_is_given_up_with_the_way_to_go_on(brief, monkeypatch, capsys):
    answers = iter([200])
    monkeypatch.setattr(transport, "LASTING_SECONDS", 1.5)
    monkeypatch.setattr("cli.storage.pause", patience.pause)
    monkeypatch.setattr(transport, "LASTING_PAUSE", 0.5)
    with serving(lambda _: Answer(next(answers, 503))) as port:
        monkeypatch.setenv("STORAGE_CONNECTION_STRING", account(port))
        assert ocellus("backup", "a folder") == FAILED
    told = capsys.readouterr().err
    assert "Storage does not answer; try again in a moment." in told
    assert "Run it again, it goes on where it was: ocellus backup 'a folder'" in told


def test_one_that_refuses_is_not_asked_again(monkeypatch, capsys):
    with serving(lambda _: Answer(403)) as port:
        monkeypatch.setenv("STORAGE_CONNECTION_STRING", account(port))
        assert ocellus("audit") == FAILED
    told = capsys.readouterr().err
    assert "Storage refuses access" in told
    assert "Run it again" not in told
