"""Trains a project, judges the iteration on a gold set, and publishes it if it is good enough.

It speaks to any installation through the official SDK, so a pipeline can run it against Azure.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

import typer
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import ImagePrediction, Iteration, Project
from msgspec import Struct
from msrest.exceptions import HttpOperationError
from rich.console import Console

from cli import client
from cli.dataset import project as projects
from cli.detections import Detected, judge, prediction_of
from cli.faults import NO, Away, CommandError, left, said
from cli.naming import NAME
from cli.output import AsJson, progress_of, show
from shared.formats import folders, regions
from shared.formats.dataset import BoxedPicture, TaggedPicture
from shared.models.training.model_spec import ModelTag
from shared.settings import ClientSettings

POLL_SECONDS = 5.0
NOT_NEEDED, IN_PROGRESS = "BadRequestTrainingNotNeeded", "BadRequestTrainingAlreadyInProgress"

Measure = Literal["accuracy", "mAP@0.5"]
# What the iteration says of a picture's file; None where the picture itself is refused.
Ask = Callable[[Path], ImagePrediction | None]


class Gold(NamedTuple):
    """Pictures that nobody trained on: how many they are, and what an iteration's answers score."""

    measure: Measure
    pictures: int
    score: Callable[[Ask], float]


class Verdict(Struct, frozen=True):
    """`score` is the accuracy of a classifier, or a detector's mean average precision at an overlap of a half."""

    project: str
    iteration: str
    measure: Measure
    score: float
    threshold: float
    pictures: int
    published_as: str | None


def gate(
    project: Annotated[str, typer.Argument(metavar=NAME, help="The project.")],
    gold: Annotated[
        Path, typer.Option(metavar="FOLDER", help="One folder of pictures a tag; for detectors with a regions.json.")
    ],
    threshold: Annotated[float, typer.Option(min=0, max=1, help="The least score to publish.")],
    name: Annotated[str, typer.Option(help="The name to publish under, in place of what it serves now.")],
    iteration: Annotated[str, typer.Option(metavar=NAME, help="Judge this one, and train none.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Train a project, judge the iteration on a gold set, and publish it if it is good enough.

    The environment says where: VISION_TRAINING_ENDPOINT, with VISION_TRAINING_KEY or (an access token of Entra ID)
    VISION_TRAINING_TOKEN, and VISION_PREDICTION_RESOURCE_ID. Ends with 0 when the iteration was published or nothing
    has changed since the last one (where --json prints null), 1 when it is not good enough, and 2 when that can't be
    told.
    """
    given = ClientSettings.read()
    trainer = client.connect(given)
    found = projects.require(trainer, project)
    # Before the training: it takes long, and an unfit gold set would make it useless.
    judged_by = _gold(trainer, found, gold)
    begun = projects.iteration(trainer, found, iteration) if iteration else _begun(trainer, found)
    if begun is None:
        show(None, "Nothing has changed since the last training; what is published stays.", as_json=as_json)
        return
    try:
        chosen = _completed(trainer, begun)
        score = judged_by.score(partial(_predict, trainer, found, chosen))
        if score >= threshold:
            trainer.publish_iteration(found.id, chosen.id, name, given.vision_prediction_resource_id, overwrite=True)
    except (Away, KeyboardInterrupt) as fault:
        raise left(f"The same command with --iteration {begun.id} goes on with {begun.name}.", fault) from None
    published_as = name if score >= threshold else None
    verdict = Verdict(found.id, chosen.id, judged_by.measure, score, threshold, judged_by.pictures, published_as)
    show(verdict, _sentence(verdict, chosen), as_json=as_json)
    if verdict.published_as is None:
        raise typer.Exit(NO)


def _begun(trainer: CustomVisionTrainingClient, project: Project) -> Iteration | None:
    """A new iteration, or one that is in training already; None where nothing has changed since the last one."""
    try:
        return trainer.train_project(project.id)
    except HttpOperationError as fault:
        code = getattr(fault.error, "code", None)
        if code == NOT_NEEDED:
            return None
        under_way = [each for each in trainer.get_iterations(project.id) if each.status not in client.ENDED]
        if code != IN_PROGRESS or not under_way:
            raise
        typer.echo(f"{under_way[0].name} is in training already, and is waited for.", err=True)
        return under_way[0]


def _completed(trainer: CustomVisionTrainingClient, begun: Iteration) -> Iteration:
    """Raises CommandError where the training fails."""
    with progress_of(Console(stderr=True)) as progress:
        progress.add_task("Training", total=None)
        return client.completed(trainer, begun, POLL_SECONDS)


def _gold(trainer: CustomVisionTrainingClient, project: Project, folder: Path) -> Gold:
    """Raises DatasetError for a folder that is no gold set, CommandError for one that is of other tags."""
    tags = [ModelTag(UUID(tag.id), tag.name) for tag in trainer.get_tags(project.id)]
    if trainer.get_domain(project.settings.domain_id).type == "ObjectDetection":
        listed = regions.load(folder)
        boxed = [*listed.train, *listed.test]
        _require_known({tag for picture in boxed for tag in picture.tags}, tags)
        return Gold("mAP@0.5", len(boxed), partial(_mean_average_precision, boxed, tags))
    pictures = folders.load(folder)
    _require_known({picture.tag for picture in pictures}, tags)
    return Gold("accuracy", len(pictures), partial(_accuracy, pictures))


def _require_known(wanted: set[str], tags: Iterable[ModelTag]) -> None:
    if not wanted:
        raise CommandError("the gold set holds nothing to judge by.")
    if strangers := sorted(wanted - {tag.name for tag in tags}):
        raise CommandError(f"the gold set has tags that the project has not: {', '.join(strangers)}.")


def _accuracy(pictures: list[TaggedPicture], ask: Ask) -> float:
    """A picture is right when its most probable tag is its folder's name; one that is refused is wrong."""
    answers = ((picture.tag, ask(picture.path)) for picture in pictures)
    return sum(bool(answer and answer.predictions[0].tag_name == tag) for tag, answer in answers) / len(pictures)


def _mean_average_precision(pictures: list[BoxedPicture], tags: list[ModelTag], ask: Ask) -> float:
    """Judged as the service judges; a picture that is refused shows nothing."""
    answers = []
    for picture in pictures:
        answer = ask(picture.path)
        answers.append(Detected(picture, [prediction_of(each) for each in answer.predictions] if answer else []))
    return judge(answers, tags).average_precision or 0.0


def _predict(
    trainer: CustomVisionTrainingClient, project: Project, iteration: Iteration, path: Path
) -> ImagePrediction | None:
    """None where the picture itself is refused; what is wrong otherwise is raised."""
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise CommandError(f"{path} of the gold set can't be read: {fault.strerror}.") from fault
    try:
        return trainer.quick_test_image(project.id, data, iteration_id=iteration.id, store=False)
    except HttpOperationError as fault:
        if not str(getattr(fault.error, "code", "")).startswith("BadRequestImage"):
            raise
        typer.echo(f"{path} counts as wrong: {said(fault)}", err=True)
        return None


def _sentence(verdict: Verdict, iteration: Iteration) -> str:
    ending = f"published as {verdict.published_as}" if verdict.published_as else "not published"
    return (
        f"{iteration.name}: {verdict.measure} {verdict.score:.3f} on {verdict.pictures} pictures, "
        f"{verdict.threshold:.3f} needed; {ending}"
    )
