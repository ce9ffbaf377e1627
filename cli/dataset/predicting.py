"""What an iteration says of exported pictures: COCO's results of a detector, a table of a classifier."""

import csv
import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import Iteration, Project, StoredImagePrediction
from rich.console import Console
from rich.progress import MofNCompleteColumn

from cli import parallel
from cli.output import progress_of
from shared.formats import pixels
from shared.formats.dataset import Labelled, LabelledSet, Mark
from shared.formats.exchange import coco

AT_ONCE = 4
BOXES, TABLE = "predictions.json", "predictions.csv"


def predictions(
    trainer: CustomVisionTrainingClient,
    project: Project,
    iteration: Iteration,
    written: LabelledSet,
    paths: Sequence[Path],
) -> dict[str, bytes]:
    """A file of what the iteration says of each picture; `paths` are where those of the set lie."""
    with progress_of(Console(stderr=True), MofNCompleteColumn()) as progress:
        asked = parallel.done(partial(_ask, trainer, project, iteration), paths, AT_ONCE)
        answers = list(progress.track(asked, total=len(paths), description="Predicting"))
    told = list(zip(written.pictures, answers, strict=True))
    if any(each.bounding_box for answer in answers for each in answer.predictions):
        return {BOXES: _results(written, told)}
    return {TABLE: _table(told)}


def _ask(
    trainer: CustomVisionTrainingClient, project: Project, iteration: Iteration, path: Path
) -> StoredImagePrediction:
    return trainer.quick_test_image(project.id, path.read_bytes(), iteration_id=iteration.id, store=False)


def _results(written: LabelledSet, told: list[tuple[Labelled, StoredImagePrediction]]) -> bytes:
    images, categories = coco.image_ids(written), coco.category_ids(written)
    results = [
        {
            "image_id": images[picture.file],
            "file_name": picture.file,
            "category_id": categories[each.tag_name],
            "bbox": pixels.ltwh(_mark(each.tag_name, each.bounding_box), picture.size or (0, 0)),
            "score": round(each.probability, 6),
        }
        for picture, answer in told
        for each in answer.predictions
        if each.tag_name in categories
    ]
    return msgspec.json.encode(results)


def _mark(tag: str, box: object) -> Mark:
    return Mark(tag, *(float(getattr(box, side)) for side in ("left", "top", "width", "height")))


def _table(told: list[tuple[Labelled, StoredImagePrediction]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("image", "tags", "predicted", "probability"))
    for picture, answer in told:
        for each in answer.predictions:
            writer.writerow((picture.file, "|".join(picture.tags), each.tag_name, round(each.probability, 6)))
    return out.getvalue().encode()
