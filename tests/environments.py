"""Virtual environments that hold what a requirements file names and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

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


def make_environment(folder: Path, *arguments: str, cwd: Path, base: Path | None = None) -> Path:
    """The interpreter of a new one, after `pip install` with these arguments in `cwd`."""
    subprocess.run([base or sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    if arguments:
        install(python, *arguments, cwd=cwd)
    return python


def install(python: Path, *arguments: str, cwd: Path) -> None:
    # Python compiles what is imported; the rest would take a third of an installation's time.
    options = ["--quiet", "--disable-pip-version-check", "--no-compile"]
    command = [str(python), "-m", "pip", "install", *options, *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
