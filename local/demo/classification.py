"""The steps of the classifier's demo: each does with the official SDK what a user's program would do."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import ImageFileCreateEntry, Project
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from cli import client
from cli.output import progress_of
from local.demo import camera, report, session
from local.demo.session import PUBLISHED_NAME
from local.demo.splitting import TaggedDataset
from local.service import Service
from shared.formats.dataset import TaggedPicture


def run(dataset: TaggedDataset, data: Path, port: int | None) -> report.ClassificationReport:
    """The main job from start to finish, on a service that runs meanwhile. Raises CommandError."""
    return session.run(partial(_steps, dataset), data, port)


def create_project(trainer: CustomVisionTrainingClient, name: str) -> Project:
    return session.create_project(trainer, name, "Classification", classification_type="Multiclass")


def upload(
    trainer: CustomVisionTrainingClient, project: Project, pictures: Sequence[TaggedPicture], progress: Progress
) -> report.Uploads:
    """Create the tags and upload the pictures."""
    started = time.monotonic()
    tags = session.create_tags(trainer, project, (picture.tag for picture in pictures))
    images = client.upload(trainer, project, pictures, partial(_entry, tags), progress)
    return report.uploaded(images, time.monotonic() - started)


def predict(
    predictor: CustomVisionPredictionClient, project: Project, pictures: Sequence[TaggedPicture], progress: Progress
) -> tuple[list[report.Classified], list[str]]:
    """What the published model says of each picture, and the pictures it could not take."""
    ask = partial(predictor.classify_image_with_no_store, project.id, PUBLISHED_NAME)
    asked, refused = session.ask_each(pictures, ask, _name, progress)
    answers = [
        report.Classified(_name(picture), picture.tag, best.tag_name, best.probability, seconds)
        for picture, (best, *_), seconds in asked
    ]
    return answers, refused


def _steps(dataset: TaggedDataset, console: Console, service: Service) -> report.ClassificationReport:
    trainer, predictor = session.training_client(service), session.prediction_client(service)
    project = create_project(trainer, session.new_name())
    sending = partial(upload, trainer, project, dataset.train)
    uploaded, seconds, performance = session.train_and_publish(console, service, project, sending, threshold=0.5)
    with progress_of(console, MofNCompleteColumn()) as progress:
        answers, refused = predict(predictor, project, dataset.test, progress)
    tested = report.test_figures(answers, refused)
    report.show_test(console, tested, answers)
    drops = camera.choose([(picture.path, [picture.tag]) for picture in dataset.test])
    watched = camera.watch(console, service, project.id, PUBLISHED_NAME, drops)
    session.show_next_steps(console, service, project)
    return report.ClassificationReport(
        tags=len(performance.per_tag_performance),
        upload=uploaded,
        train_seconds=seconds,
        precision=performance.precision,
        recall=performance.recall,
        average_precision=performance.average_precision,
        test=tested,
        camera=watched,
    )


def _entry(tags: dict[str, str], picture: TaggedPicture) -> ImageFileCreateEntry:
    return ImageFileCreateEntry(name=_name(picture), contents=picture.path.read_bytes(), tag_ids=[tags[picture.tag]])


def _name(picture: TaggedPicture) -> str:
    return f"{picture.tag}/{picture.path.name}"
