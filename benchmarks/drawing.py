"""How many boxes of blood cells nobody has to draw, where a detector trains quietly while the others are drawn, and how
soon their tags are guessed.

python -m benchmarks.drawing
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from statistics import mean
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

import numpy as np
from msgspec.structs import astuple
from rich.console import Console
from rich.table import Table

from benchmarks import detection
from benchmarks.accuracy import load
from benchmarks.detection import Photo
from benchmarks.subjects import add_photos
from shared.arrays import Halves
from shared.imaging.boxes import iou, ltwh_to_xyxy
from shared.imaging.decode import decode
from shared.imaging.resize import RESIZED_SIDE, shrink
from shared.learning.embedder import Embedder
from shared.models.serving.predictions import BoundingBox, Prediction
from shared.operations.labelling.live.boxes import VIEW, Box, Guessing, look
from shared.prediction.model import Model

# So many photographs are labelled one after the other, and from such a one on it is counted.
IMAGES, COUNTED, DRAWS = 25, 13, 3
# A quiet training begins with so many that have boxes, as in portal/src/model/training.ts, and ends while the hand
# draws the boxes of so many more, some 13 each.
BEGUN, MEANWHILE = (10, 20), 2
# What the portal shows by itself; and what overlaps a box so far is one that nobody draws again.
SHOWN, SAME = 0.3, (0.5, 0.7)
SAVED_GOAL = 0.5
# After so many boxes tags are to be guessed right so often; rare tags may come late, so in many draws.
TAUGHT, GUESSED_DRAWS, GUESSED_GOAL = 15, 10, 0.9


class Drawn(NamedTuple):
    """Of some photographs: how many boxes they have, how many are suggested, and of these how many lie where one is,
    with another tag or not.
    """

    boxes: int
    suggested: int
    right: int
    other_tag: int

    @property
    def saved(self) -> float:
        return self.right / self.boxes

    @property
    def keys(self) -> int:
        """`X` for what is wrong, and a digit for another tag."""
        return self.suggested - self.right + self.other_tag


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drawing", description=__doc__)
    parser.add_argument("--draws", type=int, default=DRAWS, help="of photographs")
    add_photos(parser)
    options = parser.parse_args(argv)
    columns = ("boxes", "suggested", "right", "drags saved", "keys for wrong ones")
    table = Table("draw", "IoU", *columns, title=f"photographs {COUNTED} to {IMAGES}")
    for draw in range(options.draws):
        photos = order(options.photos / "bccd", draw)
        models = {begun: detection.served(*detection.trained(photos[:begun])) for begun in BEGUN}
        for same in SAME:
            table.add_row(str(draw), str(same), *cells(labelled(photos, models, same)))
    Console(highlight=False).print(table, tags(options.photos / "bccd"))


def tags(folder: Path) -> Table:
    table = Table("", "tags of the other boxes, guessed right", "draws without guesses", title=f"after {TAUGHT} boxes")
    embedder = Embedder(load(VIEW.recipe)[VIEW.backbone].SerializeToString(), VIEW.recipe.preprocessing(VIEW.crop))
    shares = [guessed(order(folder, draw), embedder) for draw in range(GUESSED_DRAWS)]
    told = [share for share in shares if share is not None]
    style = "red" if mean(told) < GUESSED_GOAL else None
    table.add_row(f"mean of {len(told)} draws", f"{mean(told):.2f}", str(len(shares) - len(told)), style=style)
    table.add_row("least and most", f"{min(told):.2f}, {max(told):.2f}", "")
    return table


def guessed(photos: Sequence[Photo], embedder: Embedder) -> float | None:
    """How many of the boxes after the first get their own tag; none where nothing is guessed yet."""
    boxes = [box for photo in photos for box in looked_at(photo, embedder)]
    taught, others = boxes[:TAUGHT], boxes[TAUGHT:]
    guessing = Guessing.of([box for box, _ in taught], {box.key: seen for box, seen in taught})
    if guessing is None:
        return None
    said = guessing.guesses(np.stack([seen for _, seen in others]))
    return mean(guess.tag_id == box.tag_id for guess, (box, _) in zip(said, others, strict=True))


def looked_at(photo: Photo, embedder: Embedder) -> Iterator[tuple[Box, Halves]]:
    """Its boxes in their order, and how each looks."""
    image_id = uuid5(NAMESPACE_URL, photo.path.name)
    picture = shrink(decode(photo.path.read_bytes()), RESIZED_SIDE)
    for tag, *sides in photo.boxes:
        box = Box(image_id, photo.path.name, uuid5(NAMESPACE_URL, tag), BoundingBox(*sides))
        yield box, look(embedder, picture, box.place)


def order(folder: Path, draw: int) -> list[Photo]:
    train, _ = detection.cells(folder)
    return Random(draw).sample(train, IMAGES)


def labelled(photos: Sequence[Photo], models: Mapping[int, Model], same: float) -> Drawn:
    """From the first that is counted on, by the newest model that there is then."""
    found = []
    for place in range(COUNTED - 1, len(photos)):
        newest = max(begun for begun in models if begun + MEANWHILE <= place)
        said = models[newest].predict(photos[place].path.read_bytes())
        found.append(judged(photos[place], [each for each in said if each.probability >= SHOWN], same))
    return Drawn(*(sum(column) for column in zip(*found, strict=True)))


def judged(photo: Photo, said: Sequence[Prediction], same: float) -> Drawn:
    """Each box is taken by the surest suggestion that lies there."""
    own = ltwh_to_xyxy(np.array([sides for _, *sides in photo.boxes], np.float64).reshape(-1, 4))
    free, right, other = np.ones(len(own), bool), 0, 0
    for each in sorted(said, key=lambda each: -each.probability):
        assert isinstance(each.bounding_box, BoundingBox)
        overlaps = iou(ltwh_to_xyxy(np.array([astuple(each.bounding_box)])), own)[0] * free
        at = int(overlaps.argmax()) if len(own) else -1
        if at >= 0 and overlaps[at] >= same:
            free[at] = False
            right += 1
            other += photo.boxes[at][0] != each.tag_name
    return Drawn(len(own), len(said), right, other)


def cells(drawn: Drawn) -> list[str]:
    style = "[red]" if drawn.saved < SAVED_GOAL else ""
    return [str(drawn.boxes), str(drawn.suggested), str(drawn.right), f"{style}{drawn.saved:.2f}", str(drawn.keys)]


if __name__ == "__main__":
    sys.exit(detection.as_a_job("benchmarks.drawing"))
