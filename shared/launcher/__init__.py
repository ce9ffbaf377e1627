"""Starts jobs, asks after them and stops them: a Container Apps job in Azure, a child process on one machine.

What is started has a name, its execution, that the questions about it are asked with.
"""

from shared.errors import ServiceUnavailable
from shared.launcher import process
from shared.models.messages.jobs import AnyJob, to_environment
from shared.models.training.iterations import ExecutionStatus, Launched
from shared.settings import Settings
from shared.telemetry.tracing import traceparent


def launch(settings: Settings, job: AnyJob) -> Launched:
    """Raises ServiceUnavailable when it can't."""
    environment = {**to_environment(job), "TRACEPARENT": traceparent()}
    if settings.launcher == "process":
        try:
            return process.start(settings, environment, job.log_name)
        except OSError as error:
            raise ServiceUnavailable(f"The job could not be started: {error}") from error
    # Imported here and below: half a second that only the app that starts training pays, when it does.
    from shared.launcher import container_apps

    with container_apps.connect(settings) as client:
        return container_apps.start(client, settings.container_apps_job_id, environment)


def status(settings: Settings, execution: str) -> ExecutionStatus:
    """Raises ServiceUnavailable when Azure does not say."""
    if settings.launcher == "process":
        return process.status(execution)
    from shared.launcher import container_apps

    with container_apps.connect(settings) as client:
        return container_apps.status(client, settings.container_apps_job_id, execution)


def stop(settings: Settings, execution: str) -> None:
    """Have it end soon; one that has ended stays as it is. Raises ServiceUnavailable when Azure does not do it."""
    if settings.launcher == "process":
        return process.stop(execution)
    from shared.launcher import container_apps

    with container_apps.connect(settings) as client:
        return container_apps.stop(client, settings.container_apps_job_id, execution)
