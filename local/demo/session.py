"""What every demo does with the service: start it, reach it with the official SDK, and wait for a training."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import Iteration, IterationPerformance, Project
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
from local.demo import report
from local.demo.pictures import DemoError
from local.service import RESOURCE_ID, Options, Service, StartError, running

PUBLISHED_NAME = "demo"
BATCH_PICTURES = 64
BATCH_BYTES = 32 * 1024 * 1024
POLL_SECONDS = 0.1

T = TypeVar("T")


def run(steps: Callable[[Console, Service], T], data: Path, port: int | None, **environment: str) -> T:
    """What the steps answer, on a service that runs meanwhile. Raises DemoError."""
    console = Console(highlight=False)
    try:
        with ExitStack() as stack:
            with console.status("Starting Ocellus"):
                service = stack.enter_context(running(data, port, Options(environment=environment)))
            return steps(console, service)
    except (StartError, AzuriteError) as fault:
        raise DemoError(str(fault)) from fault
    except HttpOperationError as fault:
        raise DemoError(f"the service said: {said(fault)}") from fault
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


def train(
    trainer: CustomVisionTrainingClient, project: Project, poll_seconds: float = POLL_SECONDS
) -> tuple[Iteration, float]:
    """The completed iteration, and the seconds from the call to `Completed`. Raises DemoError where it fails."""
    started = time.monotonic()
    iteration = trainer.train_project(project.id)
    while iteration.status not in ("Completed", "Failed"):
        time.sleep(poll_seconds)
        iteration = trainer.get_iteration(project.id, iteration.id)
    if iteration.status == "Failed":
        raise DemoError(f"training failed: {iteration.training_error_details}")
    return iteration, time.monotonic() - started


class Trained(NamedTuple):
    """What was uploaded, how long training took from the call to `Completed`, and what is expected of the model."""

    uploaded: report.Upload
    seconds: float
    performance: IterationPerformance


def train_and_publish(
    console: Console,
    service: Service,
    project: Project,
    upload: Callable[[Progress], report.Upload],
    **thresholds: float,
) -> Trained:
    """From an empty project to an iteration that is published as PUBLISHED_NAME. Raises DemoError."""
    trainer = training_client(service)
    console.print(f"Project [bold]{project.name}[/bold] on {service.endpoint}")
    with progress_of(console, MofNCompleteColumn()) as progress:
        uploaded = upload(progress)
    report.show_upload(console, uploaded)
    with progress_of(console) as progress:
        progress.add_task("Training", total=None)
        iteration, seconds = train(trainer, project)
    console.print(f"Trained in {seconds:.1f} s")
    performance = trainer.get_iteration_performance(project.id, iteration.id, **thresholds)
    report.show_performance(console, performance)
    trainer.publish_iteration(project.id, iteration.id, PUBLISHED_NAME, RESOURCE_ID)
    console.print(f"Published {iteration.name} as [bold]{PUBLISHED_NAME}[/bold]")
    return Trained(uploaded, seconds, performance)


def new_name() -> str:
    return f"demo {datetime.now():%Y-%m-%d %H:%M:%S}"


def show_next_steps(console: Console, service: Service, project: Project) -> None:
    console.print(
        f"\nAll of it is kept in {service.data}. Next:\n"
        f"  ./run --data {service.data}   starts the service on it and prints the endpoint and the keys\n"
        f"  project {project.id}, published name {PUBLISHED_NAME}: what a prediction client needs beside them",
        soft_wrap=True,
    )


def progress_of(console: Console, *counts: ProgressColumn) -> Progress:
    """A bar that goes when it is done, and is not there at all where nobody watches."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), *counts, TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def batches(pictures: Sequence[T], path_of: Callable[[T], Path]) -> Iterator[list[T]]:
    """As many at a time as the API takes, and no more bytes than make a request of a sensible size."""
    batch: list[T] = []
    size = 0
    for picture in pictures:
        bytes_more = path_of(picture).stat().st_size
        if batch and (len(batch) == BATCH_PICTURES or size + bytes_more > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(picture)
        size += bytes_more
    if batch:
        yield batch


def said(fault: HttpOperationError) -> str:
    code = getattr(fault.error, "code", None)
    return f"{code}: {fault.message}" if code else str(fault.message)
