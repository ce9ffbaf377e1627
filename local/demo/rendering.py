"""How parts on a work bench look to a camera: outlines, metal, light and shadow, as arrays of pixels."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from shared.arrays import Floats

SIZE_WH = (640, 480)
JPEG_QUALITY = 88
# Outlines are drawn this many times larger and then shrunk, which smooths their edges.
OVERSAMPLING = 2
BACKGROUNDS = {
    # name: mean RGB, noise grid (rows, columns), contrast
    "wood": ((150.0, 108.0, 70.0), (96, 5), 0.28),
    "steel": ((128.0, 132.0, 138.0), (240, 9), 0.10),
    "concrete": ((146.0, 144.0, 138.0), (90, 120), 0.16),
    "cloth": ((58.0, 74.0, 104.0), (240, 320), 0.22),
    "board": ((188.0, 182.0, 168.0), (10, 14), 0.08),
}

Point = tuple[float, float]
Box = tuple[float, float, float, float]


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


def blank() -> Image.Image:
    return Image.new("L", (SIZE_WH[0] * OVERSAMPLING, SIZE_WH[1] * OVERSAMPLING))


def scaled(pose: Pose, outline: list[Point]) -> list[Point]:
    """An outline in polar coordinates as pixels of an oversampled picture."""
    placed = (pose.place(angle, distance) for angle, distance in outline)
    return [(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in placed]


def coverage(image: Image.Image) -> Floats:
    return np.asarray(image.reduce(OVERSAMPLING), np.float32) / np.float32(255)


def circle(distance: float) -> list[Point]:
    return [(step * math.pi / 36, distance) for step in range(72)]


def _nut() -> list[Point]:
    return [(step * math.pi / 3, 1.0) for step in range(6)]


def _washer() -> list[Point]:
    return circle(1.0)


def _gear() -> list[Point]:
    outline: list[Point] = []
    for tooth in range(16):
        start = tooth * math.pi / 8
        outline += [(start + width, at) for width, at in ((0.0, 0.84), (0.07, 1.0), (0.2, 1.0), (0.27, 0.84))]
    return outline


OUTLINES = {"nut": _nut, "washer": _washer, "gear": _gear}


def metal_of(mask: Floats, pose: Pose, light: float, random: np.random.Generator) -> Floats:
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
    metal: Floats = shade * as_colour(tint * random.uniform(165, 225))
    return metal


def as_colour(rgb: NDArray[np.float64]) -> Floats:
    """Three numbers in a shape that multiplies a (3, H, W) picture."""
    return rgb.astype(np.float32)[:, None, None]


def _bevel(mask: Floats, light: float) -> Floats:
    """Light on the slopes of the part's edges, (H, W): its softened outline is taken as a height."""
    height = np.asarray(Image.fromarray((mask * 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(3)), np.float32)
    down, right = np.zeros_like(height), np.zeros_like(height)
    down[1:-1] = height[2:] - height[:-2]
    right[:, 1:-1] = height[:, 2:] - height[:, :-2]
    return np.asarray((right * math.cos(light) + down * math.sin(light)) / 140)


def scratch(metal: Floats, pose: Pose, random: np.random.Generator) -> None:
    """Fine bright lines and a few specks: wear that is no defect, on parts of every tag."""
    canvas = blank()
    pen = ImageDraw.Draw(canvas)
    for _ in range(random.integers(0, 4)):
        angle = random.uniform(0, 2 * math.pi)
        ends = [(angle, random.uniform(0.5, 1)), (angle + random.uniform(0.2, 0.9), random.uniform(0.5, 1))]
        pen.line(scaled(pose, ends), fill=int(random.integers(60, 150)), width=2)
    metal += coverage(canvas) * 60
    for _ in range(random.integers(0, 3)):
        x, y = pose.place(random.uniform(0, 2 * math.pi), random.uniform(0.5, 0.95))
        size = random.uniform(1, 4)
        metal[:, round(y - size) : round(y + size), round(x - size) : round(x + size)] *= 0.6


def background(random: np.random.Generator) -> Floats:
    """A work bench, (3, H, W) of 0 to 255."""
    colour, grid, contrast = list(BACKGROUNDS.values())[random.integers(len(BACKGROUNDS))]
    texture = 1 + contrast * noise(random, grid)
    texture += 0.06 * noise(random, (4, 5))
    return texture * as_colour(np.array(colour) * random.uniform(0.8, 1.15) * random.uniform(0.95, 1.05, 3))


def shadowed(canvas: Floats, mask: Floats, light: float, radius: float) -> Floats:
    """The bench with the part's soft shadow, which falls away from the light."""
    small = Image.fromarray((mask * 255).astype(np.uint8)).resize((SIZE_WH[0] // 4, SIZE_WH[1] // 4))
    reach = radius * 0.025
    moved = small.transform(
        small.size, Image.Transform.AFFINE, (1, 0, -reach * math.cos(light), 0, 1, -reach * math.sin(light))
    )
    soft = np.asarray(moved.filter(ImageFilter.GaussianBlur(3)).resize(SIZE_WH), np.float32)
    canvas *= 1 - 0.55 / 255 * soft
    return canvas


def photograph(canvas: Floats, light: float, random: np.random.Generator) -> Image.Image:
    """What a camera makes of it: uneven light, exposure, white balance, sensor noise and a little blur."""
    _, height, width = canvas.shape
    across = np.linspace(-1, 1, width, dtype=np.float32) * math.cos(light)
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * math.sin(light)
    canvas *= (1 - random.uniform(0.0, 0.25) * (across + down)) * random.uniform(0.7, 1.15)
    canvas *= as_colour(random.uniform(0.96, 1.04, 3))
    canvas += random.standard_normal((height, width), np.float32) * random.uniform(1, 6)
    planes = np.clip(canvas, 0, 255, out=canvas).astype(np.uint8)
    image = Image.merge("RGB", [Image.fromarray(plane) for plane in planes])
    return image.filter(ImageFilter.BoxBlur(random.uniform(0, 1.4)))


def noise(random: np.random.Generator, grid: tuple[int, int]) -> Floats:
    """Smooth noise of unit variance at its grid's points (rows, columns), stretched over the picture: (H, W)."""
    coarse = random.standard_normal(grid, np.float32)
    return np.asarray(Image.fromarray(coarse).resize(SIZE_WH, Image.Resampling.BICUBIC), np.float32)


def box_of(mask: Floats) -> tuple[float, float, float, float]:
    """Left, top, width, height of what the mask covers, as fractions of the picture."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    left, top = columns[0] / mask.shape[1], rows[0] / mask.shape[0]
    width, height = (columns[-1] + 1) / mask.shape[1] - left, (rows[-1] + 1) / mask.shape[0] - top
    return float(left), float(top), float(width), float(height)
