"""Messages of the `upkeep` queue: what goes on in the background, in steps that can be repeated."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from shared.models.events import EventType
from shared.models.iterations import Iteration


class Task(Struct, frozen=True, rename="camel", tag_field="task", tag=True):
    """A message carries the name of its class as `task`."""


class PurgeProject(Task, frozen=True):
    """Delete all that a deleted project left behind."""

    project_id: UUID


class SweepTag(Task, frozen=True):
    """Take a deleted tag off its images."""

    project_id: UUID
    tag_id: UUID


class ReleaseImages(Task, frozen=True):
    """Delete the pictures of deleted images, but (unless `all_iterations`) for those of an iteration."""

    project_id: UUID
    image_ids: list[UUID]
    all_iterations: bool = False


class CollectPictures(Task, frozen=True):
    """Delete the pictures stored before that time that neither the workspace nor an iteration has."""

    project_id: UUID
    before: datetime


class DeleteAllImages(Task, frozen=True):
    """Delete every image that was there at that time."""

    project_id: UUID
    before: datetime
    all_iterations: bool


class Announce(Task, frozen=True):
    """Tell subscribers what became of an iteration. The id is the event's own, so a repeat is known as one."""

    event: EventType
    id: str
    iteration: Iteration


AnyTask = PurgeProject | SweepTag | ReleaseImages | CollectPictures | DeleteAllImages | Announce
