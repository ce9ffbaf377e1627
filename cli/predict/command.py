"""What a published model says of a folder of pictures, into a file."""

from collections import Counter
from collections.abc import Callable, Sequence
from math import inf
from os.path import commonpath
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
import typer
from azure.cognitiveservices.vision.customvision.training.models import Project
from msgspec import Struct
from rich.console import Console
from rich.progress import MofNCompleteColumn

from cli import client, naming, parallel
from cli.faults import NO, CommandError
from cli.naming import NAME
from cli.output import AsJson, progress_of, show
from cli.predict import results, shots
from cli.predict.asking import Asked, PictureRefused, asker
from cli.predict.shots import Shot
from cli.predict.videos import read_span
from shared.formats.files import readable
from shared.models.serving.predictions import Prediction
from shared.settings import ClientSettings, PredictingSettings

# From one frame of a video to the next.
EVERY = "1s"
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
    draw: str = ""
    span: float = 0


class Predicted(Struct, frozen=True):
    """Pictures that the model was asked about, now and before a kill, those refused by name, and tags by how often:
    those of boxes, and of a classifier the most probable one of each picture.
    """

    pictures: int
    asked_before: int
    refused: list[str]
    tags: dict[str, int]
    file: str


def predict(
    pictures: Annotated[
        list[str], typer.Argument(help="Folders, files, videos, or patterns such as 'shots/**/*.jpg'.")
    ],
    project: Annotated[str, typer.Option(metavar=NAME, help="The project's name or id.")],
    name: Annotated[str, typer.Option(help="The name that the model is published under.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="A .csv, a .jsonl, or a .json of COCO.")],
    draw: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Copies with the boxes drawn on.")] = None,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="Leave out what is less probable.")] = 0.0,
    every: Annotated[
        str | None, typer.Option(metavar="TIME", help="Of a video a frame each 1s, 500ms, 2m.", show_default=EVERY)
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="How many pictures are under way.")] = 8,
    *,
    scenes: Annotated[bool, typer.Option("--scenes", help="Of a video a frame whenever the scene changes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have a published model predict many pictures or videos, and write what it says to a file.

    A run that was killed goes on where it was, by FILE.journal. The environment says where:
    VISION_PREDICTION_ENDPOINT and VISION_PREDICTION_KEY, and for a project's name VISION_TRAINING_ENDPOINT and
    VISION_TRAINING_KEY. Ends with 1 where some pictures were refused.
    """
    write = WRITERS.get(to.suffix.lower())
    if write is None:
        raise CommandError(f"{to} ends with none of {', '.join(WRITERS)}, which say what is written.")
    if to.is_dir():
        raise CommandError(f"{to} is a folder; name a file, which is written anew.")
    span = _spans(every, scenes)
    files = shots.files(pictures)
    of = naming.project_id(project, _projects, naming.LISTED)
    ask = ShotAsker(asker(PredictingSettings.read(), of, name, at_once), threshold, draw, files)
    journal, has_videos = to.with_name(f"{to.name}.journal"), any(map(shots.is_video, files))
    subject = Subject(of, name, threshold, str(draw or ""), span or 0 if has_videos else 0)
    known = _known(journal, subject)
    asked_before = len(known)
    waiting = shots.shots(files, span, known.__contains__)
    total = None if has_videos else sum(readable(str(file)) not in known for file in files)
    with progress_of(Console(stderr=True), MofNCompleteColumn()) as progress, journal.open("ab") as out:
        answers = parallel.done(ask, waiting, at_once)
        for answer in progress.track(answers, total=total, description="Predicting"):
            known[answer.name] = answer
            out.write(msgspec.json.encode(answer) + b"\n")
            out.flush()
    places = {readable(str(file)): place for place, file in enumerate(files)}
    asked = sorted(
        (each for each in known.values() if each.file in places),
        key=lambda each: (places[each.file], inf if each.seconds is None else each.seconds),
    )
    to.write_bytes(write(asked))
    journal.unlink()
    refused = [f"{each.name}: {each.error}" for each in asked if each.error]
    tags = Counter(tag for each in asked for tag in _tags(each))
    # Not what is said of a video as a whole.
    pictures_asked = sum(each.seconds is not None or not shots.is_video(Path(each.file)) for each in asked)
    predicted = Predicted(pictures_asked, asked_before, refused, dict(tags), str(to))
    show(predicted, _sentences(predicted), as_json=as_json)
    if refused:
        raise typer.Exit(NO)


def _projects() -> list[Project]:
    """The prediction API knows no names of projects."""
    given = ClientSettings.read()
    if not given.vision_training_endpoint:
        raise CommandError("a project's name takes VISION_TRAINING_ENDPOINT and VISION_TRAINING_KEY; or give its id.")
    found: list[Project] = client.connect(given).get_projects()
    return found


class ShotAsker:
    """Asks about one shot, and draws what is found; may be called by several threads."""

    def __init__(
        self, ask: Callable[[bytes], list[Prediction]], threshold: float, draw: Path | None, files: Sequence[Path]
    ) -> None:
        self._ask, self._threshold, self._draw = ask, threshold, draw
        # Copies lie to each other as the pictures do.
        self._root = commonpath(path.resolve().parent for path in files)

    def __call__(self, shot: Shot) -> Asked:
        frame = shot.frame
        seconds, size = (frame.seconds, (frame.width, frame.height)) if frame else (None, None)
        if shot.error:
            return Asked(shot.file, error=shot.error)
        try:
            data = frame.data if frame else Path(shot.file).read_bytes()
            if not data:
                return Asked(shot.file, error="is empty")
            predictions = [each for each in self._ask(data) if each.probability >= self._threshold]
        except OSError as fault:
            return Asked(shot.file, error=f"can't be read: {fault.strerror}")
        except PictureRefused as refusal:
            return Asked(shot.file, seconds, size, error=str(refusal))
        asked = Asked(shot.file, seconds, size, predictions)
        if self._draw:
            results.draw(asked, data, self._draw / self._copy(asked))
        return asked

    def _copy(self, asked: Asked) -> str:
        place = Path(asked.file).resolve().relative_to(self._root)
        return f"{place}.jpg" if asked.seconds is None else f"{place}/{asked.seconds:010.3f}.jpg"


def _spans(every: str | None, scenes: bool) -> float | None:
    """Seconds from frame to frame; None for scenes. Raises CommandError."""
    if scenes and every:
        raise CommandError("--every and --scenes choose frames in two ways; give one of them.")
    return None if scenes else read_span(every or EVERY)


def _known(journal: Path, subject: Subject) -> dict[str, Asked]:
    """What a run that was killed had asked already. Raises CommandError where it was of another model."""
    try:
        data = journal.read_bytes() if journal.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        # A line that was cut off is asked again.
        # Nor is one kept that has no answers.
        whole = whole if whole.count(b"\n") > 1 else msgspec.json.encode(subject) + b"\n"
        journal.write_bytes(whole)
        first, *rest = whole.splitlines()
        if msgspec.json.decode(first, type=Subject) != subject:
            raise CommandError(
                f"{journal} is of another model or threshold, or of other frames; remove it, or write to another file."
            )
        return {asked.name: asked for asked in (msgspec.json.decode(line, type=Asked) for line in rest)}
    except OSError as fault:
        raise CommandError(f"{journal} can't be written: {fault.strerror}.") from fault
    except msgspec.DecodeError as fault:
        raise CommandError(f"{journal} is no journal of ours; remove it, or write to another file.") from fault


def _tags(asked: Asked) -> list[str]:
    if any(found.bounding_box for found in asked.predictions):
        return [found.tag_name for found in asked.predictions]
    surest = max(asked.predictions, key=lambda found: found.probability, default=None)
    return [surest.tag_name] if surest else []


def _sentences(predicted: Predicted) -> str:
    before = f", {predicted.asked_before} of them before" if predicted.asked_before else ""
    ended = [f"{predicted.file}: {predicted.pictures} pictures{before}"]
    ended += [f"  {count} {tag}" for tag, count in sorted(predicted.tags.items())]
    if predicted.refused:
        ended += [f"Refused ({len(predicted.refused)}):", *(f"  {line}" for line in predicted.refused)]
    return "\n".join(ended)
