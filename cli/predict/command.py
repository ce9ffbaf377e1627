"""What a published model says of a folder of pictures, into a file."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from glob import glob
from os.path import commonpath
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
import typer
from msgspec import Struct
from msgspec.structs import replace
from rich.console import Console
from rich.progress import MofNCompleteColumn

from cli import parallel
from cli.faults import NO, CommandError
from cli.output import AsJson, progress_of, show
from cli.predict import results
from cli.predict.asking import Asked, asker
from shared.formats.dataset import SUFFIXES
from shared.settings import PredictingSettings

WRITERS: dict[str, Callable[[Sequence[Asked]], bytes]] = {
    ".csv": results.table,
    ".jsonl": results.lines,
    ".json": results.coco,
}


class Subject(Struct, frozen=True):
    """The first line of a journal: whom its answers are of."""

    project: UUID
    name: str
    threshold: float


class Predicted(Struct, frozen=True):
    """Pictures that the model was asked about, now and before a kill, those refused by name, and tags by how often."""

    pictures: int
    asked_before: int
    refused: list[str]
    tags: dict[str, int]
    file: str


def predict(
    pictures: Annotated[list[str], typer.Argument(help="Folders, files, or patterns such as 'shots/**/*.jpg'.")],
    project: Annotated[UUID, typer.Option(help="The project's id.")],
    name: Annotated[str, typer.Option(help="The name that the model is published under.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="A .csv, a .jsonl, or a .json of COCO.")],
    draw: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Copies with the boxes drawn on.")] = None,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="Leave out what is less probable.")] = 0.0,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="How many pictures are under way.")] = 8,
    *,
    as_json: AsJson = False,
) -> None:
    """Have a published model predict many pictures, and write what it says to a file.

    A run that was killed goes on where it was, by FILE.journal. The environment says where:
    VISION_PREDICTION_ENDPOINT and VISION_PREDICTION_KEY. Ends with 1 where some pictures were refused.
    """
    write = WRITERS.get(to.suffix.lower())
    if write is None:
        raise CommandError(f"{to} ends with none of {', '.join(WRITERS)}, which say what is written.")
    files = _files(pictures)
    ask = asker(PredictingSettings.read(), project, name, at_once)
    journal = to.with_name(f"{to.name}.journal")
    known = _known(journal, Subject(project, name, threshold))
    asked_before = len(known)
    waiting = [file for file in files if str(file) not in known]
    with progress_of(Console(stderr=True), MofNCompleteColumn()) as progress, journal.open("ab") as out:
        answers = parallel.done(ask, waiting, at_once)
        for answer in progress.track(answers, total=len(waiting), description="Predicting"):
            kept = [each for each in answer.predictions if each.probability >= threshold]
            known[answer.file] = replace(answer, predictions=kept)
            out.write(msgspec.json.encode(known[answer.file]) + b"\n")
            out.flush()
    asked = [known[str(file)] for file in files]
    to.write_bytes(write(asked))
    if draw:
        _draw(asked, draw)
    journal.unlink()
    refused = [f"{each.file}: {each.error}" for each in asked if each.error]
    tags = Counter(found.tag_name for each in asked for found in each.predictions)
    predicted = Predicted(len(asked), asked_before, refused, dict(tags), str(to))
    show(predicted, _sentences(predicted), as_json=as_json)
    if refused:
        raise typer.Exit(NO)


def _draw(asked: Sequence[Asked], folder: Path) -> None:
    """Copies that lie to each other as the pictures do."""
    paths = [Path(each.file).resolve() for each in asked]
    root = commonpath(path.parent for path in paths)
    for path, each in zip(paths, asked, strict=True):
        if not each.error:
            results.draw(each, folder / f"{path.relative_to(root)}.jpg")


def _files(given: Sequence[str]) -> list[Path]:
    """Each once, in order. Raises CommandError where there is none."""
    found = list(dict.fromkeys(path for text in given for path in _named(text)))
    if not found:
        raise CommandError(f"no picture is called {' or '.join(given)}; jpg, png, bmp and gif files are read.")
    return found


def _named(text: str) -> Iterator[Path]:
    path = Path(text)
    if path.is_dir():
        yield from sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES and each.is_file())
    elif path.is_file():
        yield path
    else:
        found = sorted(glob(text, recursive=True))  # noqa: PTH207  # Path.glob takes no pattern from the root
        yield from (Path(each) for each in found if Path(each).is_file())


def _known(journal: Path, subject: Subject) -> dict[str, Asked]:
    """What a run that was killed had asked already. Raises CommandError where it was of another model."""
    try:
        data = journal.read_bytes() if journal.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        # A line that was cut off is asked again.
        journal.write_bytes(whole or msgspec.json.encode(subject) + b"\n")
        first, *rest = whole.splitlines() or [msgspec.json.encode(subject)]
        if msgspec.json.decode(first, type=Subject) != subject:
            raise CommandError(f"{journal} is of another model or threshold; remove it, or write to another file.")
        return {asked.file: asked for asked in (msgspec.json.decode(line, type=Asked) for line in rest)}
    except OSError as fault:
        raise CommandError(f"{journal} can't be written: {fault.strerror}.") from fault
    except msgspec.DecodeError as fault:
        raise CommandError(f"{journal} is no journal of ours; remove it, or write to another file.") from fault


def _sentences(predicted: Predicted) -> str:
    before = f", {predicted.asked_before} of them before" if predicted.asked_before else ""
    ended = [f"{predicted.file}: {predicted.pictures} pictures{before}"]
    ended += [f"  {count} {tag}" for tag, count in sorted(predicted.tags.items())]
    if predicted.refused:
        ended += [f"Refused ({len(predicted.refused)}):", *(f"  {line}" for line in predicted.refused)]
    return "\n".join(ended)
