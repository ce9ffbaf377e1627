"""What a move would take and leave behind, without moving anything."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from uuid import UUID

from msgspec import Struct

from cli.migrate.service import AT_ONCE, Refused, Service
from cli.migrate.shapes import Iteration, Project

# Pictures of a project that are fetched to see how fast they come, and what an installation takes in at most:
# `benchmarks.migrate` has it.
SAMPLE = 16
IMAGES_PER_SECOND = 17.0


class ProjectEstimate(Struct, frozen=True):
    """What is there, the minutes until it is here, and what will not come."""

    id: UUID
    name: str
    images: int
    tags: int
    iterations: int
    published: list[str]
    minutes: float
    stays: list[str]


class Estimate(Struct, frozen=True):
    projects: list[ProjectEstimate]


def estimate(source: Service, project: Project) -> ProjectEstimate:
    images = source.image_count(project.id)
    iterations = [each for each in source.iterations(project.id) if each.status == "Completed"]
    return ProjectEstimate(
        id=project.id,
        name=project.name,
        images=images,
        tags=len(source.tags(project.id)),
        iterations=len(iterations),
        published=[each.publish_name for each in iterations if each.publish_name],
        minutes=images / _rate(source, project.id) / 60,
        stays=list(_stays(iterations)),
    )


def _rate(source: Service, project: UUID) -> float:
    """Images a second."""
    images = list(islice(source.images(project), SAMPLE))
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda image: _fetch(source, project, image.original_image_uri), images))
    return min(IMAGES_PER_SECOND, len(images) / max(time.monotonic() - began, 1e-3)) if images else IMAGES_PER_SECOND


def _fetch(source: Service, project: UUID, address: str) -> None:
    try:
        source.download(project, address)
    except Refused:
        return


def _stays(iterations: list[Iteration]) -> Iterator[str]:
    kept = [each.name for each in iterations if not each.exportable]
    if kept:
        yield f"the weights of {', '.join(kept)}: their domain is not compact, so Custom Vision hands them to nobody"
    yield "predictions that were stored there; they last for 30 days"


def sentences(estimate: Estimate) -> str:
    return "\n".join(line for project in estimate.projects for line in _lines(project))


def _lines(project: ProjectEstimate) -> list[str]:
    published = f", published as {', '.join(project.published)}" if project.published else ""
    first = (
        f"{project.name}: {project.images} images, {project.tags} tags, {project.iterations} iterations{published}; "
        f"about {max(1, round(project.minutes))} min."
    )
    return [first, *(f"  stays there: {each}." for each in project.stays)]
