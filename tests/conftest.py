"""Fixtures that stack: Azurite for the session, a store on it, the running service, its two clients."""

from collections.abc import Iterator

import pytest

from local import azurite as local_azurite
from shared.settings import Settings
from shared.storage.store import Store


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """The connection string of an Azurite that lives as long as the test session."""
    with local_azurite.running() as connection_string:
        yield connection_string


@pytest.fixture(scope="session")
def settings(azurite: str) -> Settings:
    return Settings(storage_connection_string=azurite, launcher="process", allow_private_urls=True)


@pytest.fixture(scope="session")
def store(settings: Settings) -> Store:
    """Shared by all tests; each works in a project of its own."""
    store = Store.open(settings)
    store.provision()
    return store
