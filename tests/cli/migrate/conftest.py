"""A stand-in of Custom Vision with some projects, and what moves them into the running service."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from cli.migrate.report import Report
from tests.cli.migrate.standin import KEY, Held, Standin, Trouble, standing_in
from tests.commands import ocellus


@pytest.fixture
def there(service, monkeypatch: pytest.MonkeyPatch) -> Callable[[Standin], None]:
    """What is there to move from, and the environment that says so."""
    monkeypatch.setenv("VISION_TRAINING_ENDPOINT", service.endpoint)
    monkeypatch.setenv("VISION_TRAINING_KEY", service.training_key)
    monkeypatch.setenv("SOURCE_TRAINING_KEY", KEY)
    return lambda standin: monkeypatch.setenv("SOURCE_TRAINING_ENDPOINT", standin.endpoint)


@pytest.fixture
def standin(there, training) -> Iterator[Callable[..., Standin]]:
    """A stand-in of such projects. Those that were moved are deleted at the end."""
    before = {project.id for project in training.get_projects()}
    opened = []

    def stand_in(*projects: Held, **trouble) -> Standin:
        context = standing_in(list(projects), Trouble(**trouble))
        opened.append(context)
        standin = context.__enter__()
        there(standin)
        return standin

    yield stand_in
    for context in opened:
        context.__exit__(None, None, None)
    for project in training.get_projects():
        if project.id not in before:
            for iteration in training.get_iterations(project.id):
                if iteration.publish_name:
                    training.unpublish_iteration(project.id, iteration.id)
            training.delete_project(project.id)


@pytest.fixture
def migrate(tmp_path: Path, capsys) -> Callable[..., tuple[int, Report]]:
    """The exit code and the report."""

    def migrate(*arguments: str) -> tuple[int, Report]:
        code = ocellus("migrate", "--folder", str(tmp_path), "--json", *arguments)
        return code, msgspec.json.decode(capsys.readouterr().out, type=Report)

    return migrate
