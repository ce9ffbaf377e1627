"""The platform's worker may bring an azure.functions of its own: the three apps run with an older one too."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from function_app import MODULES, build
from local import azurite
from local.host.functions import index
from shared.settings import ROOT, child_environment
from tests.environments import install

OLDEST = "1.24.0"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the apps answer with the oldest azure.functions in place of ours."""
    folder = tmp_path_factory.mktemp("oldest")
    # What it needs is there already, at our versions.
    install(Path(sys.executable), "--target", str(folder), "--no-deps", f"azure-functions=={OLDEST}", cwd=folder)
    with azurite.running() as connection_string:
        environment = {
            "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
            "STORAGE_CONNECTION_STRING": connection_string,
            "TRAINING_KEY_1": "training",
            "PREDICTION_KEY_1": "prediction",
            "LAUNCHER": "process",
        }
        command = [sys.executable, "-P", str(ROOT / "tests" / "functions" / "worker.py")]
        done = subprocess.run(
            command, env=child_environment(**environment), cwd=folder, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_every_function_is_indexed(told):
    assert told["version"] == OLDEST
    assert {name: set(answers) for name, answers in told["answers"].items()} == {
        name: {function.name for function in index(build(name))} for name in MODULES
    }


@pytest.mark.parametrize("name", MODULES)
def test_every_function_answers(told, name):
    kinds = {function.name: function.trigger.type for function in index(build(name))}
    failed = {
        called: answer
        for called, answer in told["answers"][name].items()
        if (kinds[called] != "httpTrigger" and answer is not None)
        or (kinds[called] == "httpTrigger" and answer not in (200, 400, 404))
    }
    assert failed == {}


def test_calls_reach_what_they_call(told):
    answers = told["answers"]["training"]
    assert (answers["training_get_domains"], answers["training_get_projects"], answers["openapi"]) == (200, 200, 200)
    assert answers["training_get_project"] == 404
