"""The rooms and their walls: who may import whom, and what a module imports."""

import ast
from collections.abc import Iterator, Mapping
from itertools import accumulate
from pathlib import Path

from shared.settings import ROOT

ROOMS = ["function_app.py", "functions", "shared", "training_job", "cli", "local", "benchmarks", "tests"]


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
    "shared.courtesy": [],
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
    "shared.storage.training": [*ROWS, *of_shared("arrays", "storage.columns", "storage.workspace")],
    "shared.storage.serving": ROWS,
    "shared.packages.samples": [],
    "shared.packages.samples.docker": of_shared("errors", "fetch"),
    "shared.exporting": of_shared("arrays", "models", "errors"),
    "shared.packages": [*RULES, *of_shared("exporting")],
    "shared.importing": of_shared("models", "errors", "exporting", "formats"),
    "shared.prediction": of_shared("models", "errors", "settings", "storage", "imaging", "telemetry"),
    "shared": of_shared("models", "errors", "settings", "access.identity", "telemetry"),
    "shared.operations.audit": RULES,
    "shared.operations.continuation": RULES,
    "shared.operations.step": [*RULES, *of_shared("events")],
    "shared.operations.notifications": [*STEPS, *of_shared("events", "fetch", "packages")],
    "shared.operations.workspace": [*STEPS, *of_shared("fetch", "imaging", "packages", "operations.notifications")],
    "shared.operations.serving": [
        *RULES,
        *of_shared("events", "imaging", "prediction", "operations.continuation", "operations.workspace"),
    ],
    "shared.operations.training": [
        *STEPS,
        *of_shared("importing", "launcher", "learning", "metrics", "packages", "prediction"),
        *of_shared("operations.workspace", "operations.serving"),
    ],
    "shared.operations.labelling": [
        *STEPS,
        *of_shared("arrays", "courtesy", "imaging", "launcher", "learning", "prediction"),
        *of_shared("operations.continuation", "operations.workspace", "operations.training"),
    ],
    "shared.operations.transfer": [
        *STEPS,
        *of_shared("fetch", "formats", "imaging", "prediction", "operations.workspace"),
    ],
    "shared.operations.backup": STEPS,
    "shared.operations": ["shared"],
    "training_job.graphs": of_shared("arrays", "models", "learning", "exporting"),
    "training_job.tuning": [
        *of_shared("arrays", "imaging", "models", "learning"),
        "training_job.checkpoint",
        "training_job.graphs",
    ],
    "training_job.classification": [
        *RULES,
        *of_shared("arrays", "imaging", "learning"),
        "training_job.checkpoint",
        "training_job.graphs",
        "training_job.result",
        "training_job.tuning",
    ],
    "training_job": [
        *RULES,
        *of_shared("arrays", "exporting", "imaging", "prediction", "learning", "metrics", "packages"),
        "shared.operations.training.ending",
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
    # The functions start without them: they take half a second.
    "coremltools": ["shared.exporting", "tests"],
    # A wheel of 59 MB, which writing its format does not take.
    "openvino": ["shared.packages.samples", "tests"],
    "tflite": ["shared.exporting", "tests"],
    "torchvision": [],
}


def sources(*rooms: str) -> list[Path]:
    found = (ROOT / room for room in rooms)
    files = (path for room in found for path in ([room] if room.is_file() else room.rglob("*.py")))
    return sorted(path for path in files if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(name: str, places: list[str]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """All that lie in a module or a statement, at any depth; most of a tree is expressions, which take long to walk."""
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        for inner in getattr(node, block, []):
            yield inner
            yield from statements(inner)


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of all that a module imports, inside its functions too."""
    for node in statements(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def imported(source: str) -> set[str]:
    return {name for _, name in imports(ast.parse(source))}


def import_faults(name: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    place = max((place for place in PLACES if within(name, [place])), key=len, default="")
    allowed = [*PLACES.get(place, [""]), name if place in APART else place]
    for line, wanted in imports(tree):
        if place and within(wanted, ["function_app", *ROOMS]) and not within(wanted, allowed):
            yield line, f"{name} may not import {wanted}"
        if any(part.startswith("test_") for part in wanted.split(".")[:-1]):
            yield line, f"{wanted} is in a module of tests; what others need lies beside it"
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


def arrows(imported: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Which room imports of which: of two modules, the rooms or files that stand side by side where they part."""
    found: dict[str, set[str]] = {}
    for file, names in imported.items():
        for wanted in {file_of(name, imported) for name in names} - {file, ""}:
            parted = zip(prefixes(file), prefixes(wanted), strict=False)
            here, there = next(pair for pair in parted if pair[0] != pair[1])
            found.setdefault(here, set()).add(there)
    return found
