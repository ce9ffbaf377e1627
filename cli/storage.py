"""The storage of an installation, as the environment names it."""

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import ValidationError

from cli.faults import CommandError
from shared.settings import Settings
from shared.storage.account.store import Store


@contextmanager
def opened_store() -> Iterator[tuple[Settings, Store]]:
    """Raises CommandError where the environment names none."""
    try:
        settings = Settings.read()
    except ValidationError as fault:
        raise CommandError(f"a setting of the environment does not fit: {fault}") from fault
    if not settings.storage_connection_string and not settings.storage_account:
        raise CommandError(
            "set STORAGE_CONNECTION_STRING (as `. .local/ocellus.env` does for ./run) or, in Azure, STORAGE_ACCOUNT."
        )
    try:
        store = Store.open(settings)
    except ValueError as fault:
        raise CommandError(f"STORAGE_CONNECTION_STRING or STORAGE_ACCOUNT does not fit: {fault}") from fault
    try:
        yield settings, store
    finally:
        store.close()
