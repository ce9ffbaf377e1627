"""The deployment package: what is in it, and that it serves with the packages of requirements.txt alone."""

import json
import subprocess
import sysconfig
import zipfile
from http.client import HTTPConnection
from pathlib import Path

import pytest

from cli import package
from cli.faults import FAILED
from local.azurite import free_ports, is_free
from local.service import RESOURCE_ID
from shared.models.workspace.projects import ProjectOptions
from shared.operations.serving import publish
from shared.operations.workspace import projects
from shared.packages.platforms import offered
from shared.settings import ROOT, child_environment
from tests.commands import ocellus
from tests.environments import THIS, VERSIONS, install, interpreter, make_environment
from tests.functions.service.calling import call_all, check_all
from tests.pictures import rectangles
from tests.prediction.detectors import put_detector
from tests.prediction.graphs import DETECTION_DOMAIN
from tests.wheels import pack

# What the local host brings beside the app's own packages.
HOST_ONLY = {"local", "uvicorn", "uvloop", "httptools", "click", "h11"}


@pytest.fixture(scope="module")
def packaged(tmp_path_factory, built):
    path = tmp_path_factory.mktemp("package") / "ocellus.zip"
    package.write(path)
    return path


def names(path):
    with zipfile.ZipFile(path) as file:
        return file.namelist()


def test_the_package_has_what_the_functions_run_and_nothing_else(packaged):
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    rooms = ("functions/", "shared/")
    single = {"function_app.py", "host.json", "requirements.txt", "LICENSE", "portal/dist/index.html"}
    expected = {name for name in tracked.stdout.splitlines() if name.startswith(rooms)} | single
    assert expected <= set(names(packaged))
    roots = {name.split("/")[0] for name in names(packaged)}
    assert roots == {"functions", "shared", "portal", *single} - {"portal/dist/index.html"}
    assert {name.split("/")[1] for name in names(packaged) if name.startswith("portal/")} == {"dist"}
    assert not [name for name in names(packaged) if "__pycache__" in name]


def test_the_same_content_makes_the_same_package(packaged, tmp_path):
    package.write(tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == packaged.read_bytes()


def test_the_command_says_what_it_wrote(capsys, tmp_path):
    path = tmp_path / "ocellus.zip"
    assert ocellus("package", str(path), "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {"file": str(path), "files": len(names(path)), "size": path.stat().st_size}
    assert ocellus("package", str(path)) == 0
    assert capsys.readouterr().out.startswith(f"{path}: {said['files']} files, ")


def test_a_place_that_cannot_be_written_is_said(capsys, tmp_path):
    (tmp_path / "file").touch()
    assert ocellus("package", str(tmp_path / "file" / "ocellus.zip")) == FAILED
    assert "can't be written" in capsys.readouterr().err


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    return pack(tmp_path_factory.mktemp("package") / "wheels", ROOT / "requirements.txt")


@pytest.fixture(scope="module", params=VERSIONS)
def unpacked(request, packaged, wheels, tmp_path_factory):
    """The package's folder, an interpreter that has its requirements, and where the packages of the host are.

    Takes as long as pip installs them; where it is another Python, from an index what is compiled.
    """
    folder, clean = tmp_path_factory.mktemp("unpacked"), tmp_path_factory.mktemp("clean")
    with zipfile.ZipFile(packaged) as file:
        file.extractall(folder)
    base = interpreter(request.param)
    if base is None:
        pytest.skip(f"there is no Python {request.param}")
    python = make_environment(clean, base)
    if request.param == THIS:
        install(python, "-r", "requirements.txt", cwd=folder, wheels=wheels)
        return folder, python, sysconfig.get_path("purelib")
    install(python, "--no-deps", *wheels.compiled, cwd=folder)
    install(python, "-r", "requirements.txt", cwd=folder, wheels=wheels)
    install(python, "--target", str(clean / "host"), "-r", str(ROOT / "local" / "requirements.txt"), cwd=folder)
    return folder, python, clean / "host"


@pytest.fixture
def project(store, settings):
    """One whose detector is published as `colours`."""
    project = projects.create_project(
        store,
        settings.limits,
        name="packaged",
        description=None,
        domain_id=DETECTION_DOMAIN,
        classification_type=None,
        target_export_platforms=[],
        options=ProjectOptions(),
    )
    iteration = put_detector(store, project.id)
    publish.publish_iteration(
        store, project.id, iteration.id, publish_name="colours", prediction_id=RESOURCE_ID, overwrite=False
    )
    return project


def test_the_package_serves_predictions_with_its_requirements_alone(unpacked, project, azurite, tmp_path, eventually):
    folder, python, site = unpacked
    (port,) = free_ports(1)
    settings = {"SERVICES": "prediction", "STORAGE_CONNECTION_STRING": azurite, "PREDICTION_KEY_1": "key"}
    note = tmp_path / "modules.json"
    command = [python, ROOT / "tests" / "cli" / "hosting.py", note, ROOT, site, str(port)]
    with subprocess.Popen(command, cwd=folder, env=child_environment(**settings)) as host:
        try:
            # Nothing of its packages is compiled yet.
            eventually(lambda: not is_free(port) or host.poll() is not None, 60)
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            path = f"/customvision/v3.1/prediction/{project.id}/detect/iterations/colours/image/nostore"
            headers = {"Prediction-Key": "key", "Content-Type": "application/octet-stream"}
            connection.request("POST", path, rectangles({"red": (0.125, 0.25, 0.25, 0.5)}), headers)
            reply = connection.getresponse()
            found = json.loads(reply.read())
            connection.close()
        finally:
            host.terminate()
        assert host.wait(20) == 0
    assert (reply.status, [each["tagName"] for each in found["predictions"]]) == (200, ["red"])

    modules = {name: Path(file) for name, file in json.loads(note.read_text()).items()}
    assert modules["shared"].is_relative_to(folder)
    del modules["__main__"], modules["__mp_main__"]
    foreign = {name.split(".")[0] for name, file in modules.items() if file.is_relative_to(ROOT)}
    assert foreign <= HOST_ONLY
    assert not {"torch", "tests", "training_job"} & {name.split(".")[0] for name in modules}


def test_every_function_answers_with_its_requirements_alone(unpacked):
    folder, python, _ = unpacked
    check_all(call_all(python, folder))


EXPORT = """
import json, zipfile
from datetime import UTC, datetime
from io import BytesIO
from uuid import UUID, uuid4
from onnx import TensorProto, helper
from shared.models.training.exports import ExportRecord
from shared.models.training.model_spec import ModelSpec, ModelTag
from shared.models.training.preprocessing import Preprocessing
from shared.models.workspace.domains import DomainType
from shared.packages.packing import package
from shared.packages.platforms import LINES
nodes = [helper.make_node("GlobalAveragePool", ["data"], ["mean"]), helper.make_node("Flatten", ["mean"], ["colour"]),
         helper.make_node("Softmax", ["colour"], ["model_output"], axis=1)]
values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
          for name, shape in (("data", [1, 3, 8, 8]), ("model_output", [1, 3]))]
graph = helper.make_graph(nodes, "colours", values[:1], values[1:])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()
ids, time, compact = (uuid4(), uuid4()), datetime.now(UTC), UUID("0732100f-1a38-4e49-a514-c9b44c697ab5")
tags = [ModelTag(uuid4(), name) for name in ("red", "green", "blue")]
spec = ModelSpec(*ids, compact, DomainType.CLASSIFICATION, None, tags, Preprocessing(8, 8), time)
for line in LINES:
    data = package(ExportRecord(uuid4(), *ids, line.platform, line.flavor), spec, model)
    print(json.dumps([line.platform, line.model, zipfile.ZipFile(BytesIO(data)).namelist()]))
"""


def test_a_model_is_exported_to_each_platform_with_its_requirements_alone(unpacked):
    folder, python, _ = unpacked
    ended = subprocess.run([python, "-c", EXPORT], cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    packages = [json.loads(line) for line in ended.stdout.splitlines()]
    assert {platform for platform, _, _ in packages} == set(offered())
    assert all({model, "cvexport.manifest", "LICENSE"} <= set(names) for _, model, names in packages)
    assert any("CSharp/Predict.csproj" in names for _, _, names in packages)
