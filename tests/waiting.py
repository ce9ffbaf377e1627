"""What the sample app's functions left behind, and waiting: for it, and for what else comes about."""

import time
from collections.abc import Callable

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient, LinearRetry

SHORTEST, LONGEST = 0.02, 0.5


class Traces:
    """The blobs of the container `traces`, none of which is ever written again: each is read once."""

    def __init__(self, connection_string: str) -> None:
        self._container = ContainerClient.from_connection_string(
            connection_string, "traces", retry_policy=LinearRetry(backoff=1)
        )
        self._read: dict[str, str] = {}

    def of(self, name: str) -> list[str]:
        """What the function wrote under this name, the oldest first."""
        try:
            blobs = sorted(blob.name for blob in self._container.list_blobs(name_starts_with=f"{name}/"))
            return [self._text(blob) for blob in blobs]
        except ResourceNotFoundError:
            return []

    def _text(self, blob: str) -> str:
        if blob not in self._read:
            self._read[blob] = self._container.download_blob(blob).readall().decode()
        return self._read[blob]


def wait_for(done: Callable[[], bool], seconds: float = 60.0, longest: float = LONGEST) -> None:
    """Return when it holds; fail after so many seconds. Asks ever more rarely, as each question takes milliseconds."""
    began = time.monotonic()
    while not done():
        waited = time.monotonic() - began
        assert waited < seconds, f"not so after {seconds} s"
        time.sleep(min(max(SHORTEST, waited / 8), longest))
