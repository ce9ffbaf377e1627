"""Fixtures that stack: Azurite for the session, a store on it, and the whole service with data of its own."""

import gc
import subprocess
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from local import azurite as local_azurite
from local.service import Options, Service, running
from shared.settings import ROOT, Settings
from shared.storage.account.store import Store
from tests.browsers import browser
from tests.waiting import wait_for
from tests.web import Web, opened

__all__ = ["browser"]

# The files that take longest, for packages, for trainings, or for processes that start and end. They begin first, so
# that at the end no worker goes through one of them while the others have nothing to do.
LONGEST = {
    ROOT / "tests" / name
    for name in (
        "cli/migrate/test_migrate.py",
        "cli/test_package.py",
        "exporting/test_coreml.py",
        "functions/edge/test_openapi.py",
        "functions/edge/test_raw.py",
        "functions/service/test_faults.py",
        "functions/service/test_quickstart_detection.py",
        "functions/training/test_advanced_training.py",
        "functions/training/test_iterations.py",
        "local/azurite/test_journal.py",
        "local/demo/test_detection.py",
        "local/eventgrid/test_eventgrid.py",
        "local/eventgrid/test_upload_events.py",
        "portal/test_boxes.py",
        "portal/test_counted.py",
        "portal/test_images.py",
        "portal/test_live.py",
        "portal/test_quickstarts.py",
        "storage/workspace/test_faults.py",
        "training_job/classification/test_advanced.py",
        "training_job/classification/test_fine_tuning.py",
        "training_job/detection/light/test_served_graph.py",
        "training_job/detection/light/test_train.py",
        "training_job/detection/test_detector_training.py",
        "training_job/detection/transformer/test_detector.py",
        "training_job/detection/transformer/test_training.py",
        "training_job/test_dockerfile.py",
    )
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--tensorflow", action="store_true", help="run exports by TensorFlow, which ./test installs for it"
    )


@pytest.fixture
def tensorflow(request: pytest.FixtureRequest) -> Path:
    """A Python that has TensorFlow, as `./test --tensorflow` makes it."""
    if not request.config.getoption("--tensorflow"):
        pytest.skip("only ./test --tensorflow asks for TensorFlow, which takes over 2 GB")
    return ROOT / ".local" / "tensorflow" / "bin" / "python"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays to the end: the garbage collector need not look through it, ever."""
    gc.disable()
    collected = yield
    gc.freeze()
    gc.enable()
    return collected


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    assert all(path.exists() for path in LONGEST)
    items.sort(key=lambda item: item.path not in LONGEST)


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """The connection string of an Azurite that lives as long as the test session."""
    with local_azurite.running() as connection_string:
        yield connection_string


@pytest.fixture(scope="session")
def settings(azurite: str) -> Settings:
    return Settings(storage_connection_string=azurite, launcher="process", allow_private_urls=True)


@pytest.fixture(scope="session")
def store(settings: Settings) -> Iterator[Store]:
    """Shared by all tests; each works in a project of its own."""
    store = Store.open(settings)
    store.provision()
    yield store
    store.close()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, web: Web) -> Iterator[Service]:
    """Everything that `./run` starts, on a free port and a new folder; pages of `web` may call it."""
    options = Options(
        environment={
            "CAMERA_DRAW_BOXES": "true",
            # Thousands of pictures that no test asks live suggestions for.
            "EMBED_AT_UPLOAD": "false",
            "JOB_SHRUNKEN": "true",
            "CORS_ORIGINS": f"https://a.example, {web.address}",
        }
    )
    with running(tmp_path_factory.mktemp("service"), options=options) as service:
        yield service


@pytest.fixture(scope="session")
def built() -> None:
    """The page as it is now."""
    subprocess.run(["sh", "-c", "root=$PWD; . local/setup.sh; build_portal"], cwd=ROOT, check=True)
    assert (ROOT / "portal" / "dist" / "index.html").exists()


@pytest.fixture(scope="session")
def web() -> Iterator[Web]:
    with opened() as web:
        yield web


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Wait until a condition holds, and fail if it does not within some seconds."""

    def wait(condition: Callable[[], bool], seconds: float = 20, **pauses: float) -> None:
        wait_for(condition, seconds, **pauses)

    return wait
