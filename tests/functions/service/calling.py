"""Has an interpreter of an environment of its own call every function of the three apps: see worker.py."""

import subprocess
from pathlib import Path

import msgspec
from msgspec import Struct

from function_app import MODULES, build
from local import azurite
from local.host.functions import index
from shared.settings import ROOT, child_environment

REFUSALS = (400, 404)


class Called(Struct, frozen=True):
    """The version of azure.functions, and by app and function what came of the call: an HTTP status, or a fault."""

    version: str
    answers: dict[str, dict[str, int | str | None]]


def call_all(python: Path, *first: Path) -> Called:
    """Its packages are the interpreter's own; those of `first` come before them."""
    with azurite.running() as connection_string:
        environment = {
            "PYTHONPATH": ":".join(map(str, [*first, ROOT])),
            "STORAGE_CONNECTION_STRING": connection_string,
            "TRAINING_KEY_1": "training",
            "PREDICTION_KEY_1": "prediction",
            "LAUNCHER": "process",
        }
        command = [str(python), "-P", str(ROOT / "tests" / "functions" / "service" / "worker.py")]
        done = subprocess.run(command, env=child_environment(**environment), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return msgspec.json.decode(done.stdout, type=Called)


def check_all(called: Called) -> None:
    """Every function that is here was indexed there, and answered as it should to one who asks for what isn't there."""
    for name in MODULES:
        kinds = {function.name: function.trigger.type for function in index(build(name))}
        answers = called.answers[name]
        assert set(answers) == set(kinds)
        asked = {each: answer for each, answer in answers.items() if kinds[each] == "httpTrigger"}
        assert {each: answer for each, answer in asked.items() if answer not in (200, *REFUSALS)} == {}
        assert {each: answer for each, answer in answers.items() if each not in asked and answer is not None} == {}
    training = called.answers["training"]
    assert (training["training_get_domains"], training["training_get_projects"], training["openapi"]) == (200, 200, 200)
    assert training["training_get_project"] == 404
