"""The steps of the detector's demo: pictures with boxes in, a detector out, and boxes on pictures it has not seen."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import ImageFileCreateEntry, Project, Region
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from cli import client
from cli.detections import OVERLAP, THRESHOLD, Detected, judge, prediction_of
from cli.output import progress_of
from local.demo import camera, page, report, session
from local.demo.session import PUBLISHED_NAME, Asked
from local.service import Service
from shared.formats.dataset import BoxedDataset, BoxedPicture
from shared.models.training.model_spec import ModelTag

PAGE = "detections.html"
MEASURED = "On pictures it has not seen (threshold 50 %, overlap 50 %)"


def run(dataset: BoxedDataset, data: Path, port: int | None) -> report.DetectionReport:
    """From boxes to a camera's results, on a service that runs meanwhile. Raises CommandError."""
    return session.run(partial(_steps, dataset), data, port, CAMERA_DRAW_BOXES="true")


def create_project(trainer: CustomVisionTrainingClient, name: str) -> Project:
    return session.create_project(trainer, name, "ObjectDetection")


def upload(
    trainer: CustomVisionTrainingClient, project: Project, pictures: Sequence[BoxedPicture], progress: Progress
) -> report.Uploads:
    """Create the tags and upload the pictures with their boxes; those without any as background."""
    started = time.monotonic()
    tags = session.create_tags(trainer, project, (tag for picture in pictures for tag in picture.tags))
    boxed = [picture for picture in pictures if picture.marks]
    empty = [picture for picture in pictures if not picture.marks]
    images = client.upload(trainer, project, boxed, partial(_entry, tags), progress)
    images += client.upload(trainer, project, empty, partial(_entry, tags), progress, {"background": "true"})
    return report.uploaded(images, time.monotonic() - started)


def _steps(dataset: BoxedDataset, console: Console, service: Service) -> report.DetectionReport:
    trainer, predictor = session.training_client(service), session.prediction_client(service)
    project = create_project(trainer, session.new_name())
    sending = partial(upload, trainer, project, dataset.train)
    uploaded, seconds, performance = session.train_and_publish(
        console, service, project, sending, threshold=THRESHOLD, overlap_threshold=OVERLAP
    )
    with progress_of(console, MofNCompleteColumn()) as progress:
        ask = partial(predictor.detect_image_with_no_store, project.id, PUBLISHED_NAME)
        asked, refused = session.ask_each(dataset.test, ask, lambda picture: picture.path.name, progress)
    tags = [ModelTag(UUID(tag.id), tag.name) for tag in performance.per_tag_performance]
    tested = _tested(console, asked, refused, tags, service.data / PAGE)
    drops = camera.choose([(picture.path, picture.tags) for picture in dataset.test])
    watched = camera.watch(console, service, project.id, PUBLISHED_NAME, drops)
    if watched.drawn:
        console.print(f"The boxes are drawn on a copy of each picture, as results/{watched.drawn}", soft_wrap=True)
    session.show_next_steps(console, service, project)
    return report.DetectionReport(
        tags=len(tags),
        upload=uploaded,
        train_seconds=seconds,
        precision=performance.precision,
        recall=performance.recall,
        mean_average_precision=performance.average_precision,
        test=tested,
        camera=watched,
    )


def _tested(
    console: Console, asked: Sequence[Asked[BoxedPicture]], refused: list[str], tags: Sequence[ModelTag], path: Path
) -> report.DetectionTest:
    """Show and write down how the detector did."""
    answers = [Detected(each.picture, [prediction_of(found) for found in each.predictions]) for each in asked]
    measured = judge(answers, tags)
    report.show_performance(console, measured, MEASURED)
    report.show_refused(console, "test pictures that the service refused", refused)
    middle, most = report.latencies_ms([each.seconds for each in asked])
    console.print(
        f"[bold]mAP {measured.average_precision:.3f}[/bold] on {len(answers)} pictures; "
        f"reply in {middle:.0f} ms (p50), {most:.0f} ms (p95)"
    )
    page.write(path, [(answer.picture.path, answer.picture.tags, answer.predictions) for answer in answers])
    console.print(f"What was found: {path}", soft_wrap=True)
    return report.DetectionTest(
        precision=measured.precision,
        recall=measured.recall,
        mean_average_precision=measured.average_precision or 0.0,
        pictures=len(answers),
        refused=refused,
        latency_p50_ms=middle,
        latency_p95_ms=most,
        page=str(path),
    )


def _entry(tags: dict[str, str], picture: BoxedPicture) -> ImageFileCreateEntry:
    regions = [
        Region(tag_id=tags[mark.tag], left=mark.left, top=mark.top, width=mark.width, height=mark.height)
        for mark in picture.marks
    ]
    return ImageFileCreateEntry(name=picture.path.name, contents=picture.path.read_bytes(), regions=regions)
