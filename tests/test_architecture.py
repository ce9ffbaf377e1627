"""The rooms keep to their walls: who may import whom, how long a file and a function may be, what a file is called."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from shared.settings import ROOT
from tests.architecture import ROOMS, arrows, import_faults, imported, name_of, sources, statements, within

MAX_FILE, MAX_FUNCTION = 500, 60
NO_NAME = {"utils.py", "helpers.py", "common.py", "misc.py", "manager.py"}


def size_faults(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    lines = len(path.read_text().splitlines())
    if lines > MAX_FILE:
        yield lines, f"{lines} lines; a file has {MAX_FILE} at most"
    for node in statements(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                yield node.lineno, f"{node.name} has {length} lines; a function has {MAX_FUNCTION} at most"


def style_faults(path: Path, name: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    docstring = ast.get_docstring(tree)
    if not docstring:
        yield 1, "no module docstring"
    if path.name in NO_NAME:
        yield 1, f"{path.name} is no noun; what is in it?"
    # An exported container is no part of the service, and has settings of its own.
    if within(name, ["shared.settings", "shared.packages.samples.docker", "tests"]):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "putenv"):
            yield node.lineno, "the environment is read in shared/settings.py only"


def faults(path: Path) -> list[str]:
    name, tree = name_of(path), ast.parse(path.read_text())
    found = [*import_faults(name, tree), *size_faults(path, tree), *style_faults(path, name, tree)]
    return [f"{path.relative_to(ROOT)}:{line}: {fault}" for line, fault in found]


@pytest.mark.parametrize("room", ROOMS)
def test_the_rooms_keep_to_their_walls(room: str) -> None:
    paths = sources(room)
    assert paths
    found = [fault for path in paths for fault in faults(path)]
    assert not found, "\n".join(found)


def storage_names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The modules of storage that a module imports, and what it calls each."""
    for node in statements(tree):
        if isinstance(node, ast.ImportFrom) and within(node.module or "", ["shared.storage"]):
            yield from ((alias.name, alias.asname or alias.name) for alias in node.names)


def test_operations_call_rows_by_one_name() -> None:
    """What is named like a module of operations is called `stored_` and its name, in every module."""
    paths = sorted((ROOT / "shared" / "operations").rglob("*.py"))
    twins = {path.stem for path in paths if path.parent.name != "operations"}
    named = {pair for path in paths for pair in storage_names(ast.parse(path.read_text()))}
    assert ("images", "stored_images") in named
    assert [pair for pair in named if pair[1] != f"stored_{pair[0]}" and (pair[0] in twins or pair[1] != pair[0])] == []


def test_no_rooms_import_each_other_in_a_circle() -> None:
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sources(*ROOMS)}
    TopologicalSorter(arrows({file: imported(path.read_text()) for file, path in files.items()})).prepare()


def test_a_circle_of_rooms_is_seen() -> None:
    sources = {
        "shared.__init__": "",
        "shared.storage.tags": "from shared.models.workspace.tags import Tag",
        "shared.storage.rows.read": "def f():\n    from shared.storage import tags",
        "shared.models.workspace.tags": "import shared.errors",
    }
    files = {file: imported(source) for file, source in sources.items()}
    assert arrows(files) == {
        "shared.storage": {"shared.models"},
        "shared.storage.rows": {"shared.storage.tags"},
        "shared.models": {"shared.__init__"},
    }
    files["shared.models.workspace.tags"] = imported("from shared.storage.rows.read import f")
    with pytest.raises(CycleError):
        TopologicalSorter(arrows(files)).prepare()


@pytest.mark.parametrize(
    ("name", "source", "fault"),
    [
        ("shared.models.workspace.tags", "import shared.storage.account.store", "may not import"),
        ("shared.models.workspace.tags", "from shared.operations import tags", "may not import"),
        ("shared.imaging.decode", "from shared import storage", "may not import"),
        ("shared.storage.workspace.tags", "def f():\n    import shared.imaging.decode", "may not import"),
        ("shared.operations.workspace.tags", "import functions.edge", "may not import"),
        ("shared.operations.workspace.tags", "import shared.operations.training.train", "may not import"),
        ("shared.storage.workspace.tags", "from shared.storage.training import datasets", "may not import"),
        ("shared.storage.columns.snapshot", "from shared.storage.workspace import ledger", "may not import"),
        ("functions.training.tags", "from functions.training import images", "may not import"),
        ("functions.edge.call", "from functions.training import images", "may not import"),
        ("shared.fetch", "import shared.events", "may not import"),
        ("functions.training.tags", "import local.host", "local is imported in local and benchmarks and tests only"),
        ("cli.gate", "from local.demo import session", "may not import"),
        ("local.service", "from cli import client", "cli is imported in"),
        ("shared.formats.folders", "from cli.faults import CommandError", "may not import"),
        ("shared.operations.training.train", "import torch.nn", "torch is imported in"),
        ("shared.operations.workspace.tags", "from azure import storage", "azure.storage is imported in"),
        ("shared.operations.workspace.tags", "import azure.functions as func", "azure.functions is imported in"),
        ("shared.learning.head", "import torch", "torch is imported in"),
        ("training_job.tuning.loop", "import training_job.detection.judge", "may not import"),
        ("training_job.graphs.graph", "import training_job.detection.judge", "may not import"),
        ("functions.training.tags", "import shared.learning.head", "shared.learning is imported in"),
        ("tests.learning.test_head", "from tests.learning.test_layers import drawn", "is in a module of tests"),
        ("training_job.training", "import torchvision", "torchvision is imported in no place only"),
    ],
)
def test_an_import_through_a_wall_is_seen(name: str, source: str, fault: str) -> None:
    assert any(fault in found for _, found in import_faults(name, ast.parse(source)))


def rooms_within(folder: Path) -> Iterator[Path]:
    """The rooms that lie within what a folder of tests is for."""
    place = folder.relative_to(ROOT / "tests")
    for room in (ROOT / place, ROOT / "shared" / place) if place.name else ():
        yield from (each for each in room.glob("*") if any(each.glob("*.py")))


def test_the_tests_of_a_room_within_another_lie_in_a_folder_of_its_name() -> None:
    astray = [
        str(test.relative_to(ROOT))
        for test in (ROOT / "tests").rglob("test_*.py")
        for room in rooms_within(test.parent)
        if f"{test.stem}_".startswith(f"test_{room.name}_")
    ]
    assert astray == []
    assert ROOT / "cli" / "migrate" in rooms_within(ROOT / "tests" / "cli")
