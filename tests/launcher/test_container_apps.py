"""Executions of a Container Apps job: the real client against a server with Azure Resource Manager's protocol."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from azure.core.credentials import AccessToken
from azure.mgmt.appcontainers import ContainerAppsAPIClient

from shared import launcher
from shared.errors import ServiceUnavailable
from shared.launcher import container_apps
from shared.models.training.iterations import ExecutionStatus
from shared.settings import Settings
from tests.servers import Answer, Request, make_certificate, serving

JOB_ID = "/subscriptions/sub/resourceGroups/group/providers/Microsoft.App/jobs/training"
OPERATION = "/subscriptions/sub/providers/Microsoft.App/locations/north/containerappsjobOperationResults/1"
STATUS = "/subscriptions/sub/providers/Microsoft.App/locations/north/containerappsjobOperationStatuses/1"
JOB = {"JOB_PROJECT_ID": "a project", "JOB_ITERATION_ID": "an iteration", "JOB_ATTEMPT": "0"}
TEMPLATE = {
    "containers": [
        {
            "name": "training",
            "image": "registry.example/ocellus-training:1",
            "command": ["python", "-m", "training_job"],
            "env": [
                {"name": "STORAGE_ACCOUNT", "value": "account"},
                {"name": "JOB_PROJECT_ID", "value": "old"},
                {"name": "SECRET", "secretRef": "kept"},
            ],
            "resources": {"cpu": 2.0, "memory": "4Gi", "ephemeralStorage": "8Gi"},
        }
    ]
}


def json(status: int, body: object, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, msgspec.json.encode(body), {"Content-Type": "application/json", **named})


def refusal(status: int, code: str, **headers: str) -> Answer:
    return json(status, {"error": {"code": code, "message": f"It is {code}."}}, **headers)


class Azure:
    """One job and its executions. What is put into `answers` is answered first, call by call."""

    def __init__(self) -> None:
        self.statuses: dict[str, str] = {}
        self.templates: dict[str, dict[str, list[dict[str, object]]]] = {}
        self.answers: dict[str, list[Answer]] = {}
        self.calls: list[str] = []
        self.accepted: dict[str, str] | None = None
        self.polls = 0
        self.begins = True

    def respond(self, request: Request) -> Answer:
        path = request.path.partition("?")[0]
        self.calls.append(f"{request.method} {path.removeprefix(JOB_ID) or '/'}")
        key = path.rpartition("/")[2]
        if path == f"{JOB_ID}/start" and self.begins:
            self.begin(request.body)
        if self.answers.get(key):
            return self.answers[key].pop(0)
        if path in (OPERATION, STATUS):
            return self.operation(path, request.headers["host"])
        if path == JOB_ID:
            return json(200, {"name": "training", "properties": {"template": TEMPLATE}})
        if path == f"{JOB_ID}/executions":
            return json(200, {"value": [self.execution(name) for name in self.statuses]})
        if path == f"{JOB_ID}/start":
            return self.accept(request.headers["host"])
        name = path.removeprefix(f"{JOB_ID}/executions/").partition("/")[0]
        if name not in self.statuses:
            return refusal(404, "JobExecutionNotFound")
        if key == "stop":
            self.statuses[name] = "Stopped"
            return Answer(202, b"", {"Location": f"https://{request.headers['host']}{OPERATION}"})
        return json(200, self.execution(name))

    def begin(self, body: bytes) -> None:
        name = f"training-{len(self.statuses)}"
        self.statuses[name], self.templates[name] = "Running", msgspec.json.decode(body)

    def accept(self, host: str) -> Answer:
        started = self.started()
        if self.accepted is None:
            return json(200, started)
        return Answer(202, b"", {name: f"https://{host}{path}" for name, path in self.accepted.items()})

    def operation(self, path: str, host: str) -> Answer:
        """Under way at the first question, done at the second."""
        self.polls += 1
        done = self.polls > 1
        if path == STATUS:
            return json(200, {"status": "Succeeded" if done else "InProgress"})
        if done:
            return json(200, self.started())
        return Answer(202, b"", {"Location": f"https://{host}{OPERATION}", "Retry-After": "1"})

    def started(self) -> dict[str, object]:
        name = list(self.statuses)[-1]
        return {"name": name, "id": f"{JOB_ID}/executions/{name}"}

    def execution(self, name: str) -> dict[str, object]:
        return {"name": name, "properties": {"status": self.statuses[name], "template": self.templates.get(name)}}


class Credential:
    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        return AccessToken("token", int(time.time()) + 3600)


@pytest.fixture
def azure() -> Azure:
    return Azure()


@pytest.fixture
def client(azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ContainerAppsAPIClient]:
    monkeypatch.setattr(container_apps, "POLL_SECONDS", 0.05)
    certificate = make_certificate(tmp_path, "127.0.0.1")
    with serving(azure.respond, certificate) as port:
        url = f"https://127.0.0.1:{port}"
        retries = container_apps.Retries(retry_backoff_factor=0.01)
        with ContainerAppsAPIClient(
            Credential(), "sub", url, connection_verify=str(certificate), retry_policy=retries
        ) as client:
            yield client


def test_an_execution_keeps_the_job_and_adds_to_its_environment(azure: Azure, client: ContainerAppsAPIClient) -> None:
    launched = container_apps.start(client, JOB_ID, JOB)
    assert (launched.execution, launched.logs) == ("training-0", f"https://portal.azure.com/#resource{JOB_ID}/logs")
    [container] = azure.templates["training-0"]["containers"]
    assert container["image"] == "registry.example/ocellus-training:1"
    assert container["command"] == ["python", "-m", "training_job"]
    assert container["env"] == [
        {"name": "STORAGE_ACCOUNT", "value": "account"},
        {"name": "SECRET", "secretRef": "kept"},
        {"name": "JOB_PROJECT_ID", "value": "a project"},
        {"name": "JOB_ITERATION_ID", "value": "an iteration"},
        {"name": "JOB_ATTEMPT", "value": "0"},
    ]
    assert container["resources"] == {"cpu": 2.0, "memory": "4Gi"}
    assert azure.calls == ["GET /executions", "GET /", "POST /start"]


@pytest.mark.parametrize("accepted", [{"Location": OPERATION}, {"Azure-AsyncOperation": STATUS, "Location": OPERATION}])
def test_a_start_that_takes_long_is_waited_for(
    azure: Azure, client: ContainerAppsAPIClient, accepted: dict[str, str]
) -> None:
    azure.accepted = accepted
    assert container_apps.start(client, JOB_ID, JOB).execution == "training-0"
    assert azure.polls >= 2
    assert azure.calls.count("GET /executions") == 1


def test_a_job_that_runs_is_not_started_again(azure: Azure, client: ContainerAppsAPIClient) -> None:
    """Who started it was killed before it could note so."""
    first = container_apps.start(client, JOB_ID, JOB | {"TRACEPARENT": "of the first"})
    assert container_apps.start(client, JOB_ID, JOB | {"TRACEPARENT": "of the second"}) == first
    assert container_apps.start(client, JOB_ID, JOB | {"JOB_ATTEMPT": "1"}).execution == "training-1"
    assert azure.calls.count("POST /start") == 2


def test_a_job_that_has_ended_is_started_again(azure: Azure, client: ContainerAppsAPIClient) -> None:
    azure.statuses[container_apps.start(client, JOB_ID, JOB).execution] = "Failed"
    assert container_apps.start(client, JOB_ID, JOB).execution == "training-1"


def test_a_job_is_started_though_azure_does_not_list_what_runs(azure: Azure, client: ContainerAppsAPIClient) -> None:
    azure.answers["executions"] = [refusal(403, "AuthorizationFailed")]
    assert container_apps.start(client, JOB_ID, JOB).execution == "training-0"


def lose(azure: Azure) -> None:
    azure.accepted = {"Location": OPERATION}
    azure.answers[OPERATION.rpartition("/")[2]] = [refusal(403, "AuthorizationFailed")]


def take_too_long(azure: Azure) -> None:
    azure.accepted = {"Location": OPERATION}
    azure.polls = -10_000


def stumble(azure: Azure) -> None:
    azure.answers["start"] = [refusal(504, "GatewayTimeout")]


@pytest.mark.parametrize("fault", [lose, take_too_long, stumble])
def test_a_start_whose_answer_is_lost_is_found_and_not_repeated(
    azure: Azure, client: ContainerAppsAPIClient, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Azure], None]
) -> None:
    monkeypatch.setattr(container_apps, "START_SECONDS", 0.3)
    container_apps.start(client, JOB_ID, {**JOB, "JOB_ITERATION_ID": "another"})
    container_apps.start(client, JOB_ID, JOB)
    azure.statuses["training-1"] = "Failed"
    fault(azure)
    assert container_apps.start(client, JOB_ID, JOB).execution == "training-2"
    assert azure.calls.count("POST /start") == 3


@pytest.mark.parametrize(("status", "code"), [(403, "AuthorizationFailed"), (409, "JobBusy"), (500, "Internal")])
def test_a_start_that_azure_refuses_is_unavailable(
    azure: Azure, client: ContainerAppsAPIClient, status: int, code: str
) -> None:
    azure.begins = False
    azure.answers["start"] = [refusal(status, code)]
    with pytest.raises(ServiceUnavailable, match=f"could not be started: .*{code}"):
        container_apps.start(client, JOB_ID, JOB)
    assert azure.calls.count("POST /start") == 1


def test_a_throttled_start_is_sent_again_after_a_while(azure: Azure, client: ContainerAppsAPIClient) -> None:
    azure.begins = False
    azure.answers["start"] = [
        refusal(429, "TooManyRequests", Retry_After="1"),
        json(200, {"name": "training-x7f", "id": f"{JOB_ID}/executions/training-x7f"}),
    ]
    assert container_apps.start(client, JOB_ID, JOB).execution == "training-x7f"
    assert azure.calls.count("POST /start") == 2


def test_a_start_that_is_throttled_for_long_is_unavailable(azure: Azure, client: ContainerAppsAPIClient) -> None:
    azure.begins = False
    azure.answers["start"] = [refusal(429, "TooManyRequests", Retry_After="3600")]
    with pytest.raises(ServiceUnavailable, match="TooManyRequests"):
        container_apps.start(client, JOB_ID, JOB)


def test_a_job_without_a_container_is_unavailable(azure: Azure, client: ContainerAppsAPIClient) -> None:
    azure.answers["training"] = [json(200, {"name": "training", "properties": {"template": {"containers": []}}})]
    with pytest.raises(ServiceUnavailable, match="deploy it again"):
        container_apps.start(client, JOB_ID, JOB)


@pytest.mark.parametrize("status", list(ExecutionStatus))
def test_an_execution_is_asked_after(azure: Azure, client: ContainerAppsAPIClient, status: ExecutionStatus) -> None:
    azure.statuses["training-x7f"] = status.value
    assert container_apps.status(client, JOB_ID, "training-x7f") == status
    assert azure.calls == ["GET /executions/training-x7f"]


def test_a_status_of_tomorrow_and_an_execution_that_is_forgotten_are_unknown(
    azure: Azure, client: ContainerAppsAPIClient
) -> None:
    azure.statuses["training-x7f"] = "Pondering"
    assert container_apps.status(client, JOB_ID, "training-x7f") == ExecutionStatus.UNKNOWN
    assert container_apps.status(client, JOB_ID, "forgotten") == ExecutionStatus.UNKNOWN


def test_an_execution_that_may_not_be_asked_after_is_unavailable(azure: Azure, client: ContainerAppsAPIClient) -> None:
    azure.answers["training-x7f"] = [refusal(403, "AuthorizationFailed")]
    with pytest.raises(ServiceUnavailable, match="could not be asked after"):
        container_apps.status(client, JOB_ID, "training-x7f")


def test_a_question_is_put_again_when_azure_stumbles(azure: Azure, client: ContainerAppsAPIClient) -> None:
    azure.statuses["training-x7f"] = "Running"
    azure.answers["training-x7f"] = [refusal(503, "Busy"), refusal(429, "TooManyRequests", Retry_After="1")]
    assert container_apps.status(client, JOB_ID, "training-x7f") == ExecutionStatus.RUNNING


def test_an_execution_is_stopped_once_for_all(azure: Azure, client: ContainerAppsAPIClient) -> None:
    """Nobody waits for the operation: whether it may be read is not sure, and the status tells."""
    launched = container_apps.start(client, JOB_ID, JOB)
    for _ in range(2):
        container_apps.stop(client, JOB_ID, launched.execution)
    assert container_apps.status(client, JOB_ID, launched.execution) == ExecutionStatus.STOPPED
    assert azure.polls == 0


def test_an_execution_that_has_ended_meanwhile_or_is_forgotten_counts_as_stopped(
    azure: Azure, client: ContainerAppsAPIClient
) -> None:
    azure.statuses["training-x7f"] = "Succeeded"
    azure.answers["stop"] = [refusal(409, "JobExecutionNotRunning")]
    container_apps.stop(client, JOB_ID, "training-x7f")
    container_apps.stop(client, JOB_ID, "forgotten")


@pytest.mark.parametrize(("status", "code"), [(409, "Conflict"), (403, "AuthorizationFailed")])
def test_an_execution_that_goes_on_though_it_was_to_stop_is_unavailable(
    azure: Azure, client: ContainerAppsAPIClient, status: int, code: str
) -> None:
    azure.statuses["training-x7f"] = "Running"
    azure.answers["stop"] = [refusal(status, code)]
    with pytest.raises(ServiceUnavailable, match=f"could not be stopped: .*{code}"):
        container_apps.stop(client, JOB_ID, "training-x7f")


@pytest.mark.parametrize("ask", [launcher.status, launcher.stop])
def test_a_resource_id_that_is_none_is_said(ask: Callable[[Settings, str], object]) -> None:
    with pytest.raises(ServiceUnavailable, match="CONTAINER_APPS_JOB_ID"):
        ask(Settings(container_apps_job_id="training"), "training-x7f")
