"""The rooms keep to their walls: who may import whom, how long a file and a function may be, what a file is called."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings import ROOT

ROOMS = ["function_app.py", "functions", "shared", "training_job", "local", "benchmarks", "tests"]
MAX_FILE, MAX_FUNCTION = 500, 60
NO_NAME = {"utils.py", "helpers.py", "common.py", "misc.py", "manager.py"}

# What each place of ours may import of ours, beside what lies within it; the longest place that fits a module counts.
PLACES = {
    "function_app": ["functions", "shared.settings", "shared.telemetry.export"],
    "functions": [
        *(f"functions.{name}" for name in ("edge", "call", "cors", "parameters", "body", "times", "runtime")),
        "shared",
    ],
    "shared.errors": [],
    "shared.settings": ["shared.models"],
    "shared.models": ["shared.errors"],
    "shared.samples": [],
    "shared.fetch": ["shared.errors"],
    "shared.imaging": ["shared.models", "shared.errors"],
    "shared.metrics": ["shared.models", "shared.imaging"],
    "shared.learning": ["shared.models", "shared.imaging"],
    "shared.telemetry": ["shared.models", "shared.errors"],
    "shared.access": ["shared.errors", "shared.settings"],
    "shared.storage": [f"shared.{name}" for name in ("models", "errors", "settings", "access.identity", "telemetry")],
    "shared.prediction": [
        f"shared.{room}" for room in ("models", "errors", "settings", "storage", "imaging", "telemetry")
    ],
    "shared": [f"shared.{name}" for name in ("models", "errors", "settings", "access.identity", "telemetry")],
    "shared.operations": ["shared"],
    "training_job": [
        f"shared.{room}"
        for room in (
            *("models", "errors", "settings", "storage", "imaging", "prediction", "learning", "metrics", "telemetry"),
        )
    ],
}
# Places whose modules stand side by side and do not import each other.
APART = ["functions", "shared"]
# Who alone may import a package of others.
RESERVED = {
    "torch": ["training_job", "benchmarks", "tests"],
    "onnxruntime": ["shared.prediction", "shared.learning", "shared.samples", "training_job", "benchmarks", "tests"],
    # Scipy is slow to load: of the functions those fit that an operation has fit, and no other loads it.
    "shared.learning": ["shared.learning", "shared.operations", "training_job", "benchmarks", "tests"],
    "scipy": ["shared.learning", "training_job", "benchmarks", "tests"],
    "azure.storage": ["shared.storage", "local", "benchmarks", "tests"],
    "azure.data": ["shared.storage", "local", "benchmarks", "tests"],
    "azure.functions": ["functions", "function_app", "local", "tests"],
    "torchvision": [],
}


def sources() -> list[Path]:
    found = (ROOT / room for room in ROOMS)
    files = (path for room in found for path in ([room] if room.is_file() else room.rglob("*.py")))
    return sorted(path for path in files if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(name: str, places: list[str]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of all that a module imports, inside its functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def import_faults(name: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    place = max((place for place in PLACES if within(name, [place])), key=len, default="")
    allowed = [*PLACES.get(place, [""]), name if place in APART else place]
    for line, wanted in imports(tree):
        if place and within(wanted, ["function_app", *ROOMS]) and not within(wanted, allowed):
            yield line, f"{name} may not import {wanted}"
        if within(wanted, ["local"]) and not within(name, ["local", "tests", "benchmarks"]):
            yield line, "nothing imports local"
        for package, users in RESERVED.items():
            if within(wanted, [package]) and not within(name, users):
                yield line, f"{package} is imported in {' and '.join(users) or 'no place'} only"


def size_faults(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    lines = len(path.read_text().splitlines())
    if lines > MAX_FILE:
        yield lines, f"{lines} lines; a file has {MAX_FILE} at most"
    for node in ast.walk(tree):
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
    if within(name, ["shared.settings", "tests"]):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "putenv"):
            yield node.lineno, "the environment is read in shared/settings.py only"


def faults(path: Path) -> list[str]:
    name, tree = name_of(path), ast.parse(path.read_text())
    found = [*import_faults(name, tree), *size_faults(path, tree), *style_faults(path, name, tree)]
    return [f"{path.relative_to(ROOT)}:{line}: {fault}" for line, fault in found]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_rooms_keep_to_their_walls(path: Path) -> None:
    assert not faults(path), "\n".join(faults(path))


@pytest.mark.parametrize(
    ("name", "source", "fault"),
    [
        ("shared.models.tags", "import shared.storage.account.store", "may not import"),
        ("shared.models.tags", "from shared.operations import tags", "may not import"),
        ("shared.imaging.decode", "from shared import storage", "may not import"),
        ("shared.storage.workspace.tags", "def f():\n    import shared.imaging.decode", "may not import"),
        ("shared.operations.workspace.tags", "import functions.edge", "may not import"),
        ("functions.tags", "from functions import images", "may not import"),
        ("shared.fetch", "import shared.events", "may not import"),
        ("functions.tags", "import local.host", "nothing imports local"),
        ("shared.operations.training.train", "import torch.nn", "torch is imported in"),
        ("shared.operations.workspace.tags", "from azure import storage", "azure.storage is imported in"),
        ("shared.operations.workspace.tags", "import azure.functions as func", "azure.functions is imported in"),
        ("shared.learning.head", "import torch", "torch is imported in"),
        ("functions.tags", "import shared.learning.head", "shared.learning is imported in"),
        ("training_job.training", "import torchvision", "torchvision is imported in no place only"),
    ],
)
def test_an_import_through_a_wall_is_seen(name: str, source: str, fault: str) -> None:
    assert any(fault in found for _, found in import_faults(name, ast.parse(source)))
