"""Pictures of benches with several parts, rendered like photographs, with the box of every part."""

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from local.demo.rendering import (
    JPEG_QUALITY,
    OUTLINES,
    SIZE_WH,
    Pose,
    background,
    blank,
    box_of,
    circle,
    coverage,
    metal_of,
    photograph,
    scaled,
    scratch,
    shadowed,
)
from shared.arrays import Floats
from shared.formats import regions
from shared.formats.dataset import BoxedDataset, BoxedPicture, Mark

TAGS = tuple(OUTLINES)
MOST_PARTS = 5
# Every so many pictures one shows nothing: background for a detector to learn from.
EMPTY_EVERY = 10


class Bench(NamedTuple):
    """A rendered picture, and every part on it."""

    image: Image.Image
    parts: list[Mark]


def write_folder(folder: Path, per_tag: int, seed: int) -> None:
    """Write pictures until each tag is on `per_tag` of them, a quarter as many for a test, and their regions.json."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    shown, train = Counter[str](), list[BoxedPicture]()
    while any(shown[tag] < per_tag for tag in TAGS):
        train.append(_write(folder, seed, len(train)))
        shown.update(set(train[-1].tags))
    test = [_write(folder, seed, len(train) + number) for number in range(len(train) // 4)]
    regions.save(folder, BoxedDataset(train, test))


def _write(folder: Path, seed: int, number: int) -> BoxedPicture:
    bench = draw(seed * 1_000_003 + number, empty=number % EMPTY_EVERY == EMPTY_EVERY - 1)
    path = folder / "images" / f"bench-{number:03}.jpg"
    bench.image.save(path, quality=JPEG_QUALITY)
    return BoxedPicture(path, bench.parts)


def draw(seed: int, empty: bool = False) -> Bench:
    """Render some parts in poses, light and places that follow from `seed`; the same every time."""
    random = np.random.default_rng(seed)
    light = random.uniform(0, 2 * math.pi)
    canvas, parts = background(random), list[Mark]()
    for pose in [] if empty else _poses(random):
        tag = TAGS[random.integers(len(TAGS))]
        mask = _mask(tag, pose, random)
        metal = metal_of(mask, pose, light, random)
        scratch(metal, pose, random)
        canvas = shadowed(canvas, mask, light, pose.radius)
        canvas += (metal - canvas) * mask
        parts.append(Mark(tag, *box_of(mask)))
    return Bench(photograph(canvas, light, random), parts)


def _poses(random: np.random.Generator) -> list[Pose]:
    """Of one to `MOST_PARTS` parts that may touch each other, but lie within the picture."""
    poses: list[Pose] = []
    for _ in range(random.integers(1, MOST_PARTS + 1)):
        radius = random.uniform(0.12, 0.2) * SIZE_WH[1]
        x, y = (random.uniform(radius, side - radius) for side in SIZE_WH)
        turn, squash, tilt = random.uniform(0, 2 * math.pi), random.uniform(0.84, 1.0), random.uniform(0, math.pi)
        if _is_free(poses, x, y, radius):
            poses.append(Pose(x, y, radius, turn, squash, tilt))
    return poses


def _is_free(poses: Sequence[Pose], x: float, y: float, radius: float) -> bool:
    return all(math.hypot(pose.x - x, pose.y - y) > 0.9 * (pose.radius + radius) for pose in poses)


def _mask(tag: str, pose: Pose, random: np.random.Generator) -> Floats:
    """How much of each pixel the part covers, (H, W), 0 to 1."""
    part = blank()
    pen = ImageDraw.Draw(part)
    pen.polygon(scaled(pose, OUTLINES[tag]()), fill=255)
    pen.polygon(scaled(pose, circle(random.uniform(0.3, 0.38))), fill=0)
    return coverage(part)
