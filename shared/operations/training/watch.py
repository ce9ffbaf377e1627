"""Watching over trainings: a job that died is started again, or fails its iteration."""

import logging
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from shared import errors, launcher
from shared.models.messages.tasks import WatchTraining
from shared.models.training.iterations import (
    ENDED,
    ExecutionStatus,
    IterationRecord,
    IterationStatus,
    TrainingLock,
    TrainingRun,
)
from shared.models.wire import now
from shared.operations.training import ending, train
from shared.settings import Settings
from shared.storage.account.store import Store
from shared.storage.training import iterations as stored_iterations

# So many jobs of a training may die.
ATTEMPTS = 3
# Of the time after which a job counts as dead: so long without a heartbeat, and it is asked after.
SILENT = 0.25
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def watch(store: Store, settings: Settings, task: WatchTraining) -> bool:
    """Whether that training is under way."""
    lock = stored_iterations.lock_of(store, task.project_id)
    if lock is None or lock.iteration_id != task.iteration_id:
        return False
    watch_training(store, settings, lock)
    return True


def watch_training(store: Store, settings: Settings, lock: TrainingLock) -> None:
    """Start a job that died again, or fail one that died too often."""
    try:
        record = stored_iterations.get(store, lock.project_id, lock.iteration_id)
    except (errors.IterationNotFound, errors.ProjectNotFound):
        # The train call takes the lock a moment before it writes the iteration.
        if now() - lock.since > timedelta(seconds=settings.job_heartbeat_seconds):
            stored_iterations.unlock_training(store, lock.project_id, lock.iteration_id)
        return
    if record.iteration.status != IterationStatus.TRAINING:
        # The job died between its last write and its announcement.
        ending.end_training(store, record)
    elif (ended := _ended(record.run, settings)) or _is_dead(record.run, settings):
        _restart(store, settings, record, ended)


def _is_dead(run: TrainingRun, settings: Settings) -> bool:
    """Before its first heartbeat a job may have to wait for its container."""
    began = run.started or now()
    if run.heartbeat and run.heartbeat > began:
        return now() - run.heartbeat > timedelta(seconds=settings.job_heartbeat_seconds)
    return now() - began > timedelta(seconds=settings.job_start_seconds)


def _ended(run: TrainingRun, settings: Settings) -> ExecutionStatus | None:
    """How the execution of a job ended that is silent, though not for long enough to be dead. None if it may live."""
    heard = max(run.heartbeat or LONG_AGO, run.started or LONG_AGO)
    if not run.execution or now() - heard < timedelta(seconds=settings.job_heartbeat_seconds * SILENT):
        return None
    try:
        status = launcher.status(settings, run.execution)
    except errors.ServiceUnavailable:
        logging.warning("Whether the training job %s still runs can't be told", run.execution, exc_info=True)
        return None
    return status if status in ENDED else None


def _restart(store: Store, settings: Settings, seen: IterationRecord, ended: ExecutionStatus | None) -> None:
    time = now()
    if seen.run.execution and not ended:
        # First, so that two never train the same.
        train.stop(settings, seen.run.execution)

    def change(record: IterationRecord) -> IterationRecord:
        run = record.run
        same = record.iteration.status == IterationStatus.TRAINING and run.attempts == seen.run.attempts
        if not same or not (ended or _is_dead(run, settings)):
            return record
        again = replace(run, attempts=run.attempts + 1, started=time, progress=0.0, execution=None, ended=ended)
        return replace(record, run=again)

    iteration = seen.iteration
    record = stored_iterations.update(store, iteration.project_id, iteration.id, change)
    if record.iteration.status != IterationStatus.TRAINING or record.run.started != time:
        return
    if record.run.attempts >= ATTEMPTS:
        ending.fail(store, iteration, _cause(record.run))
    else:
        logging.warning("Attempt %d at training iteration %s", record.run.attempts + 1, iteration.id)
        train.prepare_aside(store, record)


def _cause(run: TrainingRun) -> str:
    ended = f", at last as {run.ended}" if run.ended else ""
    logs = f" Its logs: {run.logs}" if run.logs else ""
    return f"The training job died {ATTEMPTS} times{ended}; the last that was heard: {run.message or 'nothing'}.{logs}"
