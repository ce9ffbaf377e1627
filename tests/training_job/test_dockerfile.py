"""The training job's image, as far as it shows without a container: what its Dockerfile copies, installs and converts
makes a folder and an environment in which its entry command trains.
"""

import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path

import pytest

from shared import launcher
from shared.models.messages.jobs import AnyJob, TrainJob, to_environment
from shared.models.training.iterations import Iteration, IterationStatus, Launched, TrainingParameters, TrainingType
from shared.models.workspace.domains import GENERAL
from shared.models.workspace.images import GivenFile, ImageFileCreateBatch, ImageFileCreateEntry
from shared.models.workspace.projects import ProjectOptions
from shared.operations.training import train
from shared.operations.workspace import projects, tags, uploads
from shared.settings import ROOT, Settings
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.training import iterations
from tests import dockerfile
from tests.environments import make_environment, pip, pip_command
from tests.learning.scenes import drawn
from tests.wheels import pack

DOCKERFILE = ROOT / "training_job" / "Dockerfile"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("image")


@pytest.fixture(scope="module")
def context(folder: Path) -> Path:
    """What .dockerignore lets through."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    context = folder / "context"
    context.mkdir()
    for name in (line.removeprefix("!") for line in lines if line.startswith("!")):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, context / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, context)
    return context


class Packages:
    """Those of a virtual environment. A stage that does not build upon the one before it is without what that added."""

    def __init__(self, python: Path) -> None:
        self.python = python
        self.shared: set[str] | None = None

    def names(self) -> set[str]:
        place = sysconfig.get_path("purelib", vars={"base": str(self.python.parents[1])})
        return {package.name for package in distributions(path=[place])}

    def begin_stage(self) -> None:
        present = self.names()
        if self.shared and (added := present - self.shared):
            self.pip("uninstall", "--yes", *added)
        elif present:
            self.shared = present

    def pip(self, *arguments: str) -> None:
        subprocess.run([*pip(self.python), *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def packages(folder: Path) -> Packages:
    python = make_environment(folder / "environment")
    pip_command(python)
    return Packages(python)


@pytest.fixture(scope="module")
def image(folder: Path, context: Path, packages: Packages) -> dockerfile.Stage:
    """Takes as long as pip writes torch into an environment."""
    named = ("requirements.txt", "training_job/requirements.txt", "training_job/backbones-requirements.txt")
    wheels = pack(folder / "wheels", *(ROOT / name for name in named))
    tools = dockerfile.Tools(packages.python.parent, wheels.environment)
    return dockerfile.build(DOCKERFILE, context, folder / "stages", tools, packages.begin_stage)


@pytest.fixture
def iteration(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iteration:
    """In training, with its dataset frozen by the train operation; its job is the test's to start."""
    project = projects.create_project(
        store,
        settings.limits,
        name="image",
        description=None,
        domain_id=GENERAL,
        classification_type="Multiclass",
        target_export_platforms=[],
        options=ProjectOptions(),
    )
    for shape in ("disc", "stripes"):
        tag = tags.create_tag(store, settings.limits, project.id, name=shape, description=None, kind=None)
        pictures = [GivenFile(ImageFileCreateEntry(drawn(shape, seed))) for seed in range(6)]
        batch = ImageFileCreateBatch(images=pictures, tag_ids=[tag.id])
        uploads.create_images_from_files(store, settings, project.id, batch)
    monkeypatch.setattr(launcher, "launch", lambda *_: Launched("the test's", "the test's"))
    return train.train_project(
        store,
        settings,
        project.id,
        training_type=TrainingType.REGULAR,
        reserved_budget_in_hours=0,
        force_train=False,
        notification_email_address=None,
        parameters=TrainingParameters(),
    )


def test_the_base_and_every_package_is_pinned_and_the_user_is_not_root() -> None:
    lines = list(dockerfile.instructions(DOCKERFILE))
    (base,) = [rest for word, rest in lines if word == "ARG" and rest.startswith("PYTHON=")]
    version, _, system = base.partition(":")[2].partition("-")
    assert (len(version.split(".")), system) == (3, "slim-bookworm")
    assert int([rest for word, rest in lines if word == "USER"][-1]) > 0
    for path in (ROOT / "training_job").glob("*requirements.txt"):
        named = [line for line in path.read_text().splitlines() if not line.startswith(("#", "-r "))]
        assert all("==" in line for line in named), path


def test_the_image_is_without_what_only_its_making_needs(image: dockerfile.Stage, packages: Packages) -> None:
    assert not [name for name in packages.names() if name.startswith("efficientnet")]
    assert sorted(path.name for path in image.folder.iterdir()) == [
        "LICENSE",
        "backbones",
        "requirements.txt",
        "shared",
        "training_job",
    ]
    assert len(list((image.folder / "backbones").glob("*.onnx"))) > 1


def contents(image: dockerfile.Stage) -> dict[Path, int]:
    """When each file was written; not those that Python keeps to itself, where it may."""
    files = (path for path in image.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path: path.stat().st_mtime_ns for path in files}


@pytest.fixture
def enter(image: dockerfile.Stage, packages: Packages, settings: Settings) -> Callable[[AnyJob], None]:
    """Run the entry command, with the environment that the image and the launcher give it, and no more: nor a home."""
    command = [str(packages.python.parent / image.entrypoint[0]), *image.entrypoint[1:]]

    def run(job: AnyJob) -> None:
        environment = (
            image.environment
            | to_environment(job)
            | {
                "PATH": str(packages.python.parent),
                "HOME": "/nonexistent",
                "STORAGE_CONNECTION_STRING": settings.storage_connection_string,
            }
        )
        done = subprocess.run(command, cwd=image.folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]

    return run


def test_the_entry_command_trains_and_leaves_the_image_as_it_is(
    image: dockerfile.Stage, enter: Callable[[AnyJob], None], store: Store, iteration: Iteration
) -> None:
    ids, before = (iteration.project_id, iteration.id), contents(image)
    enter(TrainJob(*ids))
    ended = iterations.get(store, *ids).iteration
    assert (ended.status, ended.training_error_details) == (IterationStatus.COMPLETED, None)
    assert blobs.model_read(store, *ids, "model.onnx")
    assert contents(image) == before
