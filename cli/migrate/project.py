"""One project the whole way: moved, verified, trained, compared."""

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from rich.markup import escape
from rich.progress import Progress

from cli.migrate import iterations, training
from cli.migrate.comparing import Compared, Model, compare, published, trained
from cli.migrate.iterations import Before
from cli.migrate.moving import move_images
from cli.migrate.report import ProjectReport
from cli.migrate.service import Service
from cli.migrate.settings import Ends, MovedProject, move_settings
from cli.migrate.shapes import Project
from cli.migrate.training import Trained
from cli.migrate.verifying import verify


class Wishes(NamedTuple):
    """What is to be done beside moving. Models that come are published for `resource_id`. `predictor` is asked what the
    old model says of `sample` images at most.
    """

    delete: bool
    train: bool
    models: bool
    resource_id: str
    sample: int
    predictor: Service | None


def move_project(ends: Ends, project: Project, wishes: Wishes, progress: Progress) -> ProjectReport:
    count = ends.source.image_count(project.id)
    task = progress.add_task(escape(project.name), total=count)

    def bar(what: str, total: int | None = count) -> Callable[[int], None]:
        """One line a project, which says what it is at."""
        progress.reset(task, description=f"{escape(project.name)}: {what}", total=total)
        return lambda more: progress.advance(task, more)

    moved = move_settings(ends, project, delete=wishes.delete)
    images = move_images(ends, moved, delete=wishes.delete, advance=bar("moving"))
    verified = verify(ends, moved, bar("verifying"))
    bar("bringing its models", None)
    before = iterations.move_iterations(ends, moved, wishes.resource_id, with_models=wishes.models)
    new = None
    if wishes.train:
        bar("training", None)
        new = training.train(ends.target, moved.target)
    compared = _compared(ends, moved, wishes, before, new, bar)
    bar("done")(count)
    return ProjectReport(
        id=project.id,
        name=project.name,
        here=moved.target,
        tags_moved=moved.tags_moved,
        tags_gone=moved.tags_gone,
        images_there=count,
        moved=images,
        verified=verified,
        before=before,
        trained=new,
        compared=compared,
    )


def _compared(
    ends: Ends,
    moved: MovedProject,
    wishes: Wishes,
    before: list[Before],
    new: Trained | None,
    bar: Callable[[str, int], Callable[[int], None]],
) -> Compared | None:
    """The iteration that was published last there with the one that was trained here, where both can be asked."""
    old = _old(ends, moved, wishes, before) if wishes.sample else None
    if old is None or new is None or new.iteration is None:
        return None
    model = trained(ends.target, moved.target, new.iteration, f"{new.name}, trained here")
    return compare(ends, moved, old, model, sample=wishes.sample, advance=bar("comparing", wishes.sample))


def _old(ends: Ends, moved: MovedProject, wishes: Wishes, before: list[Before]) -> Model | None:
    """Here, where it has come, as that costs nothing; or else there."""
    last = next((each for each in reversed(before) if each.here or (each.publish_name and wishes.predictor)), None)
    if last and last.here:
        return trained(ends.target, moved.target, last.here, f"{last.name}, before the move")
    if last and last.publish_name and wishes.predictor:
        detects = moved.project.settings.classification_type is None
        return published(wishes.predictor, moved.project.id, last.publish_name, detects=detects)
    return None


def pictures_of(target: Service, report: ProjectReport) -> dict[UUID, bytes]:
    """Small ones of the images that old and new say different things of."""
    ids = [each.image for each in report.compared.differing] if report.compared else []
    images = target.images_by_ids(report.here, ids) if ids else []
    return {image.id: target.download(report.here, image.thumbnail_uri) for image in images}
