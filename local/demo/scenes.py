"""Pictures of machined parts, good and defective, rendered like photographs: labelled data without a download."""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from local.demo.rendering import (
    JPEG_QUALITY,
    OUTLINES,
    OVERSAMPLING,
    SIZE_WH,
    Box,
    Point,
    Pose,
    as_colour,
    background,
    blank,
    box_of,
    circle,
    coverage,
    metal_of,
    noise,
    photograph,
    scaled,
    scratch,
    shadowed,
)
from shared.arrays import Floats

TAGS = ("good", "cracked", "chipped", "rusty")
RUST_RGB = ((104.0, 52.0, 22.0), (158.0, 88.0, 40.0))


class Scene(NamedTuple):
    """A rendered picture, and where its part is: left, top, width, height as fractions of the picture."""

    image: Image.Image
    box_ltwh: Box


def render(tag: str, seed: int) -> Image.Image:
    """The picture of `tag` (one of TAGS) that belongs to `seed`; the same every time."""
    return draw(tag, seed).image


def write_folder(folder: Path, per_tag: int, seed: int) -> None:
    """Write `per_tag` JPEG files for each tag, in one folder a tag."""
    for tag in TAGS:
        (folder / tag).mkdir(parents=True, exist_ok=True)
        for number in range(per_tag):
            name = folder / tag / f"{tag}-{number:03}.jpg"
            render(tag, seed * 1_000_003 + number).save(name, quality=JPEG_QUALITY)


def draw(tag: str, seed: int) -> Scene:
    """Render one part of `tag` in a pose, light and place that follow from `seed`."""
    random = np.random.default_rng([seed, TAGS.index(tag)])
    pose = _pose(random)
    light = random.uniform(0, 2 * math.pi)
    mask, chip = _silhouette(tag, pose, random)
    metal = metal_of(mask, pose, light, random)
    scratch(metal, pose, random)
    if tag == "cracked":
        _crack(metal, pose, random)
    if tag == "rusty":
        _rust(metal, random)
    if tag == "chipped":
        _expose_fracture(metal, chip, random)
    canvas = shadowed(background(random), mask, light, pose.radius)
    canvas += (metal - canvas) * mask
    return Scene(photograph(canvas, light, random), box_of(mask))


def _pose(random: np.random.Generator) -> Pose:
    width, height = SIZE_WH
    radius = random.uniform(0.34, 0.42) * height
    x = width / 2 + random.uniform(-0.08, 0.08) * width
    y = height / 2 + random.uniform(-0.04, 0.04) * height
    return Pose(x, y, radius, random.uniform(0, 2 * math.pi), random.uniform(0.84, 1.0), random.uniform(0, math.pi))


def _silhouette(tag: str, pose: Pose, random: np.random.Generator) -> tuple[Floats, Floats]:
    """How much of each pixel the part covers, and how much of it is a chip's fracture face: (H, W), 0 to 1."""
    part, chip = blank(), blank()
    pen = ImageDraw.Draw(part)
    pen.polygon(scaled(pose, list(OUTLINES.values())[random.integers(len(OUTLINES))]()), fill=255)
    if tag == "chipped":
        angle, size = random.uniform(0, 2 * math.pi), random.uniform(0.5, 0.65)
        pen.polygon(scaled(pose, _bite(angle, size, random)), fill=0)
        ImageDraw.Draw(chip).polygon(scaled(pose, _bite(angle, size * 1.3, random)), fill=255)
    pen.polygon(scaled(pose, circle(random.uniform(0.3, 0.38))), fill=0)
    return coverage(part), coverage(chip)


def _bite(angle: float, size: float, random: np.random.Generator) -> list[Point]:
    """A ragged outline about a point of the rim."""
    x, y = math.cos(angle), math.sin(angle)
    corners = []
    for step in range(11):
        reach, turn = size * random.uniform(0.75, 1.15), step * 2 * math.pi / 11
        corners.append((x + reach * math.cos(turn), y + reach * math.sin(turn)))
    return [(math.atan2(down, right), math.hypot(right, down)) for right, down in corners]


def _crack(metal: Floats, pose: Pose, random: np.random.Generator) -> None:
    """A jagged dark line from the bore to the rim, with one branch."""
    canvas = blank()
    pen = ImageDraw.Draw(canvas)
    angle = random.uniform(0, 2 * math.pi)
    trunk = _wander(angle, 0.25, 1.05, random)
    branch = [trunk[4], *_wander(trunk[4][0], trunk[4][1], 1.0, random, slant=random.choice([-1, 1]) * 0.09)]
    width = random.uniform(0.06, 0.09) * pose.radius * OVERSAMPLING
    pen.line(scaled(pose, trunk), fill=255, width=round(width), joint="curve")
    pen.line(scaled(pose, branch), fill=220, width=round(width * 0.8), joint="curve")
    metal *= 1 - coverage(canvas) * random.uniform(0.75, 0.95)


def _wander(angle: float, start: float, end: float, random: np.random.Generator, slant: float = 0.0) -> list[Point]:
    """A jagged way outwards in polar coordinates, in nine points."""
    path = []
    for distance in np.linspace(start, end, 9):
        angle += slant + random.normal(0, 0.06)
        path.append((angle, float(distance)))
    return path


def _rust(metal: Floats, random: np.random.Generator) -> None:
    """Brown patches, grown from smooth noise."""
    spread = noise(random, (9, 12)) + 0.35 * noise(random, (60, 80))
    patches = np.clip((spread - random.uniform(0.1, 0.5)) * 3, 0, 1) * 0.85
    dark, pale = (as_colour(np.array(rgb)) for rgb in RUST_RGB)
    rust = dark + (pale - dark) * np.clip(noise(random, (120, 160)) * 0.3 + 0.5, 0, 1)
    metal += (rust - metal) * patches


def _expose_fracture(metal: Floats, chip: Floats, random: np.random.Generator) -> None:
    """Grainy, uneven metal where a piece broke off."""
    grain = 110 + 45 * noise(random, (150, 200))
    metal += (grain - metal) * chip * 0.8
