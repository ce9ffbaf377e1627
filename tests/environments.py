"""Virtual environments that hold what a requirements file names and nothing else."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from tests.wheels import Wheels

# What everything runs on. The newer ones are there for the day on which the older one ends.
VERSIONS = ("3.11", "3.12")
THIS = f"{sys.version_info.major}.{sys.version_info.minor}"


def interpreter(version: str) -> Path | None:
    """A Python of that version, with which environments can be made; None where there is none at hand."""
    if version == THIS:
        return Path(sys.executable)
    command = [f"python{version}", "-c", "import sys, venv, ensurepip; print(sys.executable)"]
    # Where pyenv has several versions, a name is a shim that starts the one that is chosen.
    environment = {**os.environ, "PYENV_VERSION": version}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return Path(done.stdout.strip())


def make_environment(folder: Path, base: Path | None = None) -> Path:
    """The interpreter of a new one. It is without pip: that of this interpreter installs into it."""
    subprocess.run([base or sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python"


def pip(python: Path) -> list[str]:
    """The command that sees to that interpreter's packages."""
    return [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]


def pip_command(python: Path) -> None:
    """Put `pip` beside that interpreter, for scripts that call it by its name."""
    command = python.with_name("pip")
    command.write_text(f'#!/bin/sh\nexec {shlex.join(pip(python))} "$@"\n')
    command.chmod(0o755)


def install(python: Path, *arguments: str, cwd: Path, wheels: Wheels | None = None) -> None:
    """From the `wheels` alone where they are given."""
    # Python compiles what is imported; the rest would take a third of an installation's time. What pip would warn of
    # takes a fifth, and is no error.
    command = [*pip(python), "install", "--quiet", "--no-compile", "--no-warn-conflicts", *arguments]
    environment = {**os.environ, **(wheels.environment if wheels else {})}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
