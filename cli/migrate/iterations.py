"""What was trained there: how well it did, which is kept, and the models themselves, where they can be had."""

import time
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cli.migrate.service import OWN, Refused, Service
from cli.migrate.settings import Ends, MovedProject
from cli.migrate.shapes import Export, Iteration
from cli.model import too_large

ONNX = "ONNX"
POLL_SECONDS = 2.0
# An export takes Custom Vision a minute or two.
PATIENCE_SECONDS = 1_800.0
NAME_LENGTH = 128


class Performance(Struct, frozen=True, rename="camel"):
    """How well an iteration does, all tags together, at the service's own threshold; all are 0..1."""

    precision: float
    recall: float
    average_precision: float | None = None


class Before(Struct, frozen=True):
    """An iteration there and how well it did before the move; `publish_name` is the one it answers under.

    `here` is the iteration that its model is here, under the same name; where there is none, `reason` says why.
    """

    id: UUID
    name: str
    trained_at: str | None
    publish_name: str | None
    performance: Performance | None = None
    here: UUID | None = None
    reason: str = ""


def move_iterations(ends: Ends, moved: MovedProject, resource_id: str, *, with_models: bool) -> list[Before]:
    """Those that completed, the oldest first, and the models of the published ones, or else of the last.

    Images have to be here before: a model that comes is judged on them.
    """
    there = [each for each in ends.source.iterations(moved.project.id) if each.status == "Completed"]
    there.sort(key=lambda each: each.trained_at or "")
    wanted = [each for each in there if each.publish_name] or there[-1:]
    return [_move(ends, moved, each, resource_id, with_model=with_models and each in wanted) for each in there]


def performance(service: Service, project: UUID, iteration: UUID) -> Performance | None:
    """None where there is none."""
    said = _said_performance(service, project, iteration)
    return msgspec.json.decode(said, type=Performance) if said else None


def _move(ends: Ends, moved: MovedProject, iteration: Iteration, resource_id: str, *, with_model: bool) -> Before:
    before = Before(iteration.id, iteration.name, iteration.trained_at, iteration.publish_name)
    said = _said_performance(ends.source, moved.project.id, iteration.id)
    if said:
        before = replace(before, performance=msgspec.json.decode(said, type=Performance))
        _keep(ends.target, moved.target, iteration, said)
    if not with_model:
        return before
    try:
        here = _moved_model(ends, moved, iteration)
        if iteration.publish_name:
            _publish(ends.target, moved.target, here, iteration.publish_name, resource_id)
    except Refused as refused:
        return replace(before, reason=str(refused))
    return replace(before, here=here)


def _said_performance(service: Service, project: UUID, iteration: UUID) -> bytes | None:
    try:
        return service.call("GET", "projects", project, "iterations", iteration, "performance")
    except Refused:
        return None


def _keep(target: Service, project: UUID, iteration: Iteration, said: bytes) -> None:
    """The installation shows it as before the move."""
    body = {
        "name": iteration.name,
        "trainedAt": iteration.trained_at,
        "publishName": iteration.publish_name,
        "performance": msgspec.Raw(said),
    }
    target.call("PUT", "projects", project, "pastperformances", iteration.id, body=body, base=OWN)


def _moved_model(ends: Ends, moved: MovedProject, iteration: Iteration) -> UUID:
    """The iteration here that has its model. Raises Refused where it can't be had, or is none that runs here."""
    here = next((each.id for each in ends.target.iterations(moved.target) if _is_from(each, iteration)), None)
    if here:
        return here
    if not iteration.exportable:
        raise Refused(ends.source.who, 0, "", "the domain is not compact, so the model can't be exported")
    package = ends.source.download(moved.project.id, _exported(ends.source, moved.project.id, iteration.id))
    if advice := too_large(package):
        raise Refused(ends.target.who, 0, "", advice)
    query = {"name": f"{iteration.name}, before the move"[:NAME_LENGTH]}
    path = ("projects", moved.target, "iterations", "import")
    return ends.target.send(Iteration, "POST", *path, body=package, query=query, base=OWN).id


def _is_from(here: Iteration, there: Iteration) -> bool:
    return here.imported_from is not None and here.imported_from.iteration_id == there.id


def _exported(source: Service, project: UUID, iteration: UUID) -> str:
    """The address of its ONNX package, which is made where there is none. Raises Refused."""
    path = ("projects", project, "iterations", iteration, "export")
    began = time.monotonic()
    found = _export(source, *path) or source.send(Export, "POST", *path, query={"platform": ONNX})
    while found.status == "Exporting" and time.monotonic() - began < PATIENCE_SECONDS:
        time.sleep(POLL_SECONDS)
        found = _export(source, *path) or found
    if found.status != "Done" or not found.download_uri:
        raise Refused(source.who, 0, "", f"the export to ONNX ended as {found.status}")
    return found.download_uri


def _export(source: Service, *path: object) -> Export | None:
    exports = [each for each in source.get(list[Export], *path) if each.platform == ONNX and each.status != "Failed"]
    return next((each for each in exports if each.flavor is None), None)


def _publish(target: Service, project: UUID, iteration: UUID, name: str, resource_id: str) -> None:
    """A name that answers here already keeps what people gave it."""
    here = target.iterations(project)
    if any(each.publish_name == name or (each.id == iteration and each.publish_name) for each in here):
        return
    query = {"publishName": name, "predictionId": resource_id}
    target.call("POST", "projects", project, "iterations", iteration, "publish", query=query)
