"""How well and how fast detectors are trained, on photographs with boxes; held against pycocotools. No storage.

python -m benchmarks.detection
python -m benchmarks.detection --advanced 60
"""

import argparse
import json
import logging
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from random import Random
from typing import NamedTuple
from uuid import UUID, uuid4

import msgspec
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmarks.subjects import add_photos
from shared.launcher.process import PATIENCE
from shared.learning.embeddings import Picture
from shared.metrics.detection import iteration_performance
from shared.models.serving.predictions import BoundingBox
from shared.models.training.datasets import Dataset, DatasetHeader
from shared.models.training.evaluations import EvaluatedBox, EvaluatedImage, Evaluation
from shared.models.training.model_spec import ModelSpec, ModelTag
from shared.models.wire import now
from shared.models.workspace.domains import DomainType
from shared.models.workspace.images import ImageRecord, RegionMark
from shared.models.workspace.tags import Tag
from shared.prediction.model import Model
from shared.settings import Settings, child_environment
from training_job.checkpoint import Checkpoint
from training_job.detection.detector_recipe import RECIPE, TUNING
from training_job.detection.detector_training import train_detector
from training_job.detection.light.train import Advanced
from training_job.result import Result

DOMAIN = UUID("7ec2ac80-887b-48a6-8df9-8b1357765430")
SPLITS, TRAINED = 3, 15
GOALS = {"cutlery": "0.95 in 40 s", "cells": "0.88 in 360 s"}
ADVANCED_GOALS = {"cutlery": "no worse than quick", "cells": "0.90 in 900 s"}
OVERLAPS = [0.5 + 0.05 * step for step in range(10)]
NO_CHECKPOINT = Checkpoint(lambda: None, lambda _: None)
Boxes = list[tuple[str, float, float, float, float]]
Row = dict[str, object]


class Photo(NamedTuple):
    """Its boxes: tag, left, top, width, height."""

    path: Path
    boxes: Boxes


class Figures(NamedTuple):
    """mAP at an overlap of 0.5 and over those from 0.5 to 0.95, by us and by pycocotools; and what training took."""

    at_half: float
    overall: float
    coco_at_half: float
    coco_overall: float
    claimed: float
    seconds: float
    cpu_seconds: float


def main(argv: Sequence[str]) -> None:
    logging.basicConfig(level=logging.WARNING)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    add_photos(parser)
    parser.add_argument("--only", choices=["cutlery", "cells"])
    parser.add_argument("--advanced", type=float, metavar="MINUTES", help="fine-tune, within so many minutes")
    options = parser.parse_args(argv)
    advanced, goals = options.advanced, ADVANCED_GOALS if options.advanced else GOALS
    if options.only != "cells":
        splits = [measure(*cutlery(options.photos / "customvision-sample", seed), advanced) for seed in range(SPLITS)]
        for figures in splits:
            tell("fork and scissors, one split", figures)
        mean = Figures(*(statistics.mean(column) for column in zip(*splits, strict=True)))
        tell(f"fork and scissors, mean of {SPLITS} (goals: {goals['cutlery']})", mean)
    if options.only != "cutlery":
        tell(f"blood cells (goals: {goals['cells']})", measure(*cells(options.photos / "bccd"), advanced))


def tell(what: str, figures: Figures) -> None:
    print(f"{what}: mAP@0.5 {figures.at_half:.3f}, mAP {figures.overall:.3f}", end=" ")
    print(f"(pycocotools {figures.coco_at_half:.3f}, {figures.coco_overall:.3f};", end=" ")
    print(f"the iteration's own evaluation says {figures.claimed:.3f})", end="; ")
    print(f"trained in {figures.seconds:.0f} s, {figures.cpu_seconds:.0f} s of CPU", flush=True)


def cutlery(folder: Path, seed: int) -> tuple[list[Photo], list[Photo]]:
    """15 forks and 15 scissors to train on, drawn at random, and the other 5 and 5."""
    regions = json.loads((folder / "regions.json").read_text())["regions"]
    train: list[Photo] = []
    test: list[Photo] = []
    for tag, boxes in regions.items():
        names = sorted(boxes)
        Random(seed).shuffle(names)
        photos = [Photo(folder / tag / f"{name}.jpg", [(tag, *boxes[name])]) for name in names]
        train += photos[:TRAINED]
        test += photos[TRAINED:]
    return train, test


def cells(folder: Path) -> tuple[list[Photo], list[Photo]]:
    parts = json.loads((folder / "regions.json").read_text())
    train, test = ([_photo(folder, image) for image in parts[part]] for part in ("train", "val"))
    return train, test


def _photo(folder: Path, image: dict[str, object]) -> Photo:
    regions = msgspec.convert(image["regions"], list[dict[str, float | str]])
    sides = ("tag", "left", "top", "width", "height")
    return Photo(folder / str(image["image"]), msgspec.convert([[each[s] for s in sides] for each in regions], Boxes))


def measure(train: Sequence[Photo], test: Sequence[Photo], minutes: float | None = None) -> Figures:
    started, used = time.perf_counter(), _cpu_seconds()
    result, tags = trained(train, minutes)
    seconds, cpu_seconds = time.perf_counter() - started, _cpu_seconds() - used
    evaluation = Evaluation(tags, None, [*_judged(result, tags, test)])
    claimed = mean_precision(Evaluation(tags, None, result.evaluated), 0.5)
    overall = statistics.mean(mean_precision(evaluation, overlap) for overlap in OVERLAPS)
    return Figures(mean_precision(evaluation, 0.5), overall, *by_coco(evaluation), claimed, seconds, cpu_seconds)


def trained(photos: Sequence[Photo], minutes: float | None = None) -> tuple[Result, list[ModelTag]]:
    """By quick training, or by advanced training within so many minutes."""
    names = sorted({tag for photo in photos for tag, *_ in photo.boxes})
    tags = [Tag(uuid4(), name, None) for name in names]
    dataset = Dataset(DatasetHeader(uuid4(), uuid4(), DOMAIN, None, tags), [_record(photo, tags) for photo in photos])
    pictures = [Picture(str(photo.path), partial(photo.path.read_bytes)) for photo in photos]
    folder = Path(Settings.read().backbones_folder)
    started, advanced = time.perf_counter(), None
    if minutes is not None:
        advanced = Advanced(TUNING, NO_CHECKPOINT, lambda: started + 60 * minutes - time.perf_counter())
    result = train_detector(dataset, pictures, RECIPE, folder, NO_CHECKPOINT, lambda *_: None, advanced)
    return result, [ModelTag(tag.id, tag.name) for tag in tags]


def served(result: Result, tags: list[ModelTag]) -> Model:
    """The model as it is served."""
    kind = DomainType.OBJECT_DETECTION
    spec = ModelSpec(uuid4(), uuid4(), DOMAIN, kind, None, tags, result.preprocessing, now())
    return Model.load(result.graph, msgspec.json.encode(spec))


def _record(photo: Photo, tags: Sequence[Tag]) -> ImageRecord:
    ids, time = {tag.name: tag.id for tag in tags}, now()
    regions = [RegionMark(uuid4(), ids[tag], time, *box) for tag, *box in photo.boxes]
    return ImageRecord(uuid4(), time, 1, 1, "", regions=regions)


def _judged(result: Result, tags: list[ModelTag], photos: Sequence[Photo]) -> Iterator[EvaluatedImage]:
    model, places = served(result, tags), {tag.name: place for place, tag in enumerate(tags)}
    for photo in photos:
        boxes = []
        for found in model.predict(photo.path.read_bytes()):
            assert isinstance(found.bounding_box, BoundingBox)
            sides = msgspec.structs.astuple(found.bounding_box)
            boxes.append(EvaluatedBox(places[found.tag_name], found.probability, *sides))
        yield judged(photo, tags, boxes)


def judged(photo: Photo, tags: Sequence[ModelTag], boxes: list[EvaluatedBox]) -> EvaluatedImage:
    record = _record(photo, [Tag(tag.id, tag.name, None) for tag in tags])
    return EvaluatedImage(record.id, record.created, 1, 1, [], regions=record.regions, boxes=boxes)


def mean_precision(evaluation: Evaluation, overlap: float) -> float:
    return iteration_performance(evaluation, 0.5, overlap).average_precision or 0.0


def by_coco(evaluation: Evaluation) -> tuple[float, float]:
    """mAP at 0.5, and from 0.5 to 0.95, as pycocotools says of the same boxes."""
    places = {tag.id: place for place, tag in enumerate(evaluation.tags)}
    truths: list[Row] = []
    found: list[Row] = []
    for number, image in enumerate(evaluation.images):
        for region in image.regions:
            sides = [region.left, region.top, region.width, region.height]
            truth = {"image_id": number, "category_id": places[region.tag_id], "bbox": sides, "iscrowd": 0}
            truths.append(truth | {"id": len(truths) + 1, "area": region.width * region.height})
        for box in image.boxes:
            sides = [box.left, box.top, box.width, box.height]
            found.append({"image_id": number, "category_id": box.tag, "bbox": sides, "score": box.probability})
    images = [{"id": number} for number in range(len(evaluation.images))]
    categories = [{"id": place} for place in places.values()]
    with redirect_stdout(StringIO()):
        coco = COCO()
        coco.dataset = {"images": images, "annotations": truths, "categories": categories}
        coco.createIndex()
        judge = COCOeval(coco, coco.loadRes(found), "bbox")
        judge.evaluate()
        judge.accumulate()
        # Sizes are fractions here, so that of the sizes only "all" means something.
        judge.summarize()
    return float(judge.stats[1]), float(judge.stats[0])


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def as_a_job(module: str) -> int:
    """Run `main` of a module as a job is launched, and answer its status: torch reads what that says as it starts."""
    command = [sys.executable, "-c", f"import sys; from {module} import main; main(sys.argv[1:])", *sys.argv[1:]]
    return subprocess.run(command, env=child_environment(**PATIENCE), check=False).returncode


if __name__ == "__main__":
    sys.exit(as_a_job("benchmarks.detection"))
