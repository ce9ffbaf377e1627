"""`python -m shared.launcher.child {module}`: runs a job's module, and ends it when its parent is gone."""

import os
import runpy
import signal
import sys
from threading import Thread

NICENESS = 10


def main(module: str) -> None:
    os.nice(NICENESS)
    Thread(target=_end_with_parent, daemon=True).start()
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    """The parent never writes to our stdin; it closes when the parent wants us to end, or ends, however that came."""
    os.read(sys.stdin.fileno(), 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1])
