"""The watch over trainings: jobs that ended, fell silent or died, and those whose iteration is gone."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared import errors, launcher
from shared.events import Publisher
from shared.models.messages.tasks import Announce, PrepareTraining, StopTraining, WatchTraining
from shared.models.training.iterations import ExecutionStatus, IterationStatus, TrainingRun
from shared.models.wire import now
from shared.operations import upkeep
from shared.operations.training import iterations, train
from shared.operations.training.watch import watch_training
from shared.operations.workspace import projects
from shared.storage.training import iterations as stored_iterations
from tests.operations.making import record_of


@pytest.fixture
def watched(store, settings, project_id, launches):
    """Watch over a training whose job was heard of so many seconds ago; its run afterwards, and its iteration."""
    record = record_of(project_id, IterationStatus.TRAINING)
    iteration_id = record.iteration.id
    stored_iterations.insert(store, record)
    stored_iterations.lock_training(store, project_id, iteration_id)
    (lock,) = [lock for lock in stored_iterations.running(store) if lock.project_id == project_id]

    def watch(seconds, execution="job-1", **changes):
        heard = now() - timedelta(seconds=seconds)
        run = TrainingRun(1, started=heard, heartbeat=heard, execution=execution, logs="the logs", **changes)
        stored_iterations.update(store, project_id, iteration_id, lambda record: replace(record, run=run))
        watch_training(store, settings, lock)
        return stored_iterations.get(store, project_id, iteration_id)

    return watch


def test_a_job_that_beats_is_not_asked_after(launches, watched):
    assert watched(5).run.execution == "job-1"
    assert (launches.asked, launches.stopped, launches.tasks) == ([], [], [])


def test_a_training_is_watched_until_it_has_ended(store, settings, project_id, launches, watched):
    iteration = watched(100).iteration
    launches.watches.clear()
    watch = WatchTraining(project_id, iteration.id)
    upkeep.do(store, settings, Publisher.open(settings), watch)
    assert launches.watches == [watch]
    stored_iterations.unlock_training(store, project_id, iteration.id)
    upkeep.do(store, settings, Publisher.open(settings), watch)
    assert launches.watches == [watch]


def test_a_silent_job_that_runs_is_left_alone(launches, watched):
    assert watched(30).run.attempts == 0
    assert (launches.asked, launches.stopped, launches.tasks) == (["job-1"], [], [])


@pytest.mark.parametrize("status", [ExecutionStatus.FAILED, ExecutionStatus.STOPPED, ExecutionStatus.SUCCEEDED])
def test_a_silent_job_that_has_ended_is_started_again_at_once(launches, watched, status):
    launches.statuses["job-1"] = status
    record = watched(30)
    assert (record.run.attempts, record.run.execution, record.run.ended) == (1, None, status)
    assert launches.tasks == [PrepareTraining(record.iteration.project_id, record.iteration.id, 1)]
    assert launches.stopped == []


def test_a_job_whose_status_can_not_be_told_is_given_its_time(launches, watched, monkeypatch):
    def fail(settings, execution):
        raise errors.ServiceUnavailable("Azure is away.")

    monkeypatch.setattr(launcher, "status", fail)
    assert watched(30).run.attempts == 0
    assert watched(3600).run.attempts == 1


def test_a_dead_job_is_stopped_before_it_is_started_again(launches, watched, monkeypatch):
    assert watched(3600).run.attempts == 1
    assert (launches.stopped, len(launches.of(PrepareTraining))) == (["job-1"], 1)


def test_a_job_that_can_not_be_stopped_is_started_again_all_the_same(launches, watched, monkeypatch):
    def fail(settings, execution):
        raise errors.ServiceUnavailable("You may not.")

    monkeypatch.setattr(launcher, "stop", fail)
    assert watched(3600).run.attempts == 1


def test_a_job_that_was_never_launched_is_not_asked_after(launches, watched):
    assert watched(3600, execution=None).run.attempts == 1
    assert (launches.asked, launches.stopped) == ([], [])


def test_a_job_that_is_given_up_says_how_it_ended_and_where_its_logs_are(launches, watched):
    launches.statuses["job-1"] = ExecutionStatus.FAILED
    iteration = watched(30, attempts=2, message="Loading the backbone").iteration
    assert iteration.status == IterationStatus.FAILED
    assert iteration.training_error_details == (
        "The training job died 3 times, at last as Failed; the last that was heard: Loading the backbone. "
        "Its logs: the logs"
    )
    assert len(launches.of(Announce)) == 1


def test_a_restart_by_another_watch_counts_once(store, settings, launches, watched, monkeypatch):
    """It sees the same dead job, and restarts it while this one asks after it."""

    def restarted(settings, execution):
        stored_iterations.update(
            store, project_id, iteration_id, lambda it: replace(it, run=replace(it.run, attempts=1))
        )
        return ExecutionStatus.FAILED

    record = watched(1)
    project_id, iteration_id = record.iteration.project_id, record.iteration.id
    monkeypatch.setattr(launcher, "status", restarted)
    assert watched(30).run.attempts == 1
    assert launches.tasks == []


def test_delete_project_stops_its_training(store, settings, project_id, launches, watched):
    watched(1)
    projects.delete_project(store, project_id)
    (stop,) = launches.of(StopTraining)
    for _ in range(2):
        upkeep.do(store, settings, Publisher.open(settings), stop)
    assert launches.stopped == ["job-1"] * 2


def test_delete_project_stops_no_training_that_has_ended(store, project_id, launches):
    stored_iterations.insert(store, record_of(project_id))
    projects.delete_project(store, project_id)
    assert launches.of(StopTraining) == []


def test_delete_iteration_cancels_its_training(store, settings, project_id, launches, watched):
    iteration = watched(1).iteration
    iterations.delete_iteration(store, project_id, iteration.id)
    assert stored_iterations.list_all(store, project_id) == []
    assert [lock for lock in stored_iterations.running(store) if lock.project_id == project_id] == []
    (stop,), (announced,) = launches.of(StopTraining), launches.of(Announce)
    upkeep.do(store, settings, Publisher.open(settings), stop)
    assert launches.stopped == ["job-1"]
    assert announced.iteration.training_error_details == "The training was cancelled."


def test_a_job_whose_project_is_deleted_during_its_launch_is_stopped(
    store, settings, project_id, launches, watched, monkeypatch
):
    iteration = watched(1, execution=None).iteration
    launch = launcher.launch

    def slow(settings, job):
        projects.delete_project(store, job.project_id)
        return launch(settings, job)

    monkeypatch.setattr(launcher, "launch", slow)
    monkeypatch.setattr(train, "_freeze", lambda *_: None)
    train.prepare(store, settings, PrepareTraining(project_id, iteration.id, 0))
    assert launches.stopped == ["job-1"]
