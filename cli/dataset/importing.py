"""A data set into a project: its pictures with their tags and boxes, file names and parts."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageCreateResult,
    ImageFileCreateBatch,
    Project,
    Region,
)
from msgspec import Struct
from rich.console import Console
from rich.progress import MofNCompleteColumn

from cli import client, parallel
from cli.dataset import project as projects
from cli.dataset.journal import Journal
from cli.dataset.options import ProjectName
from cli.dataset.project import Kind
from cli.faults import NO
from cli.output import AsJson, progress_of, show
from shared.formats import carrying, catalogue
from shared.formats.dataset import DatasetError, Labelled
from shared.formats.reading import Reading
from shared.formats.source import Source
from shared.settings import ClientSettings

BATCHES_AT_ONCE = 4
VALUE_LENGTH = 256
CREATED, KNOWN = "OK", "OKDuplicate"


class Imported(Struct):
    """How it ended. `lost` counts what the format has and a project has not; `left_out` names pictures and lines, and
    `misplaced` pictures whose shape is not what the set says, so that their boxes may be turned."""

    project: str
    format: str
    pictures: int
    created: int = 0
    present: int = 0
    done_before: int = 0
    lost: dict[str, int] = {}
    left_out: list[str] = []
    misplaced: list[str] = []


class Sender(NamedTuple):
    """What sends the pictures of a source to a project, and notes how that ends."""

    trainer: CustomVisionTrainingClient
    project: Project
    source: Source
    tags: dict[str, str]
    journal: Journal
    result: Imported
    background: bool


class Sent(NamedTuple):
    """The pictures of a batch with what the service answers of each, and why others were not sent."""

    pictures: list[Labelled]
    answers: list[ImageCreateResult]
    faults: list[str]


def import_dataset(
    path: Annotated[Path, typer.Argument(help="A folder, a zip, or the file that describes the pictures.")],
    project: ProjectName,
    format: Annotated[str, typer.Option(metavar="NAME", help="Where the files do not tell it.")] = "",
    images: Annotated[
        Path | None, typer.Option(help="Where the pictures lie, if elsewhere: a folder or a zip.")
    ] = None,
    journal: Annotated[Path | None, typer.Option(help="A file that notes what is done, to go on after a kill.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Of a project that is created.")] = None,
    domain: Annotated[str, typer.Option(help="Of a project that is created.")] = "General",
    *,
    create: Annotated[bool, typer.Option("--create", help="Make the project where there is none.")] = False,
    background: Annotated[
        bool, typer.Option("--background", help="Pictures without boxes show what is no object.")
    ] = False,
    untagged: Annotated[
        bool, typer.Option("--untagged", help="Into a project of boxes: pictures of a set that has tags alone.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read it, and send nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a data set into a project: pictures, tags, boxes, file names and parts.

    Formats: coco, voc, yolo, cvat, labelbox, kitti, vott, label-studio, manifest (SageMaker, Rekognition), vertex-csv,
    vertex-jsonl, csv, jsonl, regions, folders (one a tag). A picture that is there already is not stored twice, so it
    is safe to run again. The environment says where, as for `gate`. Ends with 1 where some pictures were left out.
    """
    reading, format_name = _read(path, images, format)
    result = Imported(project, format_name, len(reading.pictures), lost=reading.lost, left_out=reading.faults)
    if not dry_run:
        trainer = client.connect(ClientSettings.read())
        there = projects.find(trainer, project) if create else projects.require(trainer, project)
        wanted = kind or _kind_of(reading)
        detects = projects.detects(trainer, there) if there else wanted is Kind.DETECTION
        tagged = carrying.fitting(
            reading, there.name if there else project, detects=detects, untagged=untagged or background
        )
        names = sorted({tag for picture in tagged for tag in picture.said})
        projects.require_tags(names)
        found = there or projects.make(trainer, project, wanted, domain)
        # Not before: a project that is made twice is two.
        client.patient(trainer)
        result.project = found.id
        result.lost = reading.lost
        tags = projects.tag_ids(trainer, found, names)
        noted = Journal.open(journal, found.id)
        _send_all(Sender(trainer, found, reading.source, tags, noted, result, background), tagged)
    show(result, _sentences(result, sent=not dry_run), as_json=as_json)
    if result.left_out:
        raise typer.Exit(NO)


def _read(path: Path, images: Path | None, name: str) -> tuple[Reading, str]:
    source = Source.at(path)
    if images:
        source = source.beside(Source.at(images))
    format = catalogue.named(name) if name else catalogue.format_of(source)
    reading = catalogue.read(source, format)
    if source.left_out:
        is_zip = not path.is_dir() and not source.only
        what, advice = ("zip", "pack the pictures themselves") if is_zip else ("folder", "name theirs by --images")
        reading.faults.append(f"{source.left_out} links or paths lead out of the {what}; {advice}")
    return reading, format.name


def _kind_of(reading: Reading) -> Kind:
    if any(picture.marks for picture in reading.pictures):
        return Kind.DETECTION
    return Kind.MULTILABEL if any(len(picture.tags) > 1 for picture in reading.pictures) else Kind.CLASSIFICATION


def _send_all(sender: Sender, pictures: list[Labelled]) -> None:
    waiting = [picture for picture in pictures if picture.file not in sender.journal.done]
    sender.result.done_before = len(pictures) - len(waiting)
    batches = client.batches(waiting, lambda picture: sender.source.weight(picture.file))
    with progress_of(Console(stderr=True), MofNCompleteColumn()) as progress:
        bar = progress.add_task("Importing", total=len(waiting))
        for sent in parallel.done(partial(_send, sender), batches, BATCHES_AT_ONCE):
            _note(sender, sent)
            progress.advance(bar, len(sent.pictures) + len(sent.faults))


def _send(sender: Sender, batch: list[Labelled]) -> Sent:
    entries, pictures, faults = [], [], []
    for picture in batch:
        try:
            entries.append(_entry(sender, picture))
            pictures.append(picture)
        except DatasetError as fault:
            faults.append(str(fault))
    if not entries:
        return Sent([], [], faults)
    batch_sent = ImageFileCreateBatch(images=entries)
    return Sent(pictures, sender.trainer.create_images_from_files(sender.project.id, batch_sent).images, faults)


def _entry(sender: Sender, picture: Labelled) -> client.DescribedFile:
    """Raises DatasetError where the picture can't be read."""
    return client.DescribedFile(
        name=picture.file.rpartition("/")[2],
        contents=sender.source.picture(picture.file),
        tag_ids=[sender.tags[tag] for tag in picture.tags],
        regions=[
            Region(tag_id=sender.tags[mark.tag], left=mark.left, top=mark.top, width=mark.width, height=mark.height)
            for mark in picture.marks
        ],
        metadata=carrying.metadata(picture, VALUE_LENGTH, background=sender.background),
    )


def _note(sender: Sender, sent: Sent) -> None:
    """In the result and, of what is there now, in the journal."""
    result, statuses = sender.result, Counter(answer.status for answer in sent.answers)
    result.created += statuses[CREATED]
    result.present += statuses[KNOWN]
    result.left_out += sent.faults
    there = {}
    for picture, answer in zip(sent.pictures, sent.answers, strict=True):
        if answer.status in (CREATED, KNOWN):
            there[picture.file] = answer.image.id
            result.misplaced += carrying.misplaced(picture, answer.image.width, answer.image.height)
        else:
            result.left_out.append(carrying.refusal(picture, answer.status))
    sender.journal.add(there)


def _sentences(result: Imported, *, sent: bool) -> str:
    ended = [f"{result.pictures} pictures, read as {result.format}"]
    if sent:
        before = f", {result.done_before} done before" if result.done_before else ""
        ended = [f"{ended[0]}: {result.created} are new, {result.present} were there{before}"]
        ended.append(f"The project is {result.project}")
    if result.lost:
        ended.append("Not carried: " + ", ".join(f"{count} {what}" for what, count in sorted(result.lost.items())))
    for title, lines in (("Left out", result.left_out), ("Boxes may be misplaced", result.misplaced)):
        if lines:
            ended.append(f"{title} ({len(lines)}):")
            ended += [f"  {line}" for line in lines]
    return "\n".join(ended)
