"""Region proposals against the boxes that people drew: recall, and time on one core.

python -m benchmarks.proposals
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import subjects
from shared.imaging.boxes import Reals, iou, ltwh_to_xyxy
from shared.imaging.decode import decode
from shared.imaging.proposals import propose
from shared.imaging.resize import RESIZED_SIDE, shrink
from shared.operations.labelling.proposals import PROPOSALS

OVERLAP = 0.5
FIRST = (1, 10, PROPOSALS)


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
    Console(width=120).print(table)
    return 0


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
