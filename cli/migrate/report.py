"""What a move did: as JSON, as lines, and what a page is made of."""

from uuid import UUID

from msgspec import Struct

from cli.migrate.comparing import Compared
from cli.migrate.iterations import Before
from cli.migrate.moving import Moved
from cli.migrate.training import Trained
from cli.migrate.verifying import Verified


class ProjectReport(Struct, frozen=True, kw_only=True):
    """`id` is the project's there, `here` its id in the installation, `images_there` the count there."""

    id: UUID
    name: str
    here: UUID
    tags_moved: int
    tags_gone: list[str]
    images_there: int
    moved: Moved
    verified: Verified
    before: list[Before]
    trained: Trained | None
    compared: Compared | None

    @property
    def is_whole(self) -> bool:
        return not self.moved.unmoved and not self.verified.differences


class Report(Struct, frozen=True):
    source: str
    target: str
    projects: list[ProjectReport]

    @property
    def is_whole(self) -> bool:
        return all(project.is_whole for project in self.projects)


def sentences(report: Report) -> str:
    """Some lines a project, and one for each image that is not here as it is there."""
    return "\n".join(line for project in report.projects for line in _lines(project))


def _lines(project: ProjectReport) -> list[str]:
    moved, verified = project.moved, project.verified
    lines = [
        f"{project.name}: {moved.images} images moved, {moved.relabelled} relabelled, {project.tags_moved} tags; "
        f"{verified.images} of {project.images_there} are here, with {verified.tags} tags, {verified.boxes} boxes and "
        f"{verified.metadata} pairs of metadata."
    ]
    lines += [f"  did not come: {each.image}: {each.reason}" for each in moved.unmoved]
    lines += [f"  differs in {each.what}: {each.image}, here {each.here}" for each in verified.differences]
    return lines + [f"  {sentence}" for sentence in remarks(project)]


def remarks(project: ProjectReport) -> list[str]:
    """What became of it beside the images."""
    moved, found = project.moved, []
    if moved.gone:
        found.append(f"{len(moved.gone)} images were deleted there since; --delete deletes them here.")
    if project.tags_gone:
        found.append(f"Tags were deleted there since: {', '.join(project.tags_gone)}; --delete deletes them here.")
    found += [_of_model(each) for each in project.before if each.here or each.reason]
    if project.trained:
        found.append(_of_training(project.trained))
    if project.compared:
        found.append(_of_comparison(project.compared))
    return found


def _of_model(before: Before) -> str:
    if before.here is None:
        return f"The model of {before.name} stays there: {before.reason}"
    name = f", under the name {before.publish_name}" if before.publish_name else ""
    return f"The model of {before.name} answers here{name}."


def _of_training(trained: Trained) -> str:
    if trained.iteration is None:
        return f"Nothing was trained: {trained.reason}"
    measured = trained.performance
    return f"{trained.name} was trained here" + (
        f", with a precision of {measured.precision:.3f} and a recall of {measured.recall:.3f}." if measured else "."
    )


def _of_comparison(compared: Compared) -> str:
    return (
        f"On {compared.images} images {compared.old} is right on {compared.old_right} and {compared.new} on "
        f"{compared.new_right}; they say the same on {compared.alike}."
    )
