"""What was trained there, and how well it did."""

from uuid import UUID

from msgspec import Struct

from cli.migrate.service import Refused, Service
from cli.migrate.settings import Ends, MovedProject


class Performance(Struct, frozen=True, rename="camel"):
    """How well an iteration does, all tags together, at the service's own threshold; all are 0..1."""

    precision: float
    recall: float
    average_precision: float | None = None


class Before(Struct, frozen=True):
    """An iteration there and how well it did before the move; `publish_name` is the one it answers under."""

    id: UUID
    name: str
    trained_at: str | None
    publish_name: str | None
    performance: Performance | None


def before(ends: Ends, moved: MovedProject) -> list[Before]:
    """The iterations that completed, the oldest first."""
    there = [each for each in ends.source.iterations(moved.project.id) if each.status == "Completed"]
    there.sort(key=lambda each: each.trained_at or "")
    return [
        Before(
            each.id, each.name, each.trained_at, each.publish_name, performance(ends.source, moved.project.id, each.id)
        )
        for each in there
    ]


def performance(service: Service, project: UUID, iteration: UUID) -> Performance | None:
    """None where there is none."""
    try:
        return service.get(Performance, "projects", project, "iterations", iteration, "performance")
    except Refused:
        return None
