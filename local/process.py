"""A child process of `./run`, from its start to its end, as its parent sees it."""

import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from local.azurite import is_free
from shared.settings import ROOT, child_environment

START_SECONDS = 120.0
STOP_SECONDS = 20.0


class StartError(Exception):
    """The service can't start; the message says why and what to do."""


class Process:
    """Can be killed and launched again. Its output goes to `log`, or without one to where this process's goes."""

    def __init__(self, name: str, log: Path | None) -> None:
        self._name, self._log = name, log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """None where it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def launch(self, *command: str, **environment: str) -> None:
        log = self._log.open("ab") if self._log else None
        try:
            # A session of its own, so that Ctrl-C reaches this process alone, which ends the others in order.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=child_environment(**environment),
                start_new_session=True,
            )
        finally:
            if log:
                log.close()

    def go(self, port: int) -> None:
        """Tell it that storage is there, and wait until it listens. Raises StartError."""
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(b"go\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            self._process.wait()
        deadline = time.monotonic() + START_SECONDS
        while is_free(port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self._log.read_text(errors="replace")[-2000:] if self._log else ""
                code = self._process.poll()
                raise StartError(f"The {self._name} did not start (exit code {code}). {said}".rstrip())
            time.sleep(0.02)

    def end(self) -> None:
        """Let it finish what is under way, for some seconds."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin:
            # What a child that died early did not read is still in the buffer.
            with suppress(BrokenPipeError):
                self._process.stdin.close()

    def kill(self) -> None:
        """As a crash would end it."""
        if self._process:
            self._process.kill()
            self.end()
