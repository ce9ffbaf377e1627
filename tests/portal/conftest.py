"""The portal in a real browser, against the real service. What the browser complains of fails the test."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    Project,
)
from msrest.authentication import ApiKeyCredentials
from playwright.sync_api import Browser, BrowserContext, Page

from local.service import Service
from shared.settings import ROOT
from shared.storage.account.store import Store
from tests.functions.clients import storage
from tests.pictures import picture
from tests.portal.models import judged_fruit
from tests.portal.people import Counter, Portal, watched

__all__ = ["storage"]

# Where they find something lost, it is told what.
pytest.register_assert_rewrite("tests.portal.labellers")

MODEL = ROOT / "portal" / "src" / "model"
NAMES = sorted(path.stem for path in MODEL.glob("*.ts"))


@pytest.fixture(scope="session")
def bundle(tmp_path_factory) -> str:
    """A script that has all modules by their names in `model`."""
    folder = tmp_path_factory.mktemp("model")
    entry = folder / "entry.ts"
    entry.write_text("".join(f'export * as {name} from "{MODEL / name}.ts";\n' for name in NAMES))
    script = (
        'PATH="$PATH:.venv/bin" exec node node_modules/rolldown/bin/cli.mjs "$0" --format iife --name model -d "$1"'
    )
    subprocess.run(["sh", "-c", script, entry, folder / "out"], cwd=ROOT, check=True, capture_output=True)
    return (folder / "out" / "entry.js").read_text()


@pytest.fixture(scope="module")
def run(browser, bundle) -> Iterator[Callable[..., object]]:
    """`run("geometry.area(a)", a={...})`"""
    page = browser.new_page()
    page.evaluate(f"() => {{ {bundle}; window.model = model; }}")

    def evaluate(expression: str, **values: object) -> object:
        names = f"{', '.join(values)}" if values else ""
        modules = ", ".join(NAMES)
        return page.evaluate(f"({{{names}}}) => {{ const {{{modules}}} = window.model; return {expression}; }}", values)

    yield evaluate
    page.close()


@contextmanager
def window(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture(scope="module")
def keeper(browser: Browser, service: Service) -> Iterator[Page]:
    """A tab that shows no page of the portal, but is of its site: so the process of its tabs stays."""
    with window(browser) as context:
        page = context.new_page()
        page.goto(f"{service.endpoint}/portal/config.json")
        yield page


@pytest.fixture
def context(keeper: Page) -> Iterator[BrowserContext]:
    """A browser that remembers nothing of the tests before."""
    context = keeper.context
    yield context
    for page in context.pages:
        if page != keeper:
            page.close()
    context.set_offline(False)
    context.clear_permissions()
    context.clear_cookies()
    keeper.evaluate("localStorage.clear()")


@pytest.fixture
def page(context: BrowserContext, built: None) -> Iterator[Page]:
    """A tab of its own. An error on its console fails the test, and so does what its policy keeps from it."""
    page = context.new_page()
    with watched(page):
        yield page


@pytest.fixture
def portal(page: Page, service: Service) -> Portal:
    """Somebody who is signed in, and looks at nothing yet."""
    portal = Portal(page, service.endpoint)
    portal.resume(service.training_key)
    return portal


@pytest.fixture
def counted(portal: Portal) -> Counter:
    return Counter(portal.page)


@pytest.fixture(scope="session")
def training(service: Service) -> CustomVisionTrainingClient:
    credentials = ApiKeyCredentials(in_headers={"Training-key": service.training_key})
    return CustomVisionTrainingClient(service.endpoint, credentials)


@pytest.fixture
def project(training: CustomVisionTrainingClient, request: pytest.FixtureRequest) -> Project:
    """An empty multiclass project that is named like the test. It ends with the service: to delete one takes as long as
    to fill it.
    """
    return training.create_project(request.node.name[:100], classification_type="Multiclass")


@pytest.fixture
def filled(training: CustomVisionTrainingClient, project: Project) -> Callable[[int], Project]:
    """The project with the tags apple and leaf, and so many untagged pictures."""

    def fill(count: int) -> Project:
        for name in ("apple", "leaf"):
            training.create_tag(project.id, name)
        upload_untagged(training, project.id, count)
        return project

    return fill


def upload_untagged(training: CustomVisionTrainingClient, project_id: str, count: int) -> None:
    entries = [ImageFileCreateEntry(contents=picture("sky", seed, (160, 120))) for seed in range(count)]
    assert training.create_images_from_files(project_id, ImageFileCreateBatch(images=entries)).is_batch_successful


@pytest.fixture
def fruit(training: CustomVisionTrainingClient, storage: Store, project: Project) -> SimpleNamespace:
    """A project with an iteration that was judged by its five images, and a newer one that did better."""
    return judged_fruit(training, storage, project)


@pytest.fixture(scope="module")
def still(training: CustomVisionTrainingClient, storage: Store, request: pytest.FixtureRequest) -> SimpleNamespace:
    """What `fruit` is, for all tests of a file that change nothing of it."""
    project = training.create_project(f"still {request.node.name}"[:100], classification_type="Multiclass")
    return judged_fruit(training, storage, project)
