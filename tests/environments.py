"""Virtual environments that hold what a requirements file names and nothing else."""

import subprocess
import sys
from pathlib import Path


def make_environment(folder: Path, *arguments: str, cwd: Path) -> Path:
    """The interpreter of a new one, after `pip install` with these arguments in `cwd`."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
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
