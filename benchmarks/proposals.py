"""Region proposals against the boxes that people drew: recall, time on one core, and what is suggested by them.

python -m benchmarks.proposals
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from statistics import mean
from typing import NamedTuple
from uuid import UUID, uuid4

import numpy as np
from msgspec.structs import astuple
from PIL.Image import Image
from rich.console import Console
from rich.table import Table

from benchmarks import detection, subjects
from benchmarks.accuracy import BOXED, folder_of, load
from benchmarks.detection import Photo
from shared.arrays import Halves
from shared.imaging.boxes import Reals, iou, ltwh_to_xyxy
from shared.imaging.decode import decode
from shared.imaging.proposals import propose
from shared.imaging.resize import RESIZED_SIDE, shrink
from shared.learning.embedder import Embedder
from shared.metrics.detection import iteration_performance
from shared.models.serving.predictions import BoundingBox
from shared.models.training.evaluations import EvaluatedBox, Evaluation
from shared.models.training.model_spec import ModelTag
from shared.operations.labelling.live import spotting
from shared.operations.labelling.live.boxes import VIEW, Box, look
from shared.operations.labelling.proposals import PROPOSALS

OVERLAP = 0.5
FIRST = (1, 10, PROPOSALS)
# Suggestions after so many photographs with boxes, on so many others; shown where they are so sure.
DRAWN, DRAWS, TESTED, LIKELY = (5, 10), 3, 20, 0.5


class Boxed(NamedTuple):
    """A photograph, and the boxes that people drew, left, top, width, height in fractions, (N, 4)."""

    path: Path
    boxes_ltwh: Reals


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.proposals", description=__doc__)
    subjects.add_photos(parser)
    photos = parser.parse_args(argv).photos
    columns = (f"recall at {first}" for first in FIRST)
    table = Table("", "photographs", "boxes", *columns, "ms at p50", "ms at most", title=f"IoU of {OVERLAP} or more")
    for name, boxed in (("fork, scissors", cutlery(photos)), ("blood cells", blood_cells(photos))):
        table.add_row(name, *measure(list(boxed)))
    Console(width=120).print(table, suggestions(photos))
    return 0


def suggestions(photos: Path) -> Table:
    columns = ("photographs", "boxes where something stands out", "mAP@0.5", "likely: right", "likely: of all boxes")
    table = Table("", *columns, title=f"boxes that are suggested before any training, mean of {DRAWS} draws")
    sets = {"fork, scissors": detection.cutlery(photos / "customvision-sample", 0)}
    sets |= {name: detection.cells(folder_of(photos, name)) for name in BOXED}
    for name, (train, test) in sets.items():
        desk = Desk()
        for drawn in DRAWN:
            draws = [desk.suggested(Random(seed).sample(train, drawn), test[:TESTED]) for seed in range(DRAWS)]
            told = [draw for draw in draws if draw.precision is not None]
            cells = [f"{mean(each):.2f}" for each in zip(*(draw[1:] for draw in told), strict=True)] or ["none"]
            table.add_row(name, str(drawn), f"{mean(draw.stands_out for draw in draws):.2f}", *cells)
    return table


class Suggested(NamedTuple):
    """How many boxes lie where something stands out; where boxes are suggested for that, how right they are."""

    stands_out: float
    precision: float | None = None
    right: float = 0.0
    of_all: float = 0.0


class Desk:
    """What `spotting` does with projects, here with photographs; each is looked at once."""

    def __init__(self) -> None:
        graph = load(VIEW.recipe)[VIEW.backbone].SerializeToString()
        self.embedder = Embedder(graph, VIEW.recipe.preprocessing(VIEW.crop))
        self.ids: dict[Path, UUID] = {}
        self.places: dict[UUID, Reals] = {}
        self.looks: dict[UUID, Halves] = {}
        self.drawn: dict[UUID, list[Halves]] = {}

    def suggested(self, train: Sequence[Photo], test: Sequence[Photo]) -> Suggested:
        names = sorted({tag for photo in train for tag, *_ in photo.boxes})
        tags = [ModelTag(uuid4(), name) for name in names]
        ids = {tag.name: tag.id for tag in tags}
        taught = {self.place(photo): [_box(self.place(photo), ids, box) for box in photo.boxes] for photo in train}
        stands_out = spotting.hits(taught, {each: self.places[each] for each in taught})
        if stands_out < spotting.HIT:
            return Suggested(stands_out)
        for photo in (*train, *test):
            self.look(photo)
        vectors = {box.key: look for each in taught for box, look in zip(taught[each], self.drawn[each], strict=True)}
        looks = {each: self.looks[each] for each in taught}
        learned = [box for each in taught.values() for box in each]
        spotter = spotting.Spotter.of(learned, vectors, spotting.Spotted(taught, self.places, looks))
        if spotter is None:
            return Suggested(stands_out)
        at = {tag_id: place for place, tag_id in enumerate(tag.id for tag in tags)}
        images = []
        for photo in test:
            image_id = self.place(photo)
            found = spotter.found(self.places[image_id], self.looks[image_id])
            said = [EvaluatedBox(at[each.tag_id], each.probability, *astuple(each.bounding_box)) for each in found]
            images.append(detection.judged(_known(photo, ids), tags, said))
        performance = iteration_performance(Evaluation(tags, None, images), LIKELY, OVERLAP)
        precision = performance.average_precision or 0.0
        return Suggested(stands_out, precision, performance.precision, performance.recall)

    def place(self, photo: Photo) -> UUID:
        """Where something stands out of it; its id."""
        image_id = self.ids.setdefault(photo.path, uuid4())
        if image_id not in self.places:
            found = [each.box_ltwh for each in propose(_picture(photo), spotting.PLACES)]
            self.places[image_id] = np.array(found or [(0, 0, 1, 1)], np.float64)
        return image_id

    def look(self, photo: Photo) -> None:
        image_id, picture = self.place(photo), _picture(photo)
        if image_id not in self.looks:
            places = [BoundingBox(*each) for each in self.places[image_id].tolist()]
            own = [BoundingBox(*sides) for _, *sides in photo.boxes]
            self.looks[image_id] = np.stack([look(self.embedder, picture, place) for place in places])
            self.drawn[image_id] = [look(self.embedder, picture, place) for place in own]


def _picture(photo: Photo) -> Image:
    return shrink(decode(photo.path.read_bytes()), RESIZED_SIDE)


def _box(image_id: UUID, ids: Mapping[str, UUID], box: tuple[str, float, float, float, float]) -> Box:
    tag, *sides = box
    return Box(image_id, str(image_id), ids[tag], BoundingBox(*sides))


def _known(photo: Photo, ids: Mapping[str, UUID]) -> Photo:
    """With the boxes of tags that were there to learn from."""
    return photo._replace(boxes=[box for box in photo.boxes if box[0] in ids])


def cutlery(photos: Path) -> Iterator[Boxed]:
    folder = photos / "customvision-sample"
    for tag, boxes in json.loads((folder / "regions.json").read_text())["regions"].items():
        yield from (Boxed(folder / tag / f"{name}.jpg", np.array([box])) for name, box in boxes.items())


def blood_cells(photos: Path) -> Iterator[Boxed]:
    folder = photos / "bccd"
    for part in json.loads((folder / "regions.json").read_text()).values():
        for entry in part:
            regions = [[each[side] for side in ("left", "top", "width", "height")] for each in entry["regions"]]
            yield Boxed(folder / entry["image"], np.array(regions).reshape(-1, 4))


def measure(photographs: list[Boxed]) -> list[str]:
    """The cells of a row."""
    hits, times = np.zeros(len(FIRST)), []
    for photograph in photographs:
        picture = shrink(decode(photograph.path.read_bytes()), RESIZED_SIDE)
        started = time.thread_time()
        found = propose(picture, PROPOSALS)
        times.append((time.thread_time() - started) * 1000)
        boxes = np.array([each.box_ltwh for each in found]).reshape(-1, 4)
        overlaps = iou(ltwh_to_xyxy(photograph.boxes_ltwh), ltwh_to_xyxy(boxes))
        hits += [(overlaps[:, :first].max(axis=1, initial=0) >= OVERLAP).sum() for first in FIRST]
    boxes_drawn = sum(len(photograph.boxes_ltwh) for photograph in photographs)
    recalls = [f"{recall:.3f}" for recall in hits / boxes_drawn]
    return [str(len(photographs)), str(boxes_drawn), *recalls, f"{np.median(times):.0f}", f"{max(times):.0f}"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
