"""The storage account as a whole: provisioned, ready, out of reach, back again."""

import base64
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from local.azurite import Azurite
from shared.errors import ServiceUnavailable
from shared.settings import Settings
from shared.storage.account import transport
from shared.storage.account.store import Store
from shared.storage.workspace import images, projects
from tests.storage.making import add_images, add_tag, assert_consistent, new_project


def be_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loaded machine takes long to start Azurite."""
    monkeypatch.setattr(transport, "PAUSES", (0.2,) * 200)
    monkeypatch.setattr(transport, "SEND_SECONDS", 60.0)


def test_provisioning_can_be_repeated(store: Store) -> None:
    store.provision()
    store.provision()
    assert all(container.exists() for container in store.containers.values())


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Azurite, Store]]:
    """An Azurite that may be killed, and the store on it."""
    azurite = Azurite(tmp_path_factory.mktemp("azurite"))
    azurite.start()
    store = Store.open(Settings(storage_connection_string=azurite.connection_string))
    store.provision()
    yield azurite, store
    store.close()
    azurite.stop()


def test_a_lost_storage_account_is_unavailable_until_it_is_back(
    monkeypatch: pytest.MonkeyPatch, alone: tuple[Azurite, Store]
) -> None:
    azurite, store = alone
    project = new_project()
    projects.insert(store, project)
    azurite.stop()
    monkeypatch.setattr(transport, "PAUSES", (0.0, 0.1))
    for call in (lambda: projects.get(store, project.id), lambda: projects.insert(store, project)):
        with pytest.raises(ServiceUnavailable, match="does not answer"):
            call()
    be_patient(monkeypatch)
    restart = threading.Thread(target=azurite.start)
    restart.start()
    assert projects.get(store, project.id) == project
    restart.join()


def test_a_storage_account_killed_under_writers_holds_all_that_was_confirmed(
    monkeypatch: pytest.MonkeyPatch, alone: tuple[Azurite, Store]
) -> None:
    be_patient(monkeypatch)
    azurite, store = alone
    project = new_project()
    projects.insert(store, project)
    tag = add_tag(store, project.id)
    early = add_images(store, project.id, 20, [tag.id])
    uploads = threading.Thread(target=add_images, args=(store, project.id, 60, [tag.id]))
    uploads.start()
    azurite.kill()
    azurite.start()
    uploads.join()
    assert len(images.get_many(store, project.id, [image.id for image in early])) == len(early)
    assert_consistent(store, project.id)


def test_a_store_that_is_refused_access_says_so(azurite: str) -> None:
    key = base64.b64encode(b"another key").decode()
    wrong = ";".join(part for part in azurite.split(";") if not part.startswith("AccountKey")) + f";AccountKey={key}"
    store = Store.open(Settings(storage_connection_string=wrong))
    for call in (lambda: projects.list_all(store), lambda: projects.insert(store, new_project())):
        with pytest.raises(ServiceUnavailable, match="refuses access"):
            call()
    store.close()


def test_opening_a_store_by_connection_string_imports_no_identity() -> None:
    code = "import sys, shared.storage.workspace.images; sys.exit('azure.identity' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
