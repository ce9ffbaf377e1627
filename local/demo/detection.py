"""The steps of the detector's demo: pictures with boxes in, a detector out, and boxes on pictures it has not seen."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.prediction import models as answered
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageCreateResult,
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    Project,
    Region,
)
from msrest.exceptions import HttpOperationError
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from local.demo import camera, page, report, session
from local.demo.boxes import BoxedDataset, BoxedPicture, Mark
from local.demo.session import PUBLISHED_NAME, prediction_client, progress_of, said, training_client
from local.service import Service
from shared.metrics import detection as metrics
from shared.models.images import RegionMark
from shared.models.performance import IterationPerformance
from shared.models.predictions import BoundingBox, Prediction
from shared.models.training import EvaluatedBox, EvaluatedImage, Evaluation, ModelTag
from shared.models.wire import now

THRESHOLD = OVERLAP = 0.5
PAGE = "detections.html"
MEASURED = "On pictures it has not seen (threshold 50 %, overlap 50 %)"
NOBODY = UUID(int=0)


class Answer(NamedTuple):
    """A test picture, what the detector says of it, and how long that took."""

    picture: BoxedPicture
    predictions: list[Prediction]
    seconds: float


def run(dataset: BoxedDataset, data: Path, port: int | None) -> report.DetectionReport:
    """From boxes to a camera's results, on a service that runs meanwhile. Raises DemoError."""
    return session.run(partial(_steps, dataset), data, port, CAMERA_DRAW_BOXES="true")


def create_project(trainer: CustomVisionTrainingClient, name: str) -> Project:
    general = next(
        domain for domain in trainer.get_domains() if (domain.type, domain.name) == ("ObjectDetection", "General")
    )
    return trainer.create_project(name, domain_id=general.id)


def upload(
    trainer: CustomVisionTrainingClient, project: Project, pictures: Sequence[BoxedPicture], progress: Progress
) -> report.Upload:
    """Create the tags and upload the pictures in batches with their boxes; those without any as background."""
    started = time.monotonic()
    names = sorted({tag for picture in pictures for tag in picture.tags})
    tags = {name: trainer.create_tag(project.id, name).id for name in names}
    bar = progress.add_task("Uploading", total=len(pictures))
    images: list[ImageCreateResult] = []
    for metadata in (None, {"background": "true"}):
        chosen = [picture for picture in pictures if bool(picture.marks) is (metadata is None)]
        for batch in session.batches(chosen, lambda picture: picture.path):
            entries = [_entry(picture, tags) for picture in batch]
            body = ImageFileCreateBatch(images=entries, metadata=metadata)
            images += trainer.create_images_from_files(project.id, body).images
            progress.advance(bar, len(batch))
    return report.Upload(
        accepted=sum(image.status == "OK" for image in images),
        duplicates=sum(image.status == "OKDuplicate" for image in images),
        refused=[f"{image.source_url}: {image.status}" for image in images if not image.status.startswith("OK")],
        seconds=time.monotonic() - started,
    )


def detect(
    predictor: CustomVisionPredictionClient, project: Project, pictures: Sequence[BoxedPicture], progress: Progress
) -> tuple[list[Answer], list[str]]:
    """What the published model finds on each picture, one after the other; and the pictures it could not take."""
    answers: list[Answer] = []
    refused: list[str] = []
    for picture in progress.track(pictures, description="Detecting"):
        data = picture.path.read_bytes()
        started = time.monotonic()
        try:
            reply = predictor.detect_image_with_no_store(project.id, PUBLISHED_NAME, data)
        except HttpOperationError as fault:
            refused.append(f"{picture.path.name}: {said(fault)}")
            continue
        seconds = time.monotonic() - started
        answers.append(Answer(picture, [prediction_of(each) for each in reply.predictions], seconds))
    return answers, refused


def judge(answers: Sequence[Answer], tags: Sequence[ModelTag]) -> IterationPerformance:
    """As the service judges a detector, at `OVERLAP`."""
    positions = {tag.id: position for position, tag in enumerate(tags)}
    ids = {tag.name: tag.id for tag in tags}
    images = [
        EvaluatedImage(
            NOBODY,
            now(),
            0,
            0,
            [],
            regions=[_truth(mark, ids) for mark in answer.picture.marks],
            boxes=[_box(each, positions) for each in answer.predictions],
        )
        for answer in answers
    ]
    return metrics.iteration_performance(Evaluation(list(tags), None, images), THRESHOLD, OVERLAP)


def _steps(dataset: BoxedDataset, console: Console, service: Service) -> report.DetectionReport:
    trainer, predictor = training_client(service), prediction_client(service)
    project = create_project(trainer, session.new_name())
    sending = partial(upload, trainer, project, dataset.train)
    uploaded, seconds, performance = session.train_and_publish(
        console, service, project, sending, threshold=THRESHOLD, overlap_threshold=OVERLAP
    )
    with progress_of(console, MofNCompleteColumn()) as progress:
        answers, refused = detect(predictor, project, dataset.test, progress)
    tags = [ModelTag(UUID(tag.id), tag.name) for tag in performance.per_tag_performance]
    tested = _tested(console, answers, refused, tags, service.data / PAGE)
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
    console: Console, answers: Sequence[Answer], refused: list[str], tags: Sequence[ModelTag], path: Path
) -> report.DetectionTest:
    """Show and write down how the detector did."""
    measured = judge(answers, tags)
    report.show_performance(console, measured, MEASURED)
    report.show_refused(console, "test pictures that the service refused", refused)
    milliseconds = [answer.seconds * 1000 for answer in answers]
    latency = report.percentile(milliseconds, 50), report.percentile(milliseconds, 95)
    console.print(
        f"[bold]mAP {measured.average_precision:.3f}[/bold] on {len(answers)} pictures; "
        f"reply in {latency[0]:.0f} ms (p50), {latency[1]:.0f} ms (p95)"
    )
    page.write(path, [(answer.picture.path, answer.picture.tags, answer.predictions) for answer in answers])
    console.print(f"What was found: {path}", soft_wrap=True)
    return report.DetectionTest(
        precision=measured.precision,
        recall=measured.recall,
        mean_average_precision=measured.average_precision or 0.0,
        pictures=len(answers),
        refused=refused,
        latency_p50_ms=latency[0],
        latency_p95_ms=latency[1],
        page=str(path),
    )


def _entry(picture: BoxedPicture, tags: dict[str, str]) -> ImageFileCreateEntry:
    regions = [
        Region(tag_id=tags[mark.tag], left=mark.left, top=mark.top, width=mark.width, height=mark.height)
        for mark in picture.marks
    ]
    return ImageFileCreateEntry(name=picture.path.name, contents=picture.path.read_bytes(), regions=regions)


def prediction_of(found: answered.Prediction) -> Prediction:
    box = found.bounding_box
    place = BoundingBox(box.left, box.top, box.width, box.height)
    return Prediction(found.probability, UUID(found.tag_id), found.tag_name, bounding_box=place)


def _truth(mark: Mark, ids: dict[str, UUID]) -> RegionMark:
    return RegionMark(NOBODY, ids[mark.tag], now(), mark.left, mark.top, mark.width, mark.height)


def _box(found: Prediction, positions: dict[UUID, int]) -> EvaluatedBox:
    assert isinstance(found.bounding_box, BoundingBox)
    box = found.bounding_box
    return EvaluatedBox(positions[found.tag_id], found.probability, box.left, box.top, box.width, box.height)
