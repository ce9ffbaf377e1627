"""The demo's steps: each does with the official SDK what a user's program would do."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageCreateSummary,
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    Iteration,
    Project,
)
from msrest.authentication import ApiKeyCredentials
from msrest.exceptions import ClientException, HttpOperationError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from local.azurite import AzuriteError
from local.demo import camera, report
from local.demo.pictures import Dataset, DemoError, Picture
from local.service import RESOURCE_ID, Service, StartError, running

PUBLISHED_NAME = "demo"
BATCH_PICTURES = 64
BATCH_BYTES = 32 * 1024 * 1024
UPLOADS_AT_ONCE = 2
POLL_SECONDS = 0.1


def run(dataset: Dataset, data: Path, port: int | None) -> report.Report:
    """The main job from start to finish, on a service that runs meanwhile. Raises DemoError."""
    console = Console(highlight=False)
    try:
        with ExitStack() as stack:
            with console.status("Starting Ocellus"):
                service = stack.enter_context(running(data, port))
            return _steps(console, service, dataset)
    except (StartError, AzuriteError) as fault:
        raise DemoError(str(fault)) from fault
    except HttpOperationError as fault:
        raise DemoError(f"the service said: {_said(fault)}") from fault
    except ClientException as fault:
        raise DemoError(f"the service did not answer as it should: {fault}") from fault


def training_client(service: Service) -> CustomVisionTrainingClient:
    return CustomVisionTrainingClient(
        service.endpoint, ApiKeyCredentials(in_headers={"Training-Key": service.training_key})
    )


def prediction_client(service: Service) -> CustomVisionPredictionClient:
    return CustomVisionPredictionClient(
        service.endpoint, ApiKeyCredentials(in_headers={"Prediction-Key": service.prediction_key})
    )


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
        images = [image for summary in pool.map(send, _batches(pictures)) for image in summary.images]
    return report.Upload(
        accepted=sum(image.status == "OK" for image in images),
        duplicates=sum(image.status == "OKDuplicate" for image in images),
        refused=[f"{image.source_url}: {image.status}" for image in images if not image.status.startswith("OK")],
        seconds=time.monotonic() - started,
    )


def train(trainer: CustomVisionTrainingClient, project: Project) -> tuple[Iteration, float]:
    """The completed iteration, and the seconds from the call to `Completed`. Raises DemoError where it fails."""
    started = time.monotonic()
    iteration = trainer.train_project(project.id)
    while iteration.status not in ("Completed", "Failed"):
        time.sleep(POLL_SECONDS)
        iteration = trainer.get_iteration(project.id, iteration.id)
    if iteration.status == "Failed":
        raise DemoError(f"training failed: {iteration.training_error_details}")
    return iteration, time.monotonic() - started


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
            refused.append(f"{_name(picture)}: {_said(fault)}")
            continue
        seconds, best = time.monotonic() - started, reply.predictions[0]
        answers.append(report.Answer(_name(picture), picture.tag, best.tag_name, best.probability, seconds))
    return answers, refused


def _steps(console: Console, service: Service, dataset: Dataset) -> report.Report:
    trainer, predictor = training_client(service), prediction_client(service)
    project = create_project(trainer, f"demo {datetime.now():%Y-%m-%d %H:%M:%S}")
    console.print(f"Project [bold]{project.name}[/bold] on {service.endpoint}")
    with _progress(console, MofNCompleteColumn()) as progress:
        uploaded = upload(trainer, project, dataset.train, progress)
    _show_upload(console, uploaded)
    with _progress(console) as progress:
        progress.add_task("Training", total=None)
        iteration, seconds = train(trainer, project)
    console.print(f"Trained in {seconds:.1f} s")
    performance = trainer.get_iteration_performance(project.id, iteration.id, threshold=0.5)
    report.show_performance(console, performance)
    trainer.publish_iteration(project.id, iteration.id, PUBLISHED_NAME, RESOURCE_ID)
    console.print(f"Published {iteration.name} as [bold]{PUBLISHED_NAME}[/bold]")
    with _progress(console, MofNCompleteColumn()) as progress:
        answers, refused = predict(predictor, project, dataset.test, progress)
    tested = report.test_figures(answers, refused)
    report.show_test(console, tested, answers)
    watched = camera.watch(console, service, project.id, PUBLISHED_NAME, camera.choose(dataset.test))
    _show_next_steps(console, service, project)
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


def _show_upload(console: Console, uploaded: report.Upload) -> None:
    duplicates = f", {uploaded.duplicates} were there already" if uploaded.duplicates else ""
    console.print(f"Uploaded {uploaded.accepted} pictures in {uploaded.seconds:.1f} s{duplicates}")
    report.show_refused(console, "pictures that the service refused", uploaded.refused)


def _show_next_steps(console: Console, service: Service, project: Project) -> None:
    console.print(
        f"\nAll of it is kept in {service.data}. Next:\n"
        f"  ./run --data {service.data}   starts the service on it and prints the endpoint and the keys\n"
        f"  project {project.id}, published name {PUBLISHED_NAME}: what a prediction client needs beside them",
        soft_wrap=True,
    )


def _progress(console: Console, *counts: ProgressColumn) -> Progress:
    """A bar that goes when it is done, and is not there at all where nobody watches."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), *counts, TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _batches(pictures: Sequence[Picture]) -> Iterator[list[Picture]]:
    """As many at a time as the API takes, and no more bytes than make a request of a sensible size."""
    batch: list[Picture] = []
    size = 0
    for picture in pictures:
        bytes_more = picture.path.stat().st_size
        if batch and (len(batch) == BATCH_PICTURES or size + bytes_more > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(picture)
        size += bytes_more
    if batch:
        yield batch


def _name(picture: Picture) -> str:
    return f"{picture.tag}/{picture.path.name}"


def _said(fault: HttpOperationError) -> str:
    code = getattr(fault.error, "code", None)
    return f"{code}: {fault.message}" if code else str(fault.message)
