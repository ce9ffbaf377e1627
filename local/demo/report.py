"""What the demo measured, as numbers for a file and as tables for a person."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from azure.cognitiveservices.vision.customvision.training import models as sdk
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from shared.models.training.performance import IterationPerformance

EXPECTED = "What training expects of the model (threshold 50 %)"
Performance: TypeAlias = sdk.IterationPerformance | IterationPerformance


class Uploads(Struct, frozen=True):
    """How the training pictures were taken. `refused` names each picture and the status it got."""

    accepted: int
    duplicates: int
    refused: list[str]
    seconds: float


class Test(Struct, frozen=True):
    """How the published model did on pictures that it was not trained on."""

    accuracy: float
    correct: int
    answered: int
    refused: list[str]
    latency_p50_ms: float
    latency_p95_ms: float


class Camera(Struct, frozen=True):
    """How pictures ended that a camera dropped into storage. Latency: from the upload's start until it was seen.

    `drawn` is a blob in `results` that shows a picture's boxes, where there are any.
    """

    dropped: int
    results: int
    rejections: int
    correct: int
    drawn: str | None
    latency_p50_s: float
    latency_p95_s: float


class ClassificationReport(Struct, frozen=True):
    """One run of the classifier's demo."""

    tags: int
    upload: Uploads
    train_seconds: float
    precision: float
    recall: float
    average_precision: float
    test: Test
    camera: Camera


class DetectionTest(Struct, frozen=True):
    """How the published detector did on pictures that it was not trained on, at a probability and overlap of 50 %."""

    precision: float
    recall: float
    mean_average_precision: float
    pictures: int
    refused: list[str]
    latency_p50_ms: float
    latency_p95_ms: float
    page: str


class DetectionReport(Struct, frozen=True):
    """One run of the detector's demo. `page` of the test is the file that shows what was found."""

    tags: int
    upload: Uploads
    train_seconds: float
    precision: float
    recall: float
    mean_average_precision: float
    test: DetectionTest
    camera: Camera


class Classified(NamedTuple):
    """One test picture: its name, its tag, the tag it was given with its probability, and how long that took."""

    name: str
    tag: str
    predicted: str
    probability: float
    seconds: float


def percentile(values: Sequence[float], percent: float) -> float:
    """0 where there are no values."""
    return float(np.percentile(values, percent)) if values else 0.0


def latencies_ms(seconds: Sequence[float]) -> tuple[float, float]:
    """The median, and what 95 % stay under."""
    milliseconds = [each * 1000 for each in seconds]
    return percentile(milliseconds, 50), percentile(milliseconds, 95)


def uploaded(images: Sequence[sdk.ImageCreateResult], seconds: float) -> Uploads:
    return Uploads(
        accepted=sum(image.status == "OK" for image in images),
        duplicates=sum(image.status == "OKDuplicate" for image in images),
        refused=[f"{image.source_url}: {image.status}" for image in images if not image.status.startswith("OK")],
        seconds=seconds,
    )


def test_figures(answers: Sequence[Classified], refused: list[str]) -> Test:
    correct = sum(answer.predicted == answer.tag for answer in answers)
    middle, most = latencies_ms([answer.seconds for answer in answers])
    return Test(
        accuracy=correct / len(answers) if answers else 0.0,
        correct=correct,
        answered=len(answers),
        refused=refused,
        latency_p50_ms=middle,
        latency_p95_ms=most,
    )


def show_performance(console: Console, performance: Performance, title: str = EXPECTED) -> None:
    """Precision, recall and average precision for each tag."""
    table = Table("tag", "precision", "recall", "AP", title=title)
    for line in (*performance.per_tag_performance, None):
        figures = line or performance
        values = (figures.precision, figures.recall, figures.average_precision)
        name = line.name if line else "all"
        table.add_row(name, *("-" if value is None else f"{value:.1%}" for value in values), end_section=line is None)
    console.print(table)


def show_test(console: Console, test: Test, answers: Sequence[Classified]) -> None:
    """The accuracy, and which tags were taken for which others."""
    mistakes = [answer for answer in answers if answer.predicted != answer.tag]
    if mistakes:
        table = Table("is", "was taken for", "times", "for example", title="Mistakes")
        pairs = Counter((answer.tag, answer.predicted) for answer in mistakes)
        for (tag, predicted), count in pairs.most_common():
            example = next(answer for answer in mistakes if (answer.tag, answer.predicted) == (tag, predicted))
            table.add_row(tag, predicted, str(count), f"{example.name} ({example.probability:.0%})")
        console.print(table)
    show_refused(console, "test pictures that the service refused", test.refused)
    console.print(
        f"[bold]Test accuracy {test.accuracy:.3f}[/bold]: {test.correct} of {test.answered} right; "
        f"reply in {test.latency_p50_ms:.0f} ms (p50), {test.latency_p95_ms:.0f} ms (p95)"
    )


def show_upload(console: Console, uploaded: Uploads) -> None:
    duplicates = f", {uploaded.duplicates} were there already" if uploaded.duplicates else ""
    console.print(f"Uploaded {uploaded.accepted} pictures in {uploaded.seconds:.1f} s{duplicates}")
    show_refused(console, "pictures that the service refused", uploaded.refused)


def show_refused(console: Console, what: str, names: Sequence[str]) -> None:
    if names:
        console.print(f"[yellow]{len(names)} {what}:[/yellow]")
        for name in names:
            console.print(f"  {name}", markup=False)
