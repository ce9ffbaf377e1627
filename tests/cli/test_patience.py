"""A service that is busy or away: waited for, told of on stderr, and given up with the way to go on."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Event, Thread, Timer

import pytest

from cli import client, patience
from cli.faults import Away, Interrupted
from cli.migrate.service import Service
from cli.patience import BRIEF_TRIES, INTERRUPTED, TRIES
from local.azurite import free_ports
from shared.settings import ClientSettings
from tests.commands import ocellus
from tests.servers import Answer, Request, Respond, serving

PROJECTS = Answer(body=b"[]", headers={"Content-Type": "application/json"})


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited for, which takes no time."""
    waited: list[float] = []
    monkeypatch.setattr(patience, "pause", waited.append)
    return waited


@pytest.fixture
def served() -> Iterator[Callable[[Respond], Service]]:
    with ExitStack() as stack:
        yield lambda respond: Service("it", f"http://127.0.0.1:{stack.enter_context(serving(respond))}", "key")


def went_away() -> Service:
    """One that has answered once, and no more."""
    with serving(lambda _: PROJECTS) as port:
        service = Service("it", f"http://127.0.0.1:{port}", "key")
        assert service.projects() == []
    # The connection that is kept is of a thread that goes on answering.
    service._pool.clear()
    return service


def test_one_that_went_away_is_told_of_at_once_and_given_up_in_the_end(pauses, capsys):
    service = went_away()
    with pytest.raises(Away, match="can't be reached"):
        service.projects()
    assert len(pauses) == TRIES
    assert 400 < sum(pauses) < 600
    [said] = capsys.readouterr().err.splitlines()
    assert said.startswith(f"ocellus: {service.endpoint} can't be reached; the next try is in ")


def test_it_goes_on_where_the_service_is_back(monkeypatch, capsys):
    service, waited = went_away(), []
    port = int(service.endpoint.rpartition(":")[2])
    with ExitStack() as stack:

        def back(seconds: float) -> None:
            waited.append(seconds)
            if len(waited) == 3:
                stack.enter_context(serving(lambda _: PROJECTS, port=port))

        monkeypatch.setattr(patience, "pause", back)
        assert service.projects() == []
    assert len(waited) == 3
    assert capsys.readouterr().err.splitlines()[-1] == f"ocellus: {service.endpoint} answers again."


def test_one_that_never_answered_is_given_up_soon(pauses):
    (port,) = free_ports(1)
    with pytest.raises(Exception, match="can't be reached; does the service run, and is that its address"):
        Service("it", f"http://127.0.0.1:{port}", "key").projects()
    assert len(pauses) == BRIEF_TRIES


def test_a_long_pause_that_it_asks_for_is_told_and_a_short_one_is_not(served, pauses, capsys):
    said = iter(["1", "0", "77", None])

    def respond(_: Request) -> Answer:
        after = next(said)
        return Answer(429, headers={"Retry-After": after}) if after else PROJECTS

    assert served(respond).projects() == []
    assert pauses[0] == 1
    assert pauses[2] == 77
    [said, _] = capsys.readouterr().err.splitlines()
    assert said.endswith("is busy (429); the next try is in 77 s.")


def test_a_call_that_takes_long_is_told_of(served, monkeypatch, capsys):
    monkeypatch.setattr(patience, "LATE_SECONDS", 0.05)
    told = Event()

    class Listening(patience.Watch):
        def _tell(self, text: str) -> None:
            super()._tell(text)
            told.set()

    monkeypatch.setattr("cli.migrate.service.Watch", Listening)

    def respond(_: Request) -> Answer:
        assert told.wait(30)
        return PROJECTS

    assert served(respond).projects() == []
    assert "has not answered for 0 s" in capsys.readouterr().err


def test_ctrl_c_ends_pauses_and_says_how_to_go_on(monkeypatch, tmp_path, capsys):
    ended: list[bool] = []

    def other() -> None:
        with pytest.raises(Interrupted):
            patience.pause(3_000)
        ended.append(True)

    def respond(_: Request) -> Answer:
        Timer(0.1, os.kill, [os.getpid(), signal.SIGINT]).start()
        return Answer(429, headers={"Retry-After": "3000"})

    thread = Thread(target=other)
    thread.start()
    with serving(respond) as port:
        monkeypatch.setenv("SOURCE_TRAINING_ENDPOINT", f"http://127.0.0.1:{port}")
        assert ocellus("migrate", "Nuts & Bolts", "--key", "secret", "--folder", str(tmp_path)) == INTERRUPTED
    thread.join(30)
    assert ended
    said = capsys.readouterr().err
    again = f"ocellus migrate 'Nuts & Bolts' --key ... --folder {tmp_path}"
    assert said.endswith(f"ocellus: ended by Ctrl-C.\nRun it again, it goes on where it was: {again}\n")


def test_clients_of_the_sdk_wait_too(pauses, capsys):
    with serving(lambda _: PROJECTS) as port:
        endpoint = f"http://127.0.0.1:{port}"
        trainer = client.connect(ClientSettings(vision_training_endpoint=endpoint, vision_training_key="key"))
        assert trainer.get_projects() == []
    trainer.close()
    with pytest.raises(Away, match="can't be reached"):
        trainer.create_project("bench")
    assert len(pauses) == TRIES
    assert f"ocellus: {endpoint} can't be reached; the next try is in " in capsys.readouterr().err
