"""The table of the SDK's operations: the function that serves each, and the tests that show it succeed and fail.

`python -m tests.functions.operations` prints it. A test names an operation as its client's method: called within
`refused(...)` or `pytest.raises(...)` it is a failure case, called elsewhere a success case. A method that is only
passed on, as in a table of methods, counts as a failure case where the test expects one.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient

import function_app  # noqa: F401 - it imports every operation
from functions.edge.operation import operations

# What is served under it is the SDK's operations.
SDK = "customvision/"
TESTS = Path(__file__).parent
CLIENTS = {"training": CustomVisionTrainingClient, "prediction": CustomVisionPredictionClient}
# What tests call a client of the SDK.
NAMES = {"training", "prediction", "client", "stranger"}
REFUSALS = {"refused", "raises"}
Outcome = Literal["success", "failure"]
OUTCOMES: tuple[Outcome, Outcome] = ("success", "failure")


class Call(NamedTuple):
    """What a method of the SDK sends, and the statuses that it takes for a success."""

    method: str
    path: str
    query: set[str]
    required: set[str]
    statuses: set[int]


class Case(NamedTuple):
    operation: str
    outcome: Outcome
    test: str


class Row(NamedTuple):
    """One operation of the SDK."""

    service: str
    name: str
    route: str
    successes: list[str]
    failures: list[str]


def table() -> list[Row]:
    served: dict[tuple[str, str], str] = {
        (each.api.name, each.name): f"{each.method} {each.path}" for each in operations if each.route.startswith(SDK)
    }
    found = [case for path in sorted(TESTS.rglob("test_*.py")) for case in cases(path.name, path.read_text())]
    return [
        Row(
            service,
            name,
            served.get((service, name), ""),
            *(list(dict.fromkeys(case.test for case in found if case[:2] == (name, outcome))) for outcome in OUTCOMES),
        )
        for service, client in CLIENTS.items()
        for name in methods(client)
    ]


def methods(client: type) -> list[str]:
    """Those of a client that call the service: the SDK's generator gives each a `metadata` with its URL."""
    return [name for name, method in inspect.getmembers(client, inspect.isfunction) if hasattr(method, "metadata")]


def call(client: type, name: str) -> Call:
    """As the generated source of the method has it: what it sends unasked stands outside of an `if`."""
    method = getattr(client, name)
    source = inspect.getsource(method)
    statuses = re.search(r"status_code not in \[([\d, ]+)\]", source)
    sent = re.search(r"self\._client\.(get|post|patch|delete)\(", source)
    assert statuses is not None
    assert sent is not None
    return Call(
        sent[1].upper(),
        method.metadata["url"].strip("/"),
        set(re.findall(r"query_parameters\['(.+?)'\]", source)),
        set(re.findall(r"^ {8}query_parameters\['(.+?)'\]", source, re.MULTILINE)),
        {int(status) for status in statuses[1].split(",")},
    )


def cases(file: str, source: str) -> Iterator[Case]:
    """What the tests of a file call, themselves or through its other functions."""
    functions = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    tests = {name for name in functions if name.startswith("test_")}
    for name in functions:
        if name in tests:
            yield from _cases(name, functions, functions.keys() - tests, f"{file}::{name}")


def _cases(name: str, functions: dict[str, ast.FunctionDef], others: set[str], test: str) -> Iterator[Case]:
    nodes = list(ast.walk(functions[name]))
    refusing = [node for node in nodes if isinstance(node, ast.With) and _refuses(node)]
    refused = {id(inner) for node in refusing for inner in ast.walk(node)}
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in NAMES:
            fails = id(node) in refused if id(node) in called else bool(refusing)
            yield Case(node.attr, "failure" if fails else "success", test)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in others:
            through = _cases(node.func.id, functions, others - {node.func.id}, test)
            yield from (case._replace(outcome="failure") if id(node) in refused else case for case in through)


def _refuses(node: ast.With) -> bool:
    calls = [item.context_expr.func for item in node.items if isinstance(item.context_expr, ast.Call)]
    return any(getattr(call, "id", getattr(call, "attr", "")) in REFUSALS for call in calls)


def report() -> Iterator[str]:
    for row in table():
        missing = [word for word, tests in (("success", row.successes), ("failure", row.failures)) if not tests]
        yield f"{row.service:11}{row.name:35}{row.route or 'NOT SERVED'}{''.join(f', NO {word}' for word in missing)}"
        yield from (f"{'':11}{test}" for test in [*row.successes, *row.failures])


if __name__ == "__main__":
    print("\n".join(report()))  # noqa: T201
