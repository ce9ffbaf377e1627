"""Ties a child to its parent: the parent holds the other end of the child's stdin, however it may end."""

import os
import signal
import sys
import threading


def wait_for_go() -> None:
    """Return when the parent sends its line; end at once if it is gone."""
    if not sys.stdin.buffer.readline():
        raise SystemExit("The process that started this one has ended.")


def end_with_parent() -> None:
    """Send this process SIGTERM when the parent's end of stdin closes."""
    threading.Thread(target=_watch, name="leash", daemon=True).start()


def _watch() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
