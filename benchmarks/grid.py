"""What the raw grid of a detector of blood cells is worth beside the boxes that the service answers. No storage.

python -m benchmarks.grid
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import onnx

from benchmarks.detection import Photo, cells, judged, mean_precision, trained
from benchmarks.subjects import add_photos
from shared.arrays import Doubles, Flags
from shared.exporting.graph.grid import gridded
from shared.imaging.boxes import iou
from shared.launcher.process import PATIENCE
from shared.models.training.evaluations import EvaluatedBox, Evaluation
from shared.models.training.model_spec import ModelTag
from shared.settings import child_environment
from tests.exporting.agreement import SEEN, boxes
from tests.exporting.making import answers

# As Microsoft's consumers decode and suppress.
LOWEST, OVERLAP, MOST = 0.01, 0.45, 64
NEAR = 1e-5


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grid", description=__doc__)
    add_photos(parser)
    train, test = cells(parser.parse_args(argv).photos / "bccd")
    result, tags = trained(train)
    model, photographs = onnx.load_model_from_string(result.graph), [photo.path.read_bytes() for photo in test]
    served = [boxes(answer) for answer in answers(model, photographs)]
    grids = [boxes(answer) for answer in answers(gridded(model, len(tags)), photographs)]
    found = np.concatenate([again(*pair) for pair in zip(served, grids, strict=True)])
    print(f"{found.sum()} of {len(found)} boxes above {SEEN} are in the grid (goal: 99 %)")
    of_boxes, of_grid = precision(test, tags, served), precision(test, tags, [suppressed(grid) for grid in grids])
    print(f"mAP@0.5 of the grid as consumers read it {of_grid:.3f}, of the boxes {of_boxes:.3f} (goal: within 0.005)")


def again(rows: Doubles, grid: Doubles) -> Flags:
    """Whether each box that is seen is in the grid, too."""
    seen = rows[rows[:, 4] > SEEN]
    return np.asarray(np.abs(seen[:, None] - grid[None]).max(axis=2).min(axis=1) < NEAR)


def suppressed(rows: Doubles) -> Doubles:
    """Of rows of x1, y1, x2, y2, score and tag, the best first."""
    rows, kept = rows[rows[:, 4] > LOWEST], np.empty((0, 6))
    for row in rows[np.argsort(-rows[:, 4], kind="stable")]:
        rivals = kept[kept[:, 5] == row[5]]
        if len(kept) < MOST and not (len(rivals) and iou(row[None, :4], rivals[:, :4]).max() > OVERLAP):
            kept = np.vstack([kept, row])
    return kept


def precision(photos: Sequence[Photo], tags: list[ModelTag], found: Sequence[Doubles]) -> float:
    images = [judged(photo, tags, [*map(_box, rows)]) for photo, rows in zip(photos, found, strict=True)]
    return mean_precision(Evaluation(tags, None, images), 0.5)


def _box(row: Doubles) -> EvaluatedBox:
    left, top, right, bottom, score, tag = row.tolist()
    return EvaluatedBox(int(tag), score, left, top, right - left, bottom - top)


if __name__ == "__main__":
    # As a job is launched: torch reads this before Python can say it.
    command = [sys.executable, "-c", "import sys; from benchmarks.grid import main; main(sys.argv[1:])"]
    sys.exit(subprocess.run([*command, *sys.argv[1:]], env=child_environment(**PATIENCE), check=False).returncode)
