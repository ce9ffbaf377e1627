"""What Bicep deploys is what the code expects: settings, containers, tables, queues, functions, metrics."""

import ast
import json
import re
from collections.abc import Iterator

import msgspec
import pytest

from function_app import MODULES, build
from local.host.functions import index
from shared.settings import ROOT, JobSettings, Settings
from shared.storage.account.store import Store
from tests.infra.reading import BICEP, Expression, read, texts

MAIN = read(BICEP / "main.bicep")
APPS = ("training", "prediction", "camera")
# Set on one machine and never in Azure: identities take the place of what is secret, and nothing there is private.
LOCAL = {
    "STORAGE_CONNECTION_STRING": "storage is reached by identity",
    "TRAINING_KEY_1": "keys are in the vault",
    "TRAINING_KEY_2": "keys are in the vault",
    "PREDICTION_KEY_1": "keys are in the vault",
    "PREDICTION_KEY_2": "keys are in the vault",
    "EVENT_TOPIC_KEY": "the topic is reached by identity",
    "JOB_LOGS_FOLDER": "only child processes write there",
    "ALLOW_PRIVATE_URLS": "private addresses are a hole in the wall there",
}
# Right as they are, or given by others.
DEFAULT = {
    "ENTRA_AUTHORITY": "that of the public cloud",
    "JOB_HEARTBEAT_SECONDS": "what the job beats by",
    "JOB_START_SECONDS": "what a container takes to start",
    "BACKBONES_FOLDER": "set by the job's image",
    "EMBED_AT_UPLOAD": "costs cents for thousands of images",
}
# What the Functions host and the exporters read.
HOST = re.compile(
    r"AzureWebJobsStorage__(accountName|credential|clientId)|STORAGE_CONNECTION_STRING__(queueServiceUri|credential|"
    r"clientId)|AzureFunctionsJobHost__extensions__queues__(batchSize|newBatchThreshold)|"
    r"APPLICATIONINSIGHTS_(CONNECTION|AUTHENTICATION)_STRING|PYTHON_THREADPOOL_THREAD_COUNT"
)

QUEUE_SIZES = ("batchSize", "newBatchThreshold")


def names(structs: type[Settings]) -> set[str]:
    return {field.name.upper() for field in msgspec.structs.fields(structs)}


def settings_of(symbol: str) -> dict[str, object]:
    """The settings that main.bicep gives a module, and those that every function app gets."""
    (module,) = (module for module in MAIN.modules if module.symbol == symbol)
    given = dict(_united(module.params["settings"]))
    if symbol in APPS:
        host = read(module.path).variables["hostSettings"]
        assert isinstance(host, dict)
        given |= host
    return given


def _united(value: object) -> Iterator[tuple[str, object]]:
    """The properties of an object, or of a union of variables and one object."""
    if isinstance(value, dict):
        yield from value.items()
        return
    match = re.fullmatch(r"union\(([\w, ]+), (\{.*\})\)", str(value), re.DOTALL)
    assert match
    for variable in match[1].split(", "):
        yield from _united(MAIN.variables[variable])
    for name, text in re.findall(r"^\s+(\w+): (.+)$", match[2], re.MULTILINE):
        yield name, text.strip("'") if text.startswith("'") and "$" not in text else Expression(text)


ALL = {symbol: settings_of(symbol) for symbol in (*APPS, "job")}


def test_every_setting_is_deployed_or_left_out_for_a_reason():
    deployed = {name for given in ALL.values() for name in given if not HOST.fullmatch(name)}
    deployed.add("APPLICATIONINSIGHTS_CONNECTION_STRING")
    assert deployed.isdisjoint(LOCAL)
    assert deployed.isdisjoint(DEFAULT)
    # What is the job's alone comes from the launcher, for each execution.
    assert deployed | set(LOCAL) | set(DEFAULT) == names(Settings)


@pytest.mark.parametrize("symbol", ALL)
def test_nothing_unknown_is_set(symbol):
    known = names(JobSettings if symbol == "job" else Settings)
    assert [name for name in ALL[symbol] if name not in known and not HOST.fullmatch(name)] == []


@pytest.mark.parametrize("symbol", APPS)
def test_an_app_serves_its_service_as_itself(symbol):
    given = ALL[symbol]
    assert given["SERVICES"] == symbol
    assert symbol in MODULES
    assert str(given["IDENTITY_CLIENT_ID"]) == f"{symbol}Identity.outputs.identity.clientId"


@pytest.mark.parametrize("symbol", ALL)
def test_what_is_given_as_text_reads_as_its_type(symbol, monkeypatch):
    given = {name: str(value) for name, value in ALL[symbol].items() if not isinstance(value, Expression)}
    defaults = {"LIMITS": "limits", "TELEMETRY_SHARE": "telemetryShare"}
    for name, value in {**given, **{name: str(MAIN.params[of].default) for name, of in defaults.items()}}.items():
        monkeypatch.setenv(name, value)
    settings = Settings.read()
    for name in given.keys() & names(Settings):
        assert str(getattr(settings, name.lower())) == given[name]


def test_who_has_no_use_for_a_setting_does_not_get_it():
    assert "KEY_VAULT_URL" not in ALL["camera"]
    assert "CONTAINER_APPS_JOB_ID" not in {**ALL["prediction"], **ALL["camera"]}
    assert "EVENT_TOPIC_ENDPOINT" not in ALL["prediction"]
    assert not {"KEY_VAULT_URL", "EVENT_TOPIC_ENDPOINT", "CONTAINER_APPS_JOB_ID"} & set(ALL["job"])


def test_there_are_the_containers_tables_and_queues_of_the_store(store: Store):
    deployed = read(BICEP / "modules" / "storage.bicep").variables
    assert sorted(texts(deployed["containers"])) == sorted(store.containers)
    assert sorted(texts(deployed["tables"])) == sorted(
        table.table_name for table in (store.catalog, store.predictions, store.results)
    )
    assert sorted(texts(deployed["queues"])) == sorted(store.queues)


def test_each_container_keeps_its_versions_or_drops_them():
    deployed = read(BICEP / "modules" / "storage.bicep").variables
    prefixes = texts(deployed["versioned"]) + texts(deployed["unversioned"])
    assert sorted(prefixes) == sorted(f"{name}/" for name in texts(deployed["containers"]))


def test_event_grid_calls_a_function_that_is_there():
    text = (BICEP / "modules" / "uploads.bicep").read_text()
    (called,) = re.findall(r"/functions/(\w+)'", text)
    tree = ast.parse((ROOT / "functions" / "camera.py").read_text())
    assert called in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("path", ["modules/alerts.bicep", "workbook.json"])
def test_what_is_watched_is_measured(path):
    text = (BICEP / path).read_text()
    measured = "".join(file.read_text() for file in (ROOT / "shared" / "telemetry").glob("*.py"))
    watched = set(re.findall(r"\"ocellus\.([\w.]+)\\?\"", text))
    assert watched
    # A name of a metric stands there whole; an attribute without its prefix where it is made so.
    assert [name for name in watched if f'"ocellus.{name}"' not in measured] == []


def test_the_bodies_that_training_takes_at_once_fit_its_memory():
    (module,) = (module for module in MAIN.modules if module.symbol == "training")
    (share,) = re.findall(r"^trainingMemoryMB / (\d+)$", str(module.params["httpConcurrency"]))
    # The host takes bodies of 100 MiB; each is there up to three times, and what is left is for the process itself.
    assert MAIN.params["trainingMemoryMB"].default == 2048
    assert 2048 // int(share) == 4
    assert int(share) > 3 * 105 * 1.25


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_most_instances_fit_the_regional_quota_and_the_guide_says_how_many(stage):
    chosen = {"predictionMemory": 2048, "cameraMemory": 2048, "trainingMemory": of_stage("trainingMemoryMB", stage)}
    limit, total = of_stage("maximumInstances", stage), 0
    for app in APPS:
        triggers = [function.trigger.type for function in index(build(app))]
        timers = triggers.count("timerTrigger")
        groups = len([kind for kind in triggers if kind not in ("httpTrigger", "timerTrigger")])
        groups += "httpTrigger" in triggers
        total += (groups * limit + timers) * chosen[f"{app}Memory"]
    assert total < 512_000
    assert f"{total:,} MB in {stage}" in (ROOT / "docs" / "deploy.md").read_text()


def of_stage(name: str, stage: str) -> int:
    """What the parameters file sets: `param name = prod ? 2 : 1`."""
    text = (BICEP / "main.bicepparam").read_text()
    ((prod, dev),) = re.findall(rf"^param {name} = prod \? (\d+) : (\d+)$", text, re.MULTILINE)
    return int(prod if stage == "prod" else dev)


def test_the_host_waits_for_messages_as_the_comment_on_concurrency_says():
    queues = json.loads((ROOT / "host.json").read_text())["extensions"]["queues"]
    for symbol in ("training", "camera"):
        given = ALL[symbol]
        assert 0 < int(str(given["AzureFunctionsJobHost__extensions__queues__batchSize"])) <= queues["batchSize"]
        at_once = sum(int(str(given[f"AzureFunctionsJobHost__extensions__queues__{of}"])) for of in QUEUE_SIZES)
        assert given["PYTHON_THREADPOOL_THREAD_COUNT"] == f"string(max(httpConcurrency, {at_once}))"
