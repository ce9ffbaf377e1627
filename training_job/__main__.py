"""`python -m training_job`: does the job that its environment names."""

import logging
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec import structs
from opentelemetry.trace import SpanKind

from shared.errors import IterationNotFound, ProjectNotFound, ServiceError, ServiceUnavailable
from shared.models.messages.jobs import BackbonesJob, TrainJob
from shared.settings import JobSettings
from shared.storage.account.store import Store
from shared.telemetry.tracing import fail, span
from training_job import prepare, training
from training_job.graphs.backbones import BackboneUnavailable
from training_job.heartbeat import Abandoned

# Tells the launcher to try again later (EX_TEMPFAIL); the watch over trainings starts the job anew.
RETRY = 75

log = logging.getLogger("training_job")


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)
    settings = JobSettings.read()
    if settings.applicationinsights_connection_string:
        from shared.telemetry.export import start

        # What is left to send is sent when the process ends.
        start(settings.applicationinsights_connection_string, "ocellus-training-job", settings.telemetry_share)
    store, job = Store.open(settings), settings.job
    ids = {name: str(value) for name, value in structs.asdict(job).items() if name.endswith("_id")}
    with span("training_job", settings.traceparent, SpanKind.CONSUMER, job=job.kind, **ids):
        return _watched(store, settings)


def _watched(store: Store, settings: JobSettings) -> int:
    try:
        return _do(store, settings)
    except (Abandoned, IterationNotFound, ProjectNotFound):
        log.info("What this job is for is no longer there")
        return 0
    except ServiceUnavailable:
        log.exception("Storage does not answer; the job has to be run again")
        return RETRY


def _do(store: Store, settings: JobSettings) -> int:
    match settings.job:
        case TrainJob() as job:
            finish = partial(training.finish, store, job.project_id, job.iteration_id)
            return _done(partial(training.run, store, settings, job), finish)
        case BackbonesJob():
            return _done(partial(prepare.publish, store, Path(settings.backbones_folder)), log.error)


def _done(run: Callable[[], None], end_failed: Callable[[str], None]) -> int:
    try:
        run()
    except (Abandoned, IterationNotFound, ProjectNotFound, ServiceUnavailable):
        raise
    except Exception as error:
        log.exception("The job failed")
        fail(type(error).__name__)
        end_failed(_reason(error))
        return 1
    return 0


def _reason(error: Exception) -> str:
    if isinstance(error, training.TrainingFailed | BackboneUnavailable | ServiceError):
        return str(error)
    if isinstance(error, MemoryError):
        return "The training job ran out of memory; give it more, or train on fewer images."
    return f"The training job failed unexpectedly ({type(error).__name__}: {error}); its log has the details."


if __name__ == "__main__":
    sys.exit(main())
