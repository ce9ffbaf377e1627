"""Jobs as the environment tells them."""

from uuid import UUID

import msgspec
import pytest

from shared.models.messages.jobs import AnyJob, BackbonesJob, TrainJob, to_environment
from shared.settings import JobSettings

PROJECT, ITERATION = UUID(int=1), UUID(int=2)


def read(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> JobSettings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return JobSettings.read()


@pytest.mark.parametrize(
    "job",
    [
        TrainJob(PROJECT, ITERATION, 2),
        BackbonesJob(PROJECT),
    ],
)
def test_the_environment_tells_a_job_whole(monkeypatch: pytest.MonkeyPatch, job: AnyJob) -> None:
    assert read(monkeypatch, to_environment(job)).job == job


def test_a_job_of_a_version_that_only_trains_is_one_to_train(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"JOB_PROJECT_ID": str(PROJECT), "JOB_ITERATION_ID": str(ITERATION), "JOB_ATTEMPT": "1"}
    assert read(monkeypatch, environment).job == TrainJob(PROJECT, ITERATION, 1)
    assert to_environment(TrainJob(PROJECT, ITERATION, 1)) == {"JOB_KIND": "train", **environment}


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, "missing required field `project_id` - at JOB"),
        ({"JOB_PROJECT_ID": "1"}, "Invalid UUID - at JOB_PROJECT_ID"),
        ({"JOB_KIND": "cook"}, "Invalid value 'cook' - at JOB_KIND"),
    ],
)
def test_what_is_no_job_is_refused_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], reason: str
) -> None:
    with pytest.raises(msgspec.ValidationError, match=reason):
        read(monkeypatch, environment)
