"""The workflows: they hold no secret, hand no input to a shell, and set what the parameters file reads."""

import re
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from cli.commands import app
from shared.settings import ROOT
from tests.environments import VERSIONS
from tests.infra.reading import BICEP

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# Known by azd, or by the deployment itself, or only sized in the file.
OTHERS = {"OCELLUS_CAMERA_DEPLOYED", "SERVICE_JOB_IMAGE_NAME"}

by_file = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def test_there_are_workflows():
    assert [path.name for path in WORKFLOWS] == ["check.yml", "deploy.yml", "publish-model.yml"]


@by_file
def test_a_workflow_needs_no_secret(path: Path):
    assert "secrets." not in path.read_text()


@by_file
def test_no_input_is_written_into_a_script(path: Path):
    scripts = re.findall(r"^( *)(?:- )?run: (.+?)(?=^\1\S|^ *- |\Z)", path.read_text(), re.MULTILINE | re.DOTALL)
    assert scripts
    assert [script for _, script in scripts if "${{" in script] == []


def test_every_version_of_python_that_is_deployed_is_tested():
    (tested,) = re.findall(r"python: \[(.+)\]", (ROOT / ".github/workflows/check.yml").read_text())
    assert re.findall(r"[\d.]+", tested) == list(VERSIONS)
    places = {
        "infra/bicep/modules/function-app.bicep": r"runtime: \{ name: 'python', version: '([\d.]+)'",
        "training_job/Dockerfile": r"^ARG PYTHON=python:(\d+\.\d+)",
        ".github/workflows/publish-model.yml": r"python-version: \"([\d.]+)\"",
        "local/setup.sh": r"for python in python([\d.]+)",
        "pyproject.toml": r"^requires-python = \">=([\d.]+)\"",
    }
    named = {place: re.findall(found, (ROOT / place).read_text(), re.MULTILINE) for place, found in places.items()}
    assert {place for place, versions in named.items() if not versions or not set(versions) <= set(VERSIONS)} == set()


def test_a_deployment_sets_what_the_parameters_read():
    wanted = set(re.findall(r"readEnvironmentVariable\('(\w+)'", (BICEP / "main.bicepparam").read_text()))
    given = set(re.findall(r"^      (\w+): \$", (ROOT / ".github/workflows/deploy.yml").read_text(), re.MULTILINE))
    assert wanted - OTHERS <= given


def test_the_gate_is_called_with_its_own_arguments():
    text = (ROOT / ".github/workflows/publish-model.yml").read_text()
    (called,) = re.findall(r"\./ocellus gate (.+) \|", text)
    options = re.findall(r"--\w+", called)
    commands = get_command(app)
    assert isinstance(commands, TyperGroup)
    known = {option for parameter in commands.commands["gate"].params for option in parameter.opts}
    assert len(options) == 4
    assert set(options) <= known
