"""What every demo does with the service: start it, reach it with the official SDK, and wait for a training."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.prediction.models import ImagePrediction
from azure.cognitiveservices.vision.customvision.prediction.models import Prediction as Answered
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import IterationPerformance, Project
from msrest.exceptions import ClientException, HttpOperationError
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from cli import client
from cli.client import P
from cli.faults import CommandError, reason, said
from cli.output import progress_of
from local.azurite import AzuriteError
from local.demo import report
from local.process import StartError
from local.service import RESOURCE_ID, Options, Service, running

PUBLISHED_NAME = "demo"
POLL_SECONDS = 0.1

T = TypeVar("T")


def run(steps: Callable[[Console, Service], T], data: Path, port: int | None, **environment: str) -> T:
    """What the steps answer, on a service that runs meanwhile. Raises CommandError."""
    console = Console(highlight=False)
    try:
        with ExitStack() as stack:
            with console.status("Starting Ocellus"):
                service = stack.enter_context(running(data, port, Options(environment=environment)))
            return steps(console, service)
    except (StartError, AzuriteError, ClientException) as fault:
        raise CommandError(reason(fault)) from fault


def training_client(service: Service) -> CustomVisionTrainingClient:
    return client.training_client(service.endpoint, service.training_key)


def prediction_client(service: Service) -> CustomVisionPredictionClient:
    return client.prediction_client(service.endpoint, service.prediction_key)


def create_project(trainer: CustomVisionTrainingClient, name: str, kind: str, **options: str) -> Project:
    """One of the kind's general domain."""
    general = next(domain for domain in trainer.get_domains() if (domain.type, domain.name) == (kind, "General"))
    return trainer.create_project(name, domain_id=general.id, **options)


def create_tags(trainer: CustomVisionTrainingClient, project: Project, names: Iterable[str]) -> dict[str, str]:
    """Their ids by name."""
    return {name: trainer.create_tag(project.id, name).id for name in sorted(set(names))}


class Trained(NamedTuple):
    """What was uploaded, how long training took from the call to `Completed`, and what is expected of the model."""

    uploaded: report.Uploads
    seconds: float
    performance: IterationPerformance


def train_and_publish(
    console: Console,
    service: Service,
    project: Project,
    upload: Callable[[Progress], report.Uploads],
    **thresholds: float,
) -> Trained:
    """From an empty project to an iteration that is published as PUBLISHED_NAME. Raises CommandError."""
    trainer = training_client(service)
    console.print(f"Project [bold]{project.name}[/bold] on {service.endpoint}")
    with progress_of(console, MofNCompleteColumn()) as progress:
        uploaded = upload(progress)
    report.show_upload(console, uploaded)
    with progress_of(console) as progress:
        progress.add_task("Training", total=None)
        iteration, seconds = client.train(trainer, project, POLL_SECONDS)
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
        f"  http://127.0.0.1:7071/portal/projects/{project.id}/images   shows the project there\n"
        f"  project {project.id}, published name {PUBLISHED_NAME}: what a prediction client needs beside them",
        soft_wrap=True,
    )


class Asked(NamedTuple, Generic[P]):
    """A test picture, what the published model says of it, and how long that took."""

    picture: P
    predictions: list[Answered]
    seconds: float


def ask_each(
    pictures: Sequence[P], ask: Callable[[bytes], ImagePrediction], name_of: Callable[[P], str], progress: Progress
) -> tuple[list[Asked[P]], list[str]]:
    """One picture after the other; and the pictures that the model could not take."""
    asked: list[Asked[P]] = []
    refused: list[str] = []
    for picture in progress.track(pictures, description="Predicting"):
        data = picture.path.read_bytes()
        started = time.monotonic()
        try:
            reply = ask(data)
        except HttpOperationError as fault:
            refused.append(f"{name_of(picture)}: {said(fault)}")
            continue
        asked.append(Asked(picture, reply.predictions, time.monotonic() - started))
    return asked, refused
