"""Numbers and pictures that stand for photographs of scenes, several shots each."""

from collections.abc import Sequence
from functools import partial
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

from shared.arrays import Floats, Halves
from shared.learning.classifier_recipe import quick
from shared.learning.embeddings import Cache, Picture
from shared.models.workspace.domains import DOMAINS, GENERAL
from shared.models.workspace.projects import ClassificationType

# Of the domain General.
RECIPES = {kind: quick(DOMAINS[GENERAL], kind) for kind in ClassificationType}
SHAPES = ["disc", "square", "triangle", "ring", "cross"]


def one_hot(tags: list[int], count: int = 0) -> Floats:
    """Tag of each image, (N,) -> truths (N, tags)."""
    return np.eye(count or max(tags) + 1, dtype=np.float32)[tags]


def unit(vectors: object) -> Floats:
    array = np.asarray(vectors, np.float32)
    lengths: Floats = np.linalg.norm(array, axis=1, keepdims=True)
    return array / lengths


def bursts(tags: list[int], shots: int, width: int = 64, spread: float = 0.05, seed: int = 1) -> tuple[Floats, Floats]:
    """For each tag of the list one scene of so many shots: embeddings (N, width), truths (N, tags).

    A scene is a random direction that tells nothing of its tag; its shots are close to it.
    """
    random = np.random.default_rng(seed)
    scenes = unit(random.normal(size=(len(tags), width)))
    noise = random.normal(size=(len(tags), shots, width)) * spread / np.sqrt(width)
    return unit((scenes[:, None] + noise).reshape(-1, width)), np.repeat(one_hot(tags), shots, axis=0)


def clusters(count: int, width: int, seed: int = 0) -> tuple[Floats, Floats]:
    """Three tags around three axes."""
    random = np.random.default_rng(seed)
    tags = [position % 3 for position in range(count)]
    centres = np.eye(width)[tags]
    return unit(centres + random.normal(size=(count, width)) * 0.1), one_hot(tags)


def drawn(shape: str, seed: int, size: tuple[int, int] = (96, 72)) -> bytes:
    """A JPEG of a disc or of stripes, in random colours and places."""
    random = np.random.default_rng([seed, len(shape)])
    image = Image.new("RGB", size, tuple(random.integers(150, 255, 3).tolist()))
    draw, colour = ImageDraw.Draw(image), tuple(random.integers(0, 110, 3).tolist())
    if shape == "disc":
        x, y, r = (int(random.integers(low, high)) for low, high in ((35, 60), (30, 42), (16, 28)))
        draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
    else:
        start, slant = (int(part) for part in random.integers(0, 12, 2))
        for left in range(start, size[0], 12):
            draw.line((left, 0, left + slant, size[1]), fill=colour, width=5)
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def cluttered(shape: str, seed: int, *, night: bool = False) -> bytes:
    """A JPEG of a small disc, square, triangle, ring or cross among lines and noise; by night, bright on dark."""
    random = np.random.default_rng([seed, len(shape), ord(shape[0]), night])
    ground = random.integers(10, 60, 3) if night else random.integers(150, 220, 3)
    colour = tuple((random.integers(120, 250, 3) if night else random.integers(0, 110, 3)).tolist())
    noisy = (ground + random.integers(-30, 30, (72, 96, 3))).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(noisy)
    draw = ImageDraw.Draw(image)
    x, y, r = (int(random.integers(low, high)) for low, high in ((28, 68), (26, 46), (8, 14)))
    box = (x - r, y - r, x + r, y + r)
    match shape:
        case "disc":
            draw.ellipse(box, fill=colour)
        case "square":
            draw.rectangle(box, fill=colour)
        case "triangle":
            draw.polygon([(x, y - r), (x - r, y + r), (x + r, y + r)], fill=colour)
        case "ring":
            draw.ellipse(box, outline=colour, width=4)
        case "cross":
            draw.line((x - r, y, x + r, y), fill=colour, width=5)
            draw.line((x, y - r, x, y + r), fill=colour, width=5)
    for _ in range(3):
        draw.line(random.integers(0, 90, 4).tolist(), fill=tuple(random.integers(0, 255, 3).tolist()))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def pictures(seeds: Sequence[int], *, night: bool = False) -> list[Picture]:
    """One of each shape for each seed."""
    return [
        Picture(f"{shape} {seed} {night}", partial(cluttered, shape, seed, night=night))
        for seed in seeds
        for shape in SHAPES
    ]


def memory() -> Cache:
    """Embeddings kept in this process."""
    spaces: dict[str, dict[str, Halves]] = {}
    return Cache(lambda space: spaces.get(space, {}), lambda space, made: spaces.setdefault(space, {}).update(made))
