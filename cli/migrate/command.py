"""`ocellus migrate`: which projects, from where, and in which order it all goes."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn

from cli import naming
from cli.faults import NO, CommandError
from cli.migrate import estimate, journal, page
from cli.migrate.project import Wishes, move_project, pictures_of
from cli.migrate.report import Report, sentences
from cli.migrate.service import Service
from cli.migrate.settings import Ends
from cli.migrate.shapes import Project
from cli.output import AsJson, progress_of, show
from shared.settings import MigrationSettings

FOLDER = Path("ocellus-migration")


def migrate(
    names: Annotated[list[str] | None, typer.Argument(metavar="[PROJECT]...", help="Names or ids of projects.")] = None,
    endpoint: Annotated[str, typer.Option(metavar="URL", help="Of the resource to move from.")] = "",
    key: Annotated[str, typer.Option(metavar="KEY", help="Its training key.")] = "",
    prediction_endpoint: Annotated[str, typer.Option(metavar="URL", help="Where it predicts, if elsewhere.")] = "",
    prediction_key: Annotated[str, typer.Option(metavar="KEY", help="Lets the old model be asked.")] = "",
    compare: Annotated[int, typer.Option(metavar="N", min=0, help="Ask old and new of so many images at most.")] = 100,
    folder: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the journal and the report are.")] = FOLDER,
    *,
    every: Annotated[bool, typer.Option("--all", help="All projects.")] = False,
    models: Annotated[bool, typer.Option(help="Bring the models of compact domains, which answer on.")] = True,
    train: Annotated[bool, typer.Option(help="Train here, and compare with the old model.")] = True,
    delete: Annotated[bool, typer.Option("--delete", help="Delete here what was deleted there since.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would move, and what would stay.")] = False,
    as_json: AsJson = False,
) -> None:
    """Move projects of Custom Vision into this installation; run it again to take what changed since.

    The environment says where to: VISION_TRAINING_ENDPOINT, with VISION_TRAINING_KEY or VISION_TRAINING_TOKEN. It may
    say where from, too: SOURCE_TRAINING_ENDPOINT, with SOURCE_TRAINING_KEY or SOURCE_TRAINING_TOKEN, and
    SOURCE_PREDICTION_ENDPOINT with SOURCE_PREDICTION_KEY. Ends with 0 when all is here as it is there, 1 when the
    report names what is not, and 2 when it could not go on: then run it again.
    """
    given = MigrationSettings.read()
    source = _service(
        "Custom Vision",
        "SOURCE_TRAINING",
        endpoint or given.source_training_endpoint,
        key or given.source_training_key,
        given.source_training_token,
    )
    chosen = _chosen(source.projects(), names or [], every=every)
    if dry_run:
        told = estimate.Estimate([estimate.estimate(source, project) for project in chosen])
        show(told, estimate.sentences(told), as_json=as_json)
        return
    predictor = _predictor(
        prediction_endpoint or given.source_prediction_endpoint or source.endpoint,
        prediction_key or given.source_prediction_key,
    )
    # Any text does where the environment has none.
    resource_id = given.vision_prediction_resource_id or "ocellus"
    wishes = Wishes(delete, train, models, resource_id, compare, predictor)
    report = _moved(source, _target(given), folder, chosen, wishes)
    show(report, sentences(report), as_json=as_json)
    if not report.is_whole:
        raise typer.Exit(NO)


def _moved(source: Service, target: Service, folder: Path, projects: list[Project], wishes: Wishes) -> Report:
    if source.endpoint == target.endpoint:
        raise CommandError("both endpoints are the same; SOURCE_TRAINING_ENDPOINT is where the projects are now.")
    target.projects()
    with journal.opened(folder) as opened, progress_of(Console(stderr=True), MofNCompleteColumn()) as progress:
        opened.require_ends(source.endpoint, target.endpoint)
        ends = Ends(source, target, opened)
        report = Report(
            source.endpoint, target.endpoint, [move_project(ends, project, wishes, progress) for project in projects]
        )
        pictures = {image: data for each in report.projects for image, data in pictures_of(target, each).items()}
    page.write(folder, report, pictures)
    return report


def _target(given: MigrationSettings) -> Service:
    return _service(
        "Ocellus",
        "VISION_TRAINING",
        given.vision_training_endpoint,
        given.vision_training_key,
        given.vision_training_token,
    )


def _service(who: str, variables: str, endpoint: str, key: str, token: str) -> Service:
    """Raises CommandError."""
    if not endpoint or not (key or token):
        raise CommandError(f"set {variables}_ENDPOINT, and {variables}_KEY or {variables}_TOKEN.")
    return Service(who, endpoint, key, token)


def _predictor(endpoint: str, key: str) -> Service | None:
    return Service("Custom Vision", endpoint, key, header="Prediction-Key") if key else None


def _chosen(projects: list[Project], names: list[str], *, every: bool) -> list[Project]:
    """Raises CommandError for what is none, or not one."""
    if every != (not names):
        raise CommandError("name the projects to move, or say --all.")
    if every:
        return projects
    chosen = [naming.require(projects, name, "project") for name in names]
    return [project for number, project in enumerate(chosen) if project not in chosen[:number]]
