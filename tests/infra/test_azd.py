"""azd: what azure.yaml asks of it, and the hook that adds the subscription once the function is there."""

import os
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from shared.settings import ROOT

PROJECT = msgspec.yaml.decode((ROOT / "azure.yaml").read_text())
HOOK = PROJECT["services"]["camera"]["hooks"]["postdeploy"]
BUILD = PROJECT["services"]["training"]["hooks"]["prepackage"]
SHELLS = {"posix": ["sh"], "windows": ["pwsh", "-NoProfile", "-File"]}
ENVIRONMENT = {
    "AZURE_SUBSCRIPTION_ID": "sub-1",
    "AZURE_RESOURCE_GROUP": "rg-one",
    "OCELLUS_CAMERA_APP": "func-camera-1",
}
OTHERS = "func-camera-1/camera_predict\nfunc-camera-1/camera_tidy"
# Each call is noted; the answers of az are used up one by one, and the last one stays.
STANDINS = {
    "az": 'echo "az $*" >>calls; [ -f answers/last ] || { echo "Please run az login" >&2; exit 1; }\n'
    "count=$(cat count); echo $((count + 1)) >count\n"
    'file=answers/$count; [ -f "$file" ] || file=answers/last; cat "$file"',
    "azd": 'echo "azd $*" >>calls',
    "sleep": "echo slept >>calls",
}

by_system = pytest.mark.parametrize("system", ["posix", "windows"])


def run_hook(folder: Path, system: str, *answers: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """What the hook ends with where az lists these functions, call by call, and the calls that it makes."""
    if not shutil.which(SHELLS[system][0]):
        pytest.skip(f"there is no {SHELLS[system][0]} on PATH")
    for name, script in STANDINS.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\ncd {folder} || exit 2\n{script}\n")
        path.chmod(0o755)
    (folder / "answers").mkdir()
    (folder / "count").write_text("0")
    for number, answer in enumerate(answers):
        (folder / "answers" / str(number)).write_text(answer + "\n")
    if answers:
        (folder / "answers" / "last").write_text(answers[-1] + "\n")
    environment = {**os.environ, **ENVIRONMENT, "PATH": f"{folder}:{os.environ['PATH']}"}
    command = [*SHELLS[system], str(ROOT / HOOK[system]["run"])]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    return done, (folder / "calls").read_text().splitlines()


def test_azd_is_one_that_keeps_to_the_file() -> None:
    assert PROJECT["requiredVersions"] == {"azd": ">= 1.24.3"}
    assert "1.24.3" in (ROOT / "docs" / "deploy.md").read_text()


def test_the_hooks_are_before_the_page_is_packed_and_last_of_all() -> None:
    assert "hooks" not in PROJECT
    services = PROJECT["services"]
    hooks = {name: list(services[name]["hooks"]) for name in services if "hooks" in services[name]}
    assert hooks == {"training": ["prepackage"], "camera": ["postdeploy"]}
    assert set(services["camera"]["uses"]) == set(services) - {"camera"}


@by_system
@pytest.mark.parametrize("hook", [HOOK, BUILD], ids=["postdeploy", "prepackage"])
def test_there_is_a_hook_for_each_system(system: str, hook: dict[str, dict[str, str]]) -> None:
    assert (ROOT / hook[system]["run"]).is_file()
    assert hook[system]["shell"] == SHELLS[system][0]


def test_the_hook_before_packing_builds_the_page(built: None) -> None:
    done = subprocess.run(["sh", ROOT / BUILD["posix"]["run"]], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@by_system
def test_the_subscription_waits_for_its_function(system: str, tmp_path: Path) -> None:
    done, calls = run_hook(tmp_path, system, "", OTHERS, f"{OTHERS}\nfunc-camera-1/camera_preprocess\r")
    assert done.returncode == 0, done.stderr
    asked = [call for call in calls if call.startswith("az ")]
    assert len(asked) == 3
    assert set(asked) == {
        "az functionapp function list --subscription sub-1 --resource-group rg-one --name func-camera-1"
        " --query [].name --output tsv"
    }
    assert calls[-2:] == ["azd env set OCELLUS_CAMERA_DEPLOYED true", "azd provision --no-prompt"]
    assert calls.index("azd env set OCELLUS_CAMERA_DEPLOYED true") > max(map(calls.index, asked))


@pytest.mark.parametrize(
    "answers", [[OTHERS], ["func-camera-1/camera_preprocess_more"], []], ids=["others", "longer", "out"]
)
def test_nothing_is_provisioned_for_a_function_that_never_comes(answers: list[str], tmp_path: Path) -> None:
    done, calls = run_hook(tmp_path, "posix", *answers)
    assert done.returncode == 1
    assert "does not list camera_preprocess" in done.stderr
    assert ("az login" in done.stderr) == (not answers)
    assert not [call for call in calls if call.startswith("azd ")]
