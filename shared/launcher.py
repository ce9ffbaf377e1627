"""Starts training jobs: a Container Apps job in Azure, a child process on one machine."""

import itertools
import logging
import os
import runpy
import signal
import subprocess
import sys
from threading import Thread
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from shared.errors import ServiceUnavailable
from shared.identity import credential
from shared.settings import ROOT, Settings, child_environment
from shared.telemetry.tracing import traceparent

if TYPE_CHECKING:
    from azure.mgmt.appcontainers import ContainerAppsAPIClient
    from azure.mgmt.appcontainers.models import BaseContainer, Job, JobExecutionContainer, JobExecutionTemplate

# Threads of torch that wait for each other spin by default: where the cores are shared with the service, as on one
# machine, a step of training takes five times as long.
PATIENCE = {"OMP_WAIT_POLICY": "passive"}
LOGS = ROOT / ".local" / "jobs"
NICENESS = 10
# What a job has no use for: it serves no requests and publishes no events.
SECRETS = frozenset(
    {"TRAINING_KEY_1", "TRAINING_KEY_2", "PREDICTION_KEY_1", "PREDICTION_KEY_2", "KEY_VAULT_URL", "EVENT_TOPIC_KEY"}
)

log = logging.getLogger(__name__)


def launch(settings: Settings, project_id: UUID, iteration_id: UUID) -> str:
    """Start the training job of an iteration; the name of its execution. Raises ServiceUnavailable when it can't."""
    job = {"JOB_PROJECT_ID": str(project_id), "JOB_ITERATION_ID": str(iteration_id), "TRACEPARENT": traceparent()}
    if settings.launcher == "process":
        try:
            return start_process(settings, job)
        except OSError as error:
            raise ServiceUnavailable(f"The training job could not be started: {error}") from error
    return start_execution(_container_apps(settings), settings.container_apps_job_id, job)


# A child process


def start_process(settings: Settings, job: dict[str, str], module: str = "training_job") -> str:
    """Run `python -m {module}` beside us, at low priority and no longer than we live; its process id.

    What it prints goes to .local/jobs/{iteration}.log.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{job['JOB_ITERATION_ID']}.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "shared.launcher", module],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=_without_secrets(child_environment(**as_environment(settings), **PATIENCE, **job)),
            start_new_session=True,
        )
    Thread(target=_reap, args=[process], name=f"job-{process.pid}", daemon=True).start()
    return str(process.pid)


def as_environment(settings: Settings) -> dict[str, str]:
    values = msgspec.to_builtins(settings)
    return {name.upper(): value if isinstance(value, str) else _json(value) for name, value in values.items()}


def _without_secrets(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in SECRETS}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _reap(process: subprocess.Popen[bytes]) -> None:
    with process:
        # Our end of its stdin stays open until it has ended: that is what tells it that we live.
        code = process.wait()
    log.log(logging.WARNING if code else logging.INFO, "Training job %s ended with code %s", process.pid, code)


def _run_as_child(module: str) -> None:
    os.nice(NICENESS)
    Thread(target=_end_with_parent, daemon=True).start()
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    """The parent never writes to our stdin; it ends when the parent does, however that ended."""
    os.read(sys.stdin.fileno(), 1)
    os.killpg(0, signal.SIGKILL)


# A Container Apps job


def _container_apps(settings: Settings) -> "ContainerAppsAPIClient":
    # Imported here: half a second that only the app that starts training pays, when it does.
    from azure.mgmt.appcontainers import ContainerAppsAPIClient

    return ContainerAppsAPIClient(credential(settings), _part(settings.container_apps_job_id, "subscriptions"))


def start_execution(client: "ContainerAppsAPIClient", job_id: str, job: dict[str, str]) -> str:
    """Start the Container Apps job of this resource id with `job` added to its environment; the execution's name."""
    from azure.core.exceptions import AzureError

    group, name = _part(job_id, "resourceGroups"), _part(job_id, "jobs")
    try:
        template = _execution_template(client.jobs.get(group, name), job)
        started = client.jobs.begin_start(group, name, template, polling_interval=1).result()
    except AzureError as error:
        raise ServiceUnavailable(f"The training job could not be started: {error.message}") from error
    return str(started.name)


def _execution_template(configured: "Job", job: dict[str, str]) -> "JobExecutionTemplate":
    """What the job would run, with `job` in its environment. An execution's template replaces the job's own whole."""
    from azure.mgmt.appcontainers.models import JobExecutionTemplate

    template = configured.properties and configured.properties.template
    if not template or not template.containers:
        raise ServiceUnavailable(f"The training job {configured.name} has no container; deploy it again.")
    return JobExecutionTemplate(
        containers=[_execution_container(container, job) for container in template.containers],
        init_containers=[_execution_container(container, job) for container in template.init_containers or []],
    )


def _execution_container(container: "BaseContainer", job: dict[str, str]) -> "JobExecutionContainer":
    from azure.mgmt.appcontainers.models import ContainerResources, EnvironmentVar, JobExecutionContainer

    size = container.resources
    return JobExecutionContainer(
        name=container.name,
        image=container.image,
        command=container.command,
        args=container.args,
        env=[variable for variable in container.env or [] if variable.name not in job]
        + [EnvironmentVar(name=name, value=value) for name, value in job.items()],
        resources=ContainerResources(cpu=size.cpu, memory=size.memory) if size else None,
    )


def _part(resource_id: str, kind: str) -> str:
    """The name after `kind` in /subscriptions/{}/resourceGroups/{}/providers/Microsoft.App/jobs/{}."""
    parts = resource_id.split("/")
    names = {key.lower(): name for key, name in itertools.pairwise(parts)}
    if kind.lower() not in names:
        raise ServiceUnavailable("CONTAINER_APPS_JOB_ID must be the resource id of the training job; set it.")
    return names[kind.lower()]


if __name__ == "__main__":
    _run_as_child(sys.argv[1])
