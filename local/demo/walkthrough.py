"""The steps of the classifier's demo: each does with the official SDK what a user's program would do."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageCreateSummary,
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    Project,
)
from msrest.exceptions import HttpOperationError
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from local.demo import camera, report, session
from local.demo.pictures import Dataset, Picture
from local.demo.session import PUBLISHED_NAME, prediction_client, progress_of, said, training_client
from local.service import Service

UPLOADS_AT_ONCE = 2


def run(dataset: Dataset, data: Path, port: int | None) -> report.Report:
    """The main job from start to finish, on a service that runs meanwhile. Raises DemoError."""
    return session.run(partial(_steps, dataset), data, port)


def create_project(trainer: CustomVisionTrainingClient, name: str) -> Project:
    general = next(
        domain for domain in trainer.get_domains() if (domain.type, domain.name) == ("Classification", "General")
    )
    return trainer.create_project(name, domain_id=general.id, classification_type="Multiclass")


def upload(
    trainer: CustomVisionTrainingClient, project: Project, pictures: Sequence[Picture], progress: Progress
) -> report.Upload:
    """Create the tags and upload the pictures in batches, some at once."""
    started = time.monotonic()
    tags = {name: trainer.create_tag(project.id, name).id for name in sorted({picture.tag for picture in pictures})}
    bar = progress.add_task("Uploading", total=len(pictures))

    def send(batch: list[Picture]) -> ImageCreateSummary:
        entries = [
            ImageFileCreateEntry(name=_name(picture), contents=picture.path.read_bytes(), tag_ids=[tags[picture.tag]])
            for picture in batch
        ]
        summary = trainer.create_images_from_files(project.id, ImageFileCreateBatch(images=entries))
        progress.advance(bar, len(batch))
        return summary

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        images = [
            image
            for summary in pool.map(send, session.batches(pictures, lambda picture: picture.path))
            for image in summary.images
        ]
    return report.Upload(
        accepted=sum(image.status == "OK" for image in images),
        duplicates=sum(image.status == "OKDuplicate" for image in images),
        refused=[f"{image.source_url}: {image.status}" for image in images if not image.status.startswith("OK")],
        seconds=time.monotonic() - started,
    )


def predict(
    predictor: CustomVisionPredictionClient, project: Project, pictures: Sequence[Picture], progress: Progress
) -> tuple[list[report.Answer], list[str]]:
    """What the published model says of each picture, one after the other; and the pictures it could not take."""
    answers: list[report.Answer] = []
    refused: list[str] = []
    for picture in progress.track(pictures, description="Predicting"):
        data = picture.path.read_bytes()
        started = time.monotonic()
        try:
            reply = predictor.classify_image_with_no_store(project.id, PUBLISHED_NAME, data)
        except HttpOperationError as fault:
            refused.append(f"{_name(picture)}: {said(fault)}")
            continue
        seconds, best = time.monotonic() - started, reply.predictions[0]
        answers.append(report.Answer(_name(picture), picture.tag, best.tag_name, best.probability, seconds))
    return answers, refused


def _steps(dataset: Dataset, console: Console, service: Service) -> report.Report:
    trainer, predictor = training_client(service), prediction_client(service)
    project = create_project(trainer, session.new_name())
    sending = partial(upload, trainer, project, dataset.train)
    uploaded, seconds, performance = session.train_and_publish(console, service, project, sending, threshold=0.5)
    with progress_of(console, MofNCompleteColumn()) as progress:
        answers, refused = predict(predictor, project, dataset.test, progress)
    tested = report.test_figures(answers, refused)
    report.show_test(console, tested, answers)
    watched = camera.watch(
        console,
        service,
        project.id,
        PUBLISHED_NAME,
        camera.choose([(picture.path, [picture.tag]) for picture in dataset.test]),
    )
    session.show_next_steps(console, service, project)
    return report.Report(
        tags=len(performance.per_tag_performance),
        upload=uploaded,
        train_seconds=seconds,
        precision=performance.precision,
        recall=performance.recall,
        average_precision=performance.average_precision,
        test=tested,
        camera=watched,
    )


def _name(picture: Picture) -> str:
    return f"{picture.tag}/{picture.path.name}"
