"""The storage of an installation, as the environment names it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from msgspec import ValidationError

from cli.faults import CommandError
from cli.patience import Watch, pause
from shared.errors import AccessRefused, ServiceUnavailable
from shared.settings import Settings
from shared.storage.account.store import Store
from shared.storage.account.transport import lasting

# A connection that breaks once is nothing strange.
BRIEF_SECONDS = 1.0


@contextmanager
def opened_store() -> Iterator[tuple[Settings, Store]]:
    """From now on what does not answer is waited for. Raises CommandError where the environment names no storage, or
    one that does not answer from the start.
    """
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
        _require_answer(store)
        with lasting(partial(_wait, Watch())):
            yield settings, store
    finally:
        store.close()


def _require_answer(store: Store) -> None:
    try:
        store.containers["catalog"].exists()
    except AccessRefused:
        raise
    except ServiceUnavailable as fault:
        raise CommandError(
            "storage does not answer; does it run, and does STORAGE_CONNECTION_STRING or STORAGE_ACCOUNT name it?"
        ) from fault


def _wait(watch: Watch, seconds: float) -> None:
    """Raises Interrupted."""
    watch.waits("storage", "does not answer", seconds, at_once=seconds > BRIEF_SECONDS)
    pause(seconds)
