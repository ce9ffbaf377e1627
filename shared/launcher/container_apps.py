"""The executions of a Container Apps job.

Our rights are on the job alone. The address at which Azure Resource Manager reports on a long-running operation belongs
to the subscription, so it may not be ours to read; the executions of the job always are.
"""

import itertools
from contextlib import suppress

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.policies import RetryPolicy
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.appcontainers import ContainerAppsAPIClient
from azure.mgmt.appcontainers.models import (
    BaseContainer,
    ContainerResources,
    EnvironmentVar,
    Job,
    JobExecution,
    JobExecutionContainer,
    JobExecutionTemplate,
)

from shared.access.identity import credential
from shared.errors import ServiceUnavailable
from shared.models.training.iterations import ENDED, ExecutionStatus, Launched
from shared.settings import Settings

# Where the portal shows a resource's logs; which execution wrote what is a column there.
LOGS = "https://portal.azure.com/#resource{}/logs"
POLL_SECONDS = 1.0
# A caller waits for the start, and gives up before a function is cut off.
START_SECONDS = 60.0
WAIT_SECONDS = 10.0


class Retries(RetryPolicy[HttpRequest, HttpResponse]):
    """Waits no longer than a caller would, and never sends a start again that may have been heard."""

    # The policy is generic in its class and again in its methods; ours is of these types alone.
    def is_retry(  # type: ignore[override]
        self, settings: dict[str, object], response: PipelineResponse[HttpRequest, HttpResponse]
    ) -> bool:
        if response.http_request.method == "POST" and response.http_response.status_code != 429:
            return False
        wait = self.get_retry_after(response) or 0.0
        return wait <= WAIT_SECONDS and super().is_retry(settings, response)


def connect(settings: Settings) -> ContainerAppsAPIClient:
    subscription = _part(settings.container_apps_job_id, "subscriptions")
    return ContainerAppsAPIClient(credential(settings), subscription, retry_policy=Retries())


def start(client: ContainerAppsAPIClient, job_id: str, environment: dict[str, str]) -> Launched:
    """Start the Container Apps job of this resource id with this added to its environment, unless that runs already.

    It does where who started it was killed before noting so, and the task that asked for it is done again.
    """
    group, name = _names(job_id)
    if execution := _running(client, group, name, environment):
        return Launched(execution, LOGS.format(job_id))
    problem = "Azure does not say whether it did"
    try:
        template = _execution_template(client.jobs.get(group, name), environment)
        operation = client.jobs.begin_start(group, name, template, polling_interval=POLL_SECONDS)
        operation.wait(START_SECONDS)
        started = operation.result() if operation.done() else None
        if started and started.name:
            return Launched(started.name, LOGS.format(job_id))
    except AzureError as error:
        problem = error.message
    # Its answer may be lost, or not ours to read, and it runs all the same.
    if execution := _running(client, group, name, environment):
        return Launched(execution, LOGS.format(job_id))
    raise ServiceUnavailable(f"The job could not be started: {problem}")


def status(client: ContainerAppsAPIClient, job_id: str, execution: str) -> ExecutionStatus:
    try:
        found = client.job_execution(*_names(job_id), execution)
    except ResourceNotFoundError:
        return ExecutionStatus.UNKNOWN
    except AzureError as error:
        raise ServiceUnavailable(f"The job {execution} could not be asked after: {error.message}") from error
    return _status(found)


def stop(client: ContainerAppsAPIClient, job_id: str, execution: str) -> None:
    try:
        client.jobs.begin_stop_execution(*_names(job_id), execution, polling=False)
    except ResourceNotFoundError:
        return
    except AzureError as error:
        if status(client, job_id, execution) not in ENDED:
            raise ServiceUnavailable(f"The job {execution} could not be stopped: {error.message}") from error


def _running(client: ContainerAppsAPIClient, group: str, name: str, environment: dict[str, str]) -> str | None:
    """The execution that has all of this in its environment, where there is one and it can be looked for."""
    # Each start is a span of its own.
    wanted = {variable: value for variable, value in environment.items() if variable != "TRACEPARENT"}
    with suppress(AzureError):
        for execution in client.jobs_executions.list(group, name):
            if wanted.items() <= _environment(execution).items() and _status(execution) not in ENDED:
                return execution.name
    return None


def _environment(execution: JobExecution) -> dict[str, str | None]:
    template = execution.properties and execution.properties.template
    containers = (template and template.containers) or []
    return {str(variable.name): variable.value for container in containers for variable in container.env or []}


def _status(execution: JobExecution) -> ExecutionStatus:
    text = execution.properties and execution.properties.status
    try:
        return ExecutionStatus(text or "")
    except ValueError:
        return ExecutionStatus.UNKNOWN


def _execution_template(configured: Job, environment: dict[str, str]) -> JobExecutionTemplate:
    """What the job would run, with this in its environment. An execution's template replaces the job's own whole."""
    template = configured.properties and configured.properties.template
    if not template or not template.containers:
        raise ServiceUnavailable(f"The job {configured.name} has no container; deploy it again.")
    return JobExecutionTemplate(
        containers=[_execution_container(container, environment) for container in template.containers],
        init_containers=[_execution_container(container, environment) for container in template.init_containers or []],
    )


def _execution_container(container: BaseContainer, environment: dict[str, str]) -> JobExecutionContainer:
    size = container.resources
    return JobExecutionContainer(
        name=container.name,
        image=container.image,
        command=container.command,
        args=container.args,
        env=[variable for variable in container.env or [] if variable.name not in environment]
        + [EnvironmentVar(name=name, value=value) for name, value in environment.items()],
        resources=ContainerResources(cpu=size.cpu, memory=size.memory) if size else None,
    )


def _names(job_id: str) -> tuple[str, str]:
    return _part(job_id, "resourceGroups"), _part(job_id, "jobs")


def _part(resource_id: str, kind: str) -> str:
    """The name after `kind` in /subscriptions/{}/resourceGroups/{}/providers/Microsoft.App/jobs/{}."""
    parts = resource_id.split("/")
    names = {key.lower(): name for key, name in itertools.pairwise(parts)}
    if kind.lower() not in names:
        raise ServiceUnavailable("CONTAINER_APPS_JOB_ID must be the resource id of the job; set it.")
    return names[kind.lower()]
