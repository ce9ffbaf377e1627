"""Rights: what Bicep assigns, what docs/security.md shows, and what the code needs, are the same."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from function_app import MODULES
from shared.settings import ROOT
from tests.infra.reading import BICEP, read
from tests.infra.rights import Right, assignments

ROW = re.compile(r"^\| (training|prediction|camera|job|system topic) \| ([\w ]+) \| ([^|]+) \| (.+) \|$", re.MULTILINE)
CALL = re.compile(r"`([\w/]+\.py):(\w+)`")
# Who is covered by a right on what: the clients of Azure that the code makes.
CLIENTS = {
    "BlobServiceClient": "container ",
    "ContainerClient": "backups",
    "TableServiceClient": "table ",
    "QueueServiceClient": "queue ",
    "SecretClient": "secret ",
    "EventGridPublisherClient": "topic",
    "ContainerAppsAPIClient": "job",
    "AzureMonitorTraceExporter": "Application Insights",
    "AzureMonitorMetricExporter": "Application Insights",
    "AzureMonitorLogExporter": "Application Insights",
}
# What Azure itself does in an identity's name: run the Functions host, pull an image, write dead letters.
PLATFORM = ("own host account", "registry", "container deadletters")


def documented() -> list[tuple[Right, str]]:
    text = (ROOT / "docs" / "security.md").read_text()
    return [(Right(identity, role, scope), call) for identity, role, scope, call in ROW.findall(text)]


def modules(*rooms: str) -> Iterator[tuple[Path, ast.Module]]:
    for room in rooms:
        yield from ((path, ast.parse(path.read_text())) for path in sorted((ROOT / room).rglob("*.py")))


def room_of(path: Path) -> str:
    """The part of functions/ that function_app names, of a module there."""
    return path.relative_to(ROOT / "functions").with_suffix("").parts[0]


def clients_made(tree: ast.Module) -> set[str]:
    """Classes of Azure's libraries, named Client or Exporter, that a module calls or calls a constructor of."""
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("azure.")
        for alias in node.names
        if alias.name.endswith(("Client", "Exporter"))
    }
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    roots = [call.value if isinstance(call, ast.Attribute) else call for call in calls]
    return imported & {root.id for root in roots if isinstance(root, ast.Name)}


def attributes(tree: ast.Module) -> set[str]:
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_the_document_shows_every_assignment_and_no_other():
    assert sorted(right for right, _ in documented()) == sorted(assignments())


@pytest.mark.parametrize(("right", "call"), documented(), ids=lambda value: " ".join(value) if value else "")
def test_the_call_that_is_said_to_need_a_right_is_there(right, call):
    calls = CALL.findall(call)
    assert calls or right.scope in PLATFORM
    for path, name in calls:
        tree = ast.parse((ROOT / path).read_text())
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, f"{path}:{name}"


def test_every_client_has_a_right_and_every_right_a_client():
    made = {client for _, tree in modules("shared", "functions", "training_job") for client in clients_made(tree)}
    assert made == set(CLIENTS)
    covered = {client for client, scope in CLIENTS.items() if any(r.scope.startswith(scope) for r in assignments())}
    assert covered == made
    needless = [r for r in assignments() if not r.scope.startswith((*CLIENTS.values(), *PLATFORM, "data account"))]
    assert not needless


def test_a_client_is_seen():
    assert clients_made(ast.parse("from azure.storage.blob import BlobClient\nBlobClient.from_blob_url('x')")) == {
        "BlobClient"
    }
    assert not clients_made(ast.parse("from azure.storage.blob import BlobClient\ndef f(client: BlobClient): ..."))


def identities(scope: str) -> set[str]:
    return {right.identity for right in assignments() if right.scope.startswith(scope)}


def test_who_signs_addresses_may_ask_for_the_key_to():
    users = [path for path, tree in modules("shared") if "get_user_delegation_key" in attributes(tree)]
    assert [path.name for path in users] == ["signing.py"]
    assert identities("data account") == {"training"}


def test_who_publishes_events_may_and_nobody_else():
    sources = dict(modules("functions"))
    uses = {room_of(path) for path, tree in sources.items() if "publisher" in attributes(tree)} - {"edge"}
    assert identities("topic") == {service for service, names in MODULES.items() if uses & set(names)}


def test_who_checks_keys_may_read_its_own_and_nobody_else():
    assert {(r.identity, r.scope) for r in assignments() if r.scope.startswith("secret")} == {
        ("training", "secret training-key-*"),
        ("prediction", "secret prediction-key-*"),
    }


def test_queue_triggers_have_their_queues_and_the_poison_queues():
    """The host renews messages, and moves those that failed: a reader and a processor can't."""
    needed = set()
    for service, names in MODULES.items():
        for path in (path for path, _ in modules("functions") if room_of(path) in names):
            for queue in re.findall(r'queue_trigger\(.*?queue_name="([\w-]+)"', path.read_text()):
                needed |= {(service, f"queue {queue.removesuffix('-poison')}{end}") for end in ("", "-poison")}
    held = {(r.identity, r.scope) for r in assignments() if r.role == "Storage Queue Data Contributor"}
    assert held == needed != set()


def test_queue_triggers_connect_by_a_setting_that_is_deployed():
    names = {
        name
        for _, tree in modules("functions")
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "connection"
        for name in [ast.literal_eval(node.value)]
    }
    queues = read(BICEP / "main.bicep").variables["queues"]
    assert isinstance(queues, dict)
    assert {name.partition("__")[0] for name in queues} == names
