"""How long a request to storage may take that nobody answers."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from uuid import uuid4

import pytest

from shared.errors import ProjectNotFound, ServiceUnavailable
from shared.settings import Settings
from shared.storage.account import blobs, transport
from shared.storage.account.store import Store
from shared.storage.workspace import projects
from tests.storage.making import new_project


@pytest.fixture
def hanging() -> Iterator[Store]:
    """A storage account that takes connections and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/account"
        ends = [f"{service}Endpoint={address}" for service in ("Blob", "Queue", "Table")]
        store = Store.open(Settings(storage_connection_string=";".join(["AccountName=account;AccountKey=a2V5", *ends])))
        yield store
        store.close()


def test_storage_that_hangs_holds_nobody_for_long(hanging: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "SEND_SECONDS", 1.5)
    monkeypatch.setattr(transport, "SHORTEST_TRY", 0.5)
    for call in (
        lambda: projects.get(hanging, uuid4()),
        lambda: blobs.read(hanging, "models", "name"),
        lambda: blobs.write(hanging, "models", "name", b"data"),
    ):
        began = time.monotonic()
        with pytest.raises(ServiceUnavailable, match="does not answer"):
            call()
        assert 1 < time.monotonic() - began < 3


def test_whoever_waits_for_less_is_answered_sooner(hanging: Store) -> None:
    began = time.monotonic()
    with transport.patience(2), pytest.raises(ServiceUnavailable):
        projects.get(hanging, uuid4())
    assert time.monotonic() - began < transport.READ_SECONDS


def test_nothing_is_sent_for_whoever_no_longer_waits(store: Store) -> None:
    project = new_project()
    with transport.patience(transport.SHORTEST_TRY / 2), pytest.raises(ServiceUnavailable):
        projects.insert(store, project)
    with pytest.raises(ProjectNotFound):
        projects.get(store, project.id)
    with transport.patience(60):
        projects.insert(store, project)


@pytest.mark.parametrize("pool", ["threads", "bulk"])
def test_nothing_is_sent_by_threads_that_work_for_whoever_no_longer_waits(store: Store, pool: str) -> None:
    made = [new_project() for _ in range(3)]
    insert_all = partial(getattr(store, pool).map, partial(projects.insert, store), made)
    with transport.patience(transport.SHORTEST_TRY / 2), pytest.raises(ServiceUnavailable):
        list(insert_all())
    assert not any(projects.exists(store, project.id) for project in made)
    list(insert_all())
    assert all(projects.exists(store, project.id) for project in made)
