"""Carries out a Dockerfile without a container: its files, its environment and its commands, in a folder and a virtual
environment. Users, file systems and what else of the system is in an image it can't show.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Template

from msgspec import Struct

from shared.settings import child_environment

# Where the image has its files, and what of an image is not a file of ours.
ROOM = "/app"
OF_THE_SYSTEM = ("useradd",)


class Tools(Struct, frozen=True):
    """What stands in for the base image: a virtual environment's commands, and what they need in their environment."""

    commands: Path
    environment: dict[str, str]


class Stage(Struct):
    folder: Path
    environment: dict[str, str]
    entrypoint: list[str] = []
    command: list[str] = []
    health: str = ""

    def mapped(self, text: str) -> str:
        return text.replace(ROOM, str(self.folder))


def instructions(path: Path) -> Iterator[tuple[str, str]]:
    lines = (line for line in path.read_text().splitlines() if not line.startswith("#"))
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line:
            word, _, rest = line.partition(" ")
            yield word, rest


def build(path: Path, context: Path, place: Path, tools: Tools, between: Callable[[], None]) -> Stage:
    """The last stage. Packages go into the environment of the tools, which all stages share: `between` is called as one
    begins, to take out what an image would leave behind.
    """
    stages: dict[str, Stage] = {}
    arguments: dict[str, str] = {}
    stage = Stage(place, {})
    for word, rest in instructions(path):
        rest = Template(rest).safe_substitute(arguments)
        match word:
            case "ARG":
                name, _, default = rest.partition("=")
                arguments[name] = default
            case "FROM":
                base, _, name = rest.partition(" AS ")
                between()
                stage = _begun(place / str(len(stages)), stages.get(base))
                stages[name or "last"] = stage
            case "ENV":
                pairs = (pair.split("=", 1) for pair in stage.mapped(rest).split())
                stage.environment.update((name, value) for name, value in pairs)
            case "COPY":
                _copy(rest.split(), context, stages, stage)
            case "RUN" if not rest.startswith(OF_THE_SYSTEM):
                _run(stage, rest, tools)
            case "ENTRYPOINT":
                stage.entrypoint = json.loads(rest)
            case "CMD":
                stage.command = json.loads(rest)
            case "HEALTHCHECK":
                stage.health = rest.removeprefix("CMD ")
            case "RUN" | "WORKDIR" | "USER" | "EXPOSE" | "STOPSIGNAL":
                pass
            case _:
                raise AssertionError(f"{word} is not carried out here; teach it.")
    return stage


def _begun(folder: Path, base: Stage | None) -> Stage:
    if base:
        shutil.copytree(base.folder, folder)
        return Stage(folder, dict(base.environment))
    folder.mkdir(parents=True)
    return Stage(folder, {})


def _copy(words: list[str], context: Path, stages: dict[str, Stage], stage: Stage) -> None:
    source = stage
    if words[0].startswith("--from="):
        source = stages[words.pop(0).removeprefix("--from=")]
        words[:-1] = [word.removeprefix(f"{ROOM}/") for word in words[:-1]]
    *names, target = words
    for name in names:
        found = (source.folder if source is not stage else context) / name
        into = stage.folder / target
        if found.is_dir():
            shutil.copytree(found, into, dirs_exist_ok=True)
        else:
            into.mkdir(parents=True, exist_ok=True)
            shutil.copy(found, into)


def _run(stage: Stage, command: str, tools: Tools) -> None:
    path = f"{tools.commands}:/usr/local/bin:/usr/bin:/bin"
    # Off: pip reads the value of an option that begins with "no" as that of what it negates.
    quick = {"PIP_NO_COMPILE": "off", "PIP_NO_WARN_CONFLICTS": "off"}
    environment = child_environment(**stage.environment, **tools.environment, **quick, PATH=path)
    done = subprocess.run(
        ["sh", "-ec", stage.mapped(command)], cwd=stage.folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-2000:]
