"""What the container is launched to do. A kind is a class here, and a case in `training_job/__main__.py`."""

from collections.abc import Mapping
from uuid import UUID

import msgspec
from msgspec import Struct

PREFIX = "JOB_"


class Job(Struct, frozen=True, tag_field="kind", tag=lambda name: name.removesuffix("Job").lower()):
    """Each field is the variable of its name in capitals: JOB_KIND, JOB_PROJECT_ID and so on."""

    project_id: UUID

    @property
    def kind(self) -> str:
        return str(self.__struct_config__.tag)

    @property
    def log_name(self) -> str:
        """The file that it writes to where it is a process."""
        return f"{self.kind}.log"


class TrainJob(Job, frozen=True):
    """Train an iteration. `attempt` counts the starts of its job, and of two that run only the later goes on."""

    iteration_id: UUID
    attempt: int = 0

    @property
    def log_name(self) -> str:
        return f"{self.iteration_id}.log"


class BackbonesJob(Job, frozen=True):
    """Put the backbones where functions find them, for the project that asked first."""


AnyJob = TrainJob | BackbonesJob


def to_environment(job: AnyJob) -> dict[str, str]:
    fields: dict[str, object] = msgspec.to_builtins(job)
    return {f"{PREFIX}{name.upper()}": str(value) for name, value in fields.items()}


def fields_in(environment: Mapping[str, str]) -> dict[str, str]:
    """What a job is read from. An older version, which only trains, names no kind."""
    given = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.startswith(PREFIX)}
    return {"kind": "train", **given}
