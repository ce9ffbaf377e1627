"""Views of an image to learn from: other windows on it, mirrored or not, in other light; its boxes go along."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from shared.arrays import Flags, Floats, Ints
from shared.imaging.resize import FILTERS, GAP, LETTERBOX_RGB, model_picture, preprocess
from shared.models.training.preprocessing import Preprocessing

# A window's area, as a share of what a view shows of the picture, and how much wider than high it may be, or the
# reverse.
SMALLEST, LARGEST, ASPECT = 0.35, 1.6, 1.25
# An object of which less is left in a window is no longer to be found there, nor is its remainder background: both
# would teach nonsense, but the former happens less often.
VISIBLE = 0.3
BRIGHTNESS, CONTRAST, COLOUR, TINT = 0.25, 0.25, 0.4, 0.08


class Augmented(NamedTuple):
    """What is learned from: pixels (1, 3, H, W), RGB 0..255; boxes (M, 4), x1, y1, x2, y2 in 0..1; tags (M,)."""

    pixels: Floats
    boxes: Floats
    tags: Ints


class Views(NamedTuple):
    """Views are as `spec` says, and show objects about as large as they are where the picture is `zoom` times as wide
    and as high; every other one is `mirrored`, or none is.
    """

    spec: Preprocessing
    zoom: float = 1.0
    mirrored: bool = True

    def picture(self, data: bytes) -> Image.Image:
        """What views are made of. Raises BadImageFormat."""
        return model_picture(data, self.spec, self.zoom)


def plain(picture: Image.Image, boxes_xyxy: Floats, tags: Ints, views: Views) -> Augmented:
    """The whole picture."""
    return Augmented(preprocess(picture, views.spec), boxes_xyxy, tags)


def varied(
    picture: Image.Image, boxes_xyxy: Floats, tags: Ints, views: Views, random: np.random.Generator
) -> Augmented:
    window = random_window(random, views.zoom, boxes_xyxy)
    seen, left = through(window, boxes_xyxy)
    pixels = relit(looked_at(picture, window, views.spec), random)
    if views.mirrored and random.random() < 0.5:
        pixels, seen = mirrored(pixels, seen)
    return Augmented(np.ascontiguousarray(pixels), seen, tags[left])


def random_window(random: np.random.Generator, zoom: float, boxes_xyxy: Floats) -> Floats:
    """x1, y1, x2, y2 in fractions of the picture; one that is larger than the picture shows grey around it. Zoomed in
    it has the middle of one of the boxes: of background there is enough around them.
    """
    scale = np.sqrt(random.uniform(SMALLEST, LARGEST)) / zoom
    stretch = np.sqrt(np.exp(random.uniform(-1, 1) * np.log(ASPECT)))
    size = np.array([scale * stretch, scale / stretch])
    low, high = np.minimum(0, 1 - size), np.maximum(0, 1 - size)
    if zoom > 1 and len(boxes_xyxy):
        middle = random.choice(boxes_xyxy).reshape(2, 2).mean(axis=0)
        low, high = np.maximum(low, np.minimum(middle - size, high)), np.minimum(high, np.maximum(middle, low))
    corner = random.uniform(low, high)
    return np.concatenate([corner, corner + size]).astype(np.float32)


def through(window: Floats, boxes_xyxy: Floats) -> tuple[Floats, Flags]:
    """The boxes in fractions of the window, cut off at its edges, (L, 4), and which of all (M,) these are."""
    origin, size = window[:2], window[2:] - window[:2]
    moved = (boxes_xyxy.reshape(-1, 2, 2) - origin) / size
    cut = moved.clip(0, 1)
    share = np.prod(cut[:, 1] - cut[:, 0], axis=1) / np.prod(moved[:, 1] - moved[:, 0], axis=1).clip(1e-9)
    left = share >= VISIBLE
    return cut[left].reshape(-1, 4).astype(np.float32), left


def looked_at(picture: Image.Image, window: Floats, spec: Preprocessing) -> Floats:
    """What shows in a window, as a model's input (1, 3, height, width)."""
    inside = window.clip(0, 1)
    size = np.array([spec.width, spec.height])
    place = ((inside.reshape(2, 2) - window[:2]) / (window[2:] - window[:2]) * size).round().astype(int)
    source = tuple((inside * (picture.size * 2)).tolist())
    width, height = (place[1] - place[0]).clip(1).tolist()
    part = picture.resize((width, height), FILTERS[spec.interpolation], source, reducing_gap=GAP)
    whole = Image.new("RGB", (spec.width, spec.height), LETTERBOX_RGB)
    whole.paste(part, (int(place[0, 0]), int(place[0, 1])))
    return np.asarray(whole, np.float32).transpose(2, 0, 1)[None]


def relit(pixels: Floats, random: np.random.Generator) -> Floats:
    """In other light: brightness, contrast, saturation and tint change at random."""
    gain, contrast, colour = 1 + random.uniform(-1, 1, 3).astype(np.float32) * (BRIGHTNESS, CONTRAST, COLOUR)
    tint = 1 + random.uniform(-TINT, TINT, (3, 1, 1)).astype(np.float32)
    grey = pixels.mean(axis=1, keepdims=True)
    coloured = (grey + (pixels - grey) * np.float32(colour)) * tint
    middle = coloured.mean()
    changed: Floats = ((middle + (coloured - middle) * np.float32(contrast)) * np.float32(gain)).clip(0, 255)
    return changed


def mirrored(pixels: Floats, boxes_xyxy: Floats) -> tuple[Floats, Floats]:
    left, top, right, bottom = boxes_xyxy.T
    return pixels[..., ::-1], np.stack([1 - right, top, 1 - left, bottom], axis=1)
