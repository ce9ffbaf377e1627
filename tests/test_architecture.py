"""The rooms keep to their walls: who may import whom, how long a file and a function may be, what a file is called."""

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import accumulate
from pathlib import Path

import pytest

from shared.settings import ROOT

ROOMS = ["function_app.py", "functions", "shared", "training_job", "cli", "local", "benchmarks", "tests"]
MAX_FILE, MAX_FUNCTION = 500, 60
NO_NAME = {"utils.py", "helpers.py", "common.py", "misc.py", "manager.py"}


def of_shared(*rooms: str) -> list[str]:
    return [f"shared.{room}" for room in rooms]


ROWS = of_shared("models", "errors", "telemetry", "storage.account")
RULES = of_shared("models", "errors", "settings", "storage", "telemetry")
STEPS = [*RULES, *of_shared("operations.step")]
# What each place of ours may import of ours, beside what lies within it; the longest place that fits a module counts.
# Rooms within a room stand in the order of their arrows: each may import of those above it.
PLACES = {
    "function_app": ["functions", "shared.settings", "shared.telemetry.export"],
    "functions": ["functions.edge", "shared"],
    "functions.edge": ["shared"],
    "functions.training": ["functions.edge", "shared"],
    "functions.ocellus": ["functions.edge", "shared"],
    "functions.prediction": ["functions.edge", "shared"],
    "cli": ["shared"],
    "shared.errors": [],
    "shared.settings": ["shared.models"],
    "shared.models": ["shared.errors"],
    "shared.arrays": [],
    "shared.fetch": ["shared.errors"],
    "shared.formats": ["shared.models"],
    "shared.imaging": ["shared.models", "shared.errors"],
    "shared.metrics": of_shared("arrays", "models", "imaging"),
    "shared.learning": of_shared("arrays", "models", "imaging"),
    "shared.telemetry": ["shared.models", "shared.errors"],
    "shared.access": ["shared.errors", "shared.settings"],
    "shared.storage": [],
    "shared.storage.account": of_shared("models", "errors", "settings", "access.identity", "telemetry"),
    "shared.storage.columns": ROWS,
    "shared.storage.workspace": [*ROWS, *of_shared("storage.columns")],
    "shared.storage.training": [*ROWS, *of_shared("storage.columns", "storage.workspace")],
    "shared.storage.serving": ROWS,
    "shared.packages.samples": [],
    "shared.packages": RULES,
    "shared.prediction": of_shared("models", "errors", "settings", "storage", "imaging", "telemetry"),
    "shared": of_shared("models", "errors", "settings", "access.identity", "telemetry"),
    "shared.operations.audit": RULES,
    "shared.operations.continuation": RULES,
    "shared.operations.step": [*RULES, *of_shared("events")],
    "shared.operations.notifications": [*STEPS, *of_shared("events", "fetch")],
    "shared.operations.workspace": [*STEPS, *of_shared("fetch", "imaging", "operations.notifications")],
    "shared.operations.serving": [
        *RULES,
        *of_shared("events", "imaging", "prediction", "operations.continuation", "operations.workspace"),
    ],
    "shared.operations.training": [
        *STEPS,
        *of_shared("launcher", "metrics", "packages", "operations.workspace", "operations.serving"),
    ],
    "shared.operations.labelling": [
        *RULES,
        *of_shared("imaging", "prediction", "operations.continuation", "operations.workspace", "operations.training"),
    ],
    "shared.operations.transfer": [*STEPS, *of_shared("fetch", "imaging", "operations.workspace")],
    "shared.operations": ["shared"],
    "training_job.graphs": of_shared("arrays", "models", "learning"),
    "training_job.tuning": [*of_shared("arrays", "models", "learning"), "training_job.checkpoint"],
    "training_job.exports": [*RULES, *of_shared("packages")],
    "training_job.classification": [*RULES, *of_shared("arrays", "learning"), "training_job.graphs"],
    "training_job": [
        *RULES,
        *of_shared("arrays", "imaging", "prediction", "learning", "metrics", "packages", "operations.training.ending"),
    ],
}
# Places whose modules stand side by side and do not import each other.
APART = ["functions", "functions.training", "functions.ocellus", "shared"]
# Who alone may import a room of ours, or a package of others.
RESERVED = {
    "cli": ["cli", "local.demo", "benchmarks", "tests"],
    "local": ["local", "benchmarks", "tests"],
    "torch": ["training_job", "benchmarks", "tests"],
    "onnxruntime": [
        "shared.prediction",
        "shared.learning",
        "shared.packages.samples",
        "training_job",
        "benchmarks",
        "tests",
    ],
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
        for package, users in RESERVED.items():
            if within(wanted, [package]) and not within(name, users):
                yield line, f"{package} is imported in {' and '.join(users) or 'no place'} only"


def prefixes(name: str) -> Iterator[str]:
    """a, a.b and a.b.c of a.b.c."""
    return accumulate(name.split("."), "{}.{}".format)


def file_of(name: str, files: Mapping[str, object]) -> str:
    """The module that an imported name is, or lies in; "" where it is none of ours."""
    found = [file for part in prefixes(name) for file in (f"{part}.__init__", part) if file in files]
    return found[-1] if found else ""


def arrows(trees: Mapping[str, ast.Module]) -> dict[str, set[str]]:
    """Which room imports of which: of two modules, the rooms or files that stand side by side where they part."""
    found: dict[str, set[str]] = {}
    for file, tree in trees.items():
        for wanted in {file_of(name, trees) for _, name in imports(tree)} - {file, ""}:
            parted = zip(prefixes(file), prefixes(wanted), strict=False)
            here, there = next(pair for pair in parted if pair[0] != pair[1])
            found.setdefault(here, set()).add(there)
    return found


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


def storage_names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The modules of storage that a module imports, and what it calls each."""
    for node in ast.walk(tree):
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
    parts = {path: path.relative_to(ROOT).with_suffix("").parts for path in sources()}
    # Tuning is of detectors alone so far, and takes their pictures and their judge from `detection`.
    left_out = [("tests",), ("training_job", "tuning")]
    files = {".".join(place): path for path, place in parts.items() if not {place[:1], place[:2]} & set(left_out)}
    trees = {file: ast.parse(path.read_text()) for file, path in files.items()}
    TopologicalSorter(arrows(trees)).prepare()


def test_a_circle_of_rooms_is_seen() -> None:
    sources = {
        "shared.__init__": "",
        "shared.storage.tags": "from shared.models.workspace.tags import Tag",
        "shared.storage.rows.read": "def f():\n    from shared.storage import tags",
        "shared.models.workspace.tags": "import shared.errors",
    }
    trees = {file: ast.parse(source) for file, source in sources.items()}
    assert arrows(trees) == {
        "shared.storage": {"shared.models"},
        "shared.storage.rows": {"shared.storage.tags"},
        "shared.models": {"shared.__init__"},
    }
    trees["shared.models.workspace.tags"] = ast.parse("from shared.storage.rows.read import f")
    with pytest.raises(CycleError):
        TopologicalSorter(arrows(trees)).prepare()


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
        ("training_job.training", "import torchvision", "torchvision is imported in no place only"),
    ],
)
def test_an_import_through_a_wall_is_seen(name: str, source: str, fault: str) -> None:
    assert any(fault in found for _, found in import_faults(name, ast.parse(source)))
