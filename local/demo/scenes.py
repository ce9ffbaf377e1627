"""Pictures of machined parts, good and defective, rendered like photographs: labelled data without a download."""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

TAGS = ("good", "cracked", "chipped", "rusty")
SIZE_WH = (640, 480)
JPEG_QUALITY = 88
# Outlines are drawn this many times larger and then shrunk, which smooths their edges.
OVERSAMPLING = 2
RUST_RGB = ((104.0, 52.0, 22.0), (158.0, 88.0, 40.0))
BACKGROUNDS = {
    # name: mean RGB, noise grid (rows, columns), contrast
    "wood": ((150.0, 108.0, 70.0), (96, 5), 0.28),
    "steel": ((128.0, 132.0, 138.0), (240, 9), 0.10),
    "concrete": ((146.0, 144.0, 138.0), (90, 120), 0.16),
    "cloth": ((58.0, 74.0, 104.0), (240, 320), 0.22),
    "board": ((188.0, 182.0, 168.0), (10, 14), 0.08),
}

Floats = NDArray[np.float32]
Point = tuple[float, float]


class Scene(NamedTuple):
    """A rendered picture, and where its part is: left, top, width, height as fractions of the picture."""

    image: Image.Image
    box_ltwh: tuple[float, float, float, float]


class Pose(NamedTuple):
    """Where a part lies: its centre and radius in pixels, its turn and the camera's tilt."""

    x: float
    y: float
    radius: float
    turn: float
    squash: float
    tilt: float

    def place(self, angle: float, distance: float) -> Point:
        """A point of the part, given in its own polar coordinates (radius 1 at the rim), in the picture's pixels."""
        x, y = math.cos(angle + self.turn) * distance, math.sin(angle + self.turn) * distance
        along, across = math.cos(self.tilt), math.sin(self.tilt)
        near, far = x * along + y * across, (y * along - x * across) * self.squash
        return self.x + self.radius * (near * along - far * across), self.y + self.radius * (
            near * across + far * along
        )


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
    metal = _metal(mask, pose, light, random)
    _scratch(metal, pose, random)
    if tag == "cracked":
        _crack(metal, pose, random)
    if tag == "rusty":
        _rust(metal, random)
    if tag == "chipped":
        _expose_fracture(metal, chip, random)
    canvas = _shadowed(_background(random), mask, light, pose.radius)
    canvas += (metal - canvas) * mask
    return Scene(_photograph(canvas, light, random), _box(mask))


def _pose(random: np.random.Generator) -> Pose:
    width, height = SIZE_WH
    radius = random.uniform(0.34, 0.42) * height
    x = width / 2 + random.uniform(-0.08, 0.08) * width
    y = height / 2 + random.uniform(-0.04, 0.04) * height
    return Pose(x, y, radius, random.uniform(0, 2 * math.pi), random.uniform(0.84, 1.0), random.uniform(0, math.pi))


def _silhouette(tag: str, pose: Pose, random: np.random.Generator) -> tuple[Floats, Floats]:
    """How much of each pixel the part covers, and how much of it is a chip's fracture face: (H, W), 0 to 1."""
    part, chip = _blank(), _blank()
    pen = ImageDraw.Draw(part)
    pen.polygon(_scaled(pose, _PARTS[random.integers(len(_PARTS))]()), fill=255)
    if tag == "chipped":
        angle, size = random.uniform(0, 2 * math.pi), random.uniform(0.5, 0.65)
        pen.polygon(_scaled(pose, _bite(angle, size, random)), fill=0)
        ImageDraw.Draw(chip).polygon(_scaled(pose, _bite(angle, size * 1.3, random)), fill=255)
    pen.polygon(_scaled(pose, _circle(random.uniform(0.3, 0.38))), fill=0)
    return _coverage(part), _coverage(chip)


def _blank() -> Image.Image:
    return Image.new("L", (SIZE_WH[0] * OVERSAMPLING, SIZE_WH[1] * OVERSAMPLING))


def _scaled(pose: Pose, outline: list[Point]) -> list[Point]:
    """An outline in polar coordinates as pixels of an oversampled picture."""
    placed = (pose.place(angle, distance) for angle, distance in outline)
    return [(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in placed]


def _coverage(image: Image.Image) -> Floats:
    return np.asarray(image.reduce(OVERSAMPLING), np.float32) / np.float32(255)


def _circle(distance: float) -> list[Point]:
    return [(step * math.pi / 36, distance) for step in range(72)]


def _nut() -> list[Point]:
    return [(step * math.pi / 3, 1.0) for step in range(6)]


def _washer() -> list[Point]:
    return _circle(1.0)


def _gear() -> list[Point]:
    outline: list[Point] = []
    for tooth in range(16):
        start = tooth * math.pi / 8
        outline += [(start + width, at) for width, at in ((0.0, 0.84), (0.07, 1.0), (0.2, 1.0), (0.27, 0.84))]
    return outline


_PARTS = (_nut, _washer, _gear)


def _bite(angle: float, size: float, random: np.random.Generator) -> list[Point]:
    """A ragged outline about a point of the rim."""
    x, y = math.cos(angle), math.sin(angle)
    corners = []
    for step in range(11):
        reach, turn = size * random.uniform(0.75, 1.15), step * 2 * math.pi / 11
        corners.append((x + reach * math.cos(turn), y + reach * math.sin(turn)))
    return [(math.atan2(down, right), math.hypot(right, down)) for right, down in corners]


def _metal(mask: Floats, pose: Pose, light: float, random: np.random.Generator) -> Floats:
    """The part's surface, (3, H, W) of 0 to 255: turning marks that catch the light, and bevelled edges."""
    right = (np.arange(SIZE_WH[0], dtype=np.float32) - np.float32(pose.x)) / np.float32(pose.radius)
    down = (np.arange(SIZE_WH[1], dtype=np.float32)[:, None] - np.float32(pose.y)) / np.float32(pose.radius)
    distance = np.sqrt(right * right + down * down)
    # A turned surface is bright along the two directions in which its grooves face the light.
    facing = (right * math.cos(light) + down * math.sin(light)) / (distance + 0.05)
    shade = 0.66 + facing * facing * random.uniform(0.3, 0.6)
    shade += 0.04 * np.sin(distance * random.uniform(40, 60))
    shade += _bevel(mask, light)
    tint = np.array([1.0, random.uniform(0.97, 1.01), random.uniform(0.9, 1.05)])
    metal: Floats = shade * _colour(tint * random.uniform(165, 225))
    return metal


def _colour(rgb: NDArray[np.float64]) -> Floats:
    """Three numbers in a shape that multiplies a (3, H, W) picture."""
    return rgb.astype(np.float32)[:, None, None]


def _bevel(mask: Floats, light: float) -> Floats:
    """Light on the slopes of the part's edges, (H, W): its softened outline is taken as a height."""
    height = np.asarray(Image.fromarray((mask * 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(3)), np.float32)
    down, right = np.zeros_like(height), np.zeros_like(height)
    down[1:-1] = height[2:] - height[:-2]
    right[:, 1:-1] = height[:, 2:] - height[:, :-2]
    return np.asarray((right * math.cos(light) + down * math.sin(light)) / 140)


def _crack(metal: Floats, pose: Pose, random: np.random.Generator) -> None:
    """A jagged dark line from the bore to the rim, with one branch."""
    canvas = _blank()
    pen = ImageDraw.Draw(canvas)
    angle = random.uniform(0, 2 * math.pi)
    trunk = _wander(angle, 0.25, 1.05, random)
    branch = [trunk[4], *_wander(trunk[4][0], trunk[4][1], 1.0, random, slant=random.choice([-1, 1]) * 0.09)]
    width = random.uniform(0.06, 0.09) * pose.radius * OVERSAMPLING
    pen.line(_scaled(pose, trunk), fill=255, width=round(width), joint="curve")
    pen.line(_scaled(pose, branch), fill=220, width=round(width * 0.8), joint="curve")
    metal *= 1 - _coverage(canvas) * random.uniform(0.75, 0.95)


def _wander(angle: float, start: float, end: float, random: np.random.Generator, slant: float = 0.0) -> list[Point]:
    """A jagged way outwards in polar coordinates, in nine points."""
    path = []
    for distance in np.linspace(start, end, 9):
        angle += slant + random.normal(0, 0.06)
        path.append((angle, float(distance)))
    return path


def _rust(metal: Floats, random: np.random.Generator) -> None:
    """Brown patches, grown from smooth noise."""
    spread = _noise(random, (9, 12)) + 0.35 * _noise(random, (60, 80))
    patches = np.clip((spread - random.uniform(0.1, 0.5)) * 3, 0, 1) * 0.85
    dark, pale = (_colour(np.array(rgb)) for rgb in RUST_RGB)
    rust = dark + (pale - dark) * np.clip(_noise(random, (120, 160)) * 0.3 + 0.5, 0, 1)
    metal += (rust - metal) * patches


def _scratch(metal: Floats, pose: Pose, random: np.random.Generator) -> None:
    """Fine bright lines and a few specks: wear that is no defect, on parts of every tag."""
    canvas = _blank()
    pen = ImageDraw.Draw(canvas)
    for _ in range(random.integers(0, 4)):
        angle = random.uniform(0, 2 * math.pi)
        ends = [(angle, random.uniform(0.5, 1)), (angle + random.uniform(0.2, 0.9), random.uniform(0.5, 1))]
        pen.line(_scaled(pose, ends), fill=int(random.integers(60, 150)), width=2)
    metal += _coverage(canvas) * 60
    for _ in range(random.integers(0, 3)):
        x, y = pose.place(random.uniform(0, 2 * math.pi), random.uniform(0.5, 0.95))
        size = random.uniform(1, 4)
        metal[:, round(y - size) : round(y + size), round(x - size) : round(x + size)] *= 0.6


def _expose_fracture(metal: Floats, chip: Floats, random: np.random.Generator) -> None:
    """Grainy, uneven metal where a piece broke off."""
    grain = 110 + 45 * _noise(random, (150, 200))
    metal += (grain - metal) * chip * 0.8


def _background(random: np.random.Generator) -> Floats:
    """A work bench, (3, H, W) of 0 to 255."""
    colour, grid, contrast = list(BACKGROUNDS.values())[random.integers(len(BACKGROUNDS))]
    texture = 1 + contrast * _noise(random, grid)
    texture += 0.06 * _noise(random, (4, 5))
    return texture * _colour(np.array(colour) * random.uniform(0.8, 1.15) * random.uniform(0.95, 1.05, 3))


def _shadowed(canvas: Floats, mask: Floats, light: float, radius: float) -> Floats:
    """The bench with the part's soft shadow, which falls away from the light."""
    small = Image.fromarray((mask * 255).astype(np.uint8)).resize((SIZE_WH[0] // 4, SIZE_WH[1] // 4))
    reach = radius * 0.025
    moved = small.transform(
        small.size, Image.Transform.AFFINE, (1, 0, -reach * math.cos(light), 0, 1, -reach * math.sin(light))
    )
    soft = np.asarray(moved.filter(ImageFilter.GaussianBlur(3)).resize(SIZE_WH), np.float32)
    canvas *= 1 - 0.55 / 255 * soft
    return canvas


def _photograph(canvas: Floats, light: float, random: np.random.Generator) -> Image.Image:
    """What a camera makes of it: uneven light, exposure, white balance, sensor noise and a little blur."""
    _, height, width = canvas.shape
    across = np.linspace(-1, 1, width, dtype=np.float32) * math.cos(light)
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * math.sin(light)
    canvas *= (1 - random.uniform(0.0, 0.25) * (across + down)) * random.uniform(0.7, 1.15)
    canvas *= _colour(random.uniform(0.96, 1.04, 3))
    canvas += random.standard_normal((height, width), np.float32) * random.uniform(1, 6)
    planes = np.clip(canvas, 0, 255, out=canvas).astype(np.uint8)
    image = Image.merge("RGB", [Image.fromarray(plane) for plane in planes])
    return image.filter(ImageFilter.BoxBlur(random.uniform(0, 1.4)))


def _noise(random: np.random.Generator, grid: tuple[int, int]) -> Floats:
    """Smooth noise of unit variance at its grid's points (rows, columns), stretched over the picture: (H, W)."""
    coarse = random.standard_normal(grid, np.float32)
    return np.asarray(Image.fromarray(coarse).resize(SIZE_WH, Image.Resampling.BICUBIC), np.float32)


def _box(mask: Floats) -> tuple[float, float, float, float]:
    """Left, top, width, height of what the mask covers, as fractions of the picture."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    left, top = columns[0] / mask.shape[1], rows[0] / mask.shape[0]
    width, height = (columns[-1] + 1) / mask.shape[1] - left, (rows[-1] + 1) / mask.shape[0] - top
    return float(left), float(top), float(width), float(height)
