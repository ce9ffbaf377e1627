"""Another instance of the running service, with app settings of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from local.azurite import free_ports, is_free
from shared.settings import ROOT, child_environment
from tests.waiting import wait_for


@contextmanager
def hosted(settings: dict[str, str]) -> Iterator[str]:
    """The address of an instance with these app settings."""
    port = free_ports(1)[0]
    command = [sys.executable, "-m", "local.host", f"--port={port}"]
    with subprocess.Popen(command, cwd=ROOT, env=child_environment(**settings)) as host:
        try:
            wait_for(lambda: not is_free(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            host.terminate()
