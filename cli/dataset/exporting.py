"""A project as a data set: its pictures, in any format that carries what it has."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple

import requests
import typer
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import Image, Iteration, Project
from msgspec import Struct
from requests.adapters import HTTPAdapter
from rich.console import Console
from rich.progress import MofNCompleteColumn

from cli import client, parallel
from cli.dataset import project as projects
from cli.dataset.journal import Journal
from cli.dataset.options import ProjectName
from cli.faults import NO, CommandError
from cli.naming import NAME
from cli.output import AsJson, progress_of, show
from cli.patience import Patience, Watch
from shared.formats import carrying, catalogue, names, predicted
from shared.formats.catalogue import Format
from shared.formats.dataset import SUFFIXES, Labelled, LabelledSet, Mark
from shared.formats.predicted import Said
from shared.settings import ClientSettings

PAGE = 256
DOWNLOADS_AT_ONCE, PREDICTIONS_AT_ONCE = 8, 4
JOURNAL = ".ocellus-export.jsonl"
SECONDS = 60


class Exported(Struct):
    """How it ended. `fetched` pictures came now and `present` ones earlier; `lost` counts what the format has not."""

    project: str
    format: str
    pictures: int
    fetched: int = 0
    present: int = 0
    removed: int = 0
    lost: dict[str, int] = {}
    left_out: list[str] = []
    predictions: str | None = None


class Taken(NamedTuple):
    """A picture that lies in the folder: where, and whether it came now. Without places it could not be had."""

    image: Image
    picture: Labelled
    places: list[str]
    fetched: bool = False
    fault: str = ""


class Receiver(NamedTuple):
    """What fetches pictures into a folder."""

    folder: Path
    format: Format
    journal: Journal
    session: requests.Session
    watch: Watch


def export_dataset(
    folder: Annotated[Path, typer.Argument(help="Where to write it.")],
    project: ProjectName,
    format: Annotated[str, typer.Option(metavar="NAME", help="Such as coco, yolo, voc, csv or folders.")],
    iteration: Annotated[
        str, typer.Option(metavar=NAME, help="What this iteration was trained on, in place of what is there now.")
    ] = "",
    predictions: Annotated[
        str, typer.Option(metavar=NAME, help="Write what this iteration says beside; its published name does.")
    ] = "",
    prefix: Annotated[str, typer.Option(help="What comes before paths, such as s3://bucket/photos/.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Take the pictures of a project out as a data set, the originals with their tags, boxes, file names and parts.

    Run again, it fetches what is new and removes what is gone. The environment says where, as for `gate`. Ends with 1
    where some pictures could not be had.
    """
    chosen = catalogue.named(format)
    trainer = client.patient(client.connect(ClientSettings.read()))
    found = projects.require(trainer, project)
    detects = projects.detects(trainer, found)
    carrying.require_carries(chosen, detects=detects)
    trained = projects.iteration(trainer, found, iteration) if iteration else None
    judge = projects.iteration(trainer, found, predictions) if predictions else None
    journal = _opened(folder, found)
    images = list(_images(trainer, found, trained))
    result = Exported(found.id, chosen.name, len(images))
    watch = Watch()
    taken = _take_all(Receiver(folder, chosen, journal, _session(watch), watch), images, result)
    known = {tag.name for tag in trainer.get_tags(found.id, iteration_id=trained.id if trained else None)}
    # One that came meanwhile is on pictures, and not among those that were known.
    tags = sorted(known.union(*(each.picture.said for each in taken)))
    written = LabelledSet([each.picture for each in taken], tags, prefix)
    files = chosen.write(written)
    if judge:
        said = _said(trainer, found, judge, [folder / each.places[0] for each in taken])
        files |= predicted.described(written, chosen, said, detects=detects)
        result.predictions = judge.name
    _write(folder, files)
    result.removed = _tidy(folder, journal, {place: each.image.id for each in taken for place in each.places}, files)
    show(result, _sentences(result, folder), as_json=as_json)
    if result.left_out:
        raise typer.Exit(NO)


def _said(
    trainer: CustomVisionTrainingClient, project: Project, iteration: Iteration, paths: Sequence[Path]
) -> list[list[Said]]:
    """What the iteration says of each picture."""

    def ask(path: Path) -> list[Said]:
        answer = trainer.quick_test_image(project.id, path.read_bytes(), iteration_id=iteration.id, store=False)
        return predicted.said(answer.predictions)

    with progress_of(Console(stderr=True), MofNCompleteColumn()) as progress:
        asked = parallel.done(ask, paths, PREDICTIONS_AT_ONCE)
        return list(progress.track(asked, total=len(paths), description="Predicting"))


def _opened(folder: Path, project: Project) -> Journal:
    """The journal of an export to this folder. Raises CommandError where something else lies there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not (folder / JOURNAL).exists():
            raise CommandError(f"{folder} holds other files; name a new folder, or that of an earlier export.")
    except OSError as fault:
        raise CommandError(f"{folder} can't be written: {fault.strerror}.") from fault
    journal = Journal.open(folder / JOURNAL, project.id)
    if journal.of_others:
        raise CommandError(f"{folder} holds the export of another project; name another folder.")
    return journal


def _images(trainer: CustomVisionTrainingClient, project: Project, iteration: Iteration | None) -> Iterator[Image]:
    """The oldest first, so that what comes meanwhile comes last."""
    skip, of = 0, iteration.id if iteration else None
    while page := trainer.get_images(project.id, iteration_id=of, order_by="Oldest", take=PAGE, skip=skip):
        yield from page
        skip += len(page)


def _session(watch: Watch) -> requests.Session:
    session = requests.Session()
    adapter = HTTPAdapter(pool_maxsize=DOWNLOADS_AT_ONCE, max_retries=Patience.of(watch, twice=True))
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _take_all(receiver: Receiver, images: list[Image], result: Exported) -> list[Taken]:
    """Those that lie in the folder now."""
    named = names.named({image.id: (image.metadata or {}).get(carrying.FILENAME, "") for image in images})
    lost, taken = Counter[str](), []
    with progress_of(Console(stderr=True), MofNCompleteColumn()) as progress:
        bar = progress.add_task("Fetching", total=len(images))
        wanted = [(image, named[image.id]) for image in images]
        for each in parallel.done(partial(_take, receiver), wanted, DOWNLOADS_AT_ONCE):
            progress.advance(bar)
            if each.fetched:
                receiver.journal.add(dict.fromkeys(each.places, each.image.id))
            if each.places:
                taken.append(each)
                result.fetched, result.present = result.fetched + each.fetched, result.present + (not each.fetched)
            lost["values of metadata"] += carrying.left_behind(each.image.metadata or {})
            lost["pictures without a tag"] += not each.places and not each.fault
            result.left_out += filter(None, [each.fault])
    result.lost = dict(+lost)
    return taken


def _take(receiver: Receiver, wanted: tuple[Image, str]) -> Taken:
    """Fetch a picture, unless it lies there as the journal has it."""
    image, name = wanted
    labelled = _labelled(image, name)
    suffixes = ("",) if name.lower().endswith(SUFFIXES) else SUFFIXES
    for known in (labelled._replace(file=name + suffix) for suffix in suffixes):
        places = receiver.format.places(known)
        if all(_lies(receiver, place, image.id) for place in places):
            return Taken(image, known, places)
    try:
        with receiver.watch.asking(image.original_image_uri):
            answer = receiver.session.get(image.original_image_uri, timeout=SECONDS)
        answer.raise_for_status()
    except requests.HTTPError as fault:
        return Taken(image, labelled, [], fault=f"{name} ({image.id}) can't be fetched: {fault}")
    labelled = labelled._replace(file=names.whole(name, answer.content))
    places = receiver.format.places(labelled)
    _store(receiver.folder, places, answer.content)
    return Taken(image, labelled, places, fetched=True)


def _lies(receiver: Receiver, place: str, image_id: str) -> bool:
    return receiver.journal.done.get(place) == image_id and (receiver.folder / place).is_file()


def _store(folder: Path, places: list[str], data: bytes) -> None:
    """Whole or not at all, in each place."""
    for place in places:
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        partial_path = path.with_name(f"{path.name}.partial")
        partial_path.write_bytes(data)
        partial_path.replace(path)


def _labelled(image: Image, name: str) -> Labelled:
    marks = [
        Mark(region.tag_name, region.left, region.top, region.width, region.height) for region in image.regions or []
    ]
    tags = [tag.tag_name for tag in image.tags or []]
    return carrying.labelled(name, tags, marks, image.metadata or {}, (image.width, image.height))


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        _store(folder, [name], data)


def _tidy(folder: Path, journal: Journal, pictures: dict[str, str], files: dict[str, bytes]) -> int:
    """Remove what an earlier run wrote and this one did not; how many files that was."""
    now = pictures | dict.fromkeys(files, "")
    gone = [folder / place for place in journal.done.keys() - now.keys()]
    gone = [path for path in gone if path.is_file()]
    for path in gone:
        path.unlink()
    journal.replace(now)
    return len(gone)


def _sentences(result: Exported, folder: Path) -> str:
    ended = [
        f"{folder}: {result.fetched + result.present} of {result.pictures} pictures as {result.format}, "
        f"{result.fetched} fetched now"
    ]
    if result.removed:
        ended.append(f"{result.removed} files of an earlier run are gone")
    if result.lost:
        ended.append("Not carried: " + ", ".join(f"{count} {what}" for what, count in sorted(result.lost.items())))
    return "\n".join([*ended, *(f"  {line}" for line in result.left_out)])
