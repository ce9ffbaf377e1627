"""The heartbeat tells a job when its iteration is no longer its own."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from msgspec.structs import replace

from shared.models.training.iterations import Iteration, IterationRecord, IterationStatus, TrainingRun, TrainingType
from shared.models.wire import now
from shared.models.workspace.domains import GENERAL
from shared.models.workspace.projects import Project, ProjectSettings
from shared.storage.account.store import Store
from shared.storage.training import iterations
from shared.storage.workspace import projects
from training_job import heartbeat
from training_job.heartbeat import Abandoned, Heartbeat


@pytest.fixture
def record(store: Store) -> IterationRecord:
    """An iteration in training."""
    time, project_id = now(), uuid4()
    projects.insert(store, Project(project_id, str(project_id), None, ProjectSettings(GENERAL, None), time, time))
    status, regular = IterationStatus.TRAINING, TrainingType.REGULAR
    iteration = Iteration(uuid4(), "Iteration 1", status, time, time, project_id, GENERAL, None, regular)
    record = IterationRecord(iteration, TrainingRun(1, started=time, attempts=1))
    iterations.insert(store, record)
    return record


def next_attempt(record: IterationRecord) -> IterationRecord:
    return replace(record, run=replace(record.run, attempts=record.run.attempts + 1))


def failed(record: IterationRecord) -> IterationRecord:
    return replace(record, iteration=replace(record.iteration, status=IterationStatus.FAILED))


@pytest.mark.parametrize("change", [next_attempt, failed])
def test_a_job_gives_way_to_the_attempt_that_follows_it_and_to_the_end(
    store: Store,
    record: IterationRecord,
    eventually: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[IterationRecord], IterationRecord],
) -> None:
    monkeypatch.setattr(heartbeat, "SECONDS", 0.05)
    ids = record.iteration.project_id, record.iteration.id

    def abandoned() -> bool:
        try:
            beating.report(0.5, "Training")
        except Abandoned:
            return True
        return False

    with Heartbeat(store, *ids, record.run.attempts) as beating:
        eventually(lambda: iterations.get(store, *ids).run.heartbeat is not None)
        assert not abandoned()
        iterations.update(store, *ids, change)
        eventually(abandoned)
