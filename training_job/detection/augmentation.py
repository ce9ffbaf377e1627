"""Views of an image to learn from: other windows on it, mirrored or not, in other light; its boxes go along."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from shared.arrays import Flags, Floats, Ints
from shared.imaging.resize import model_picture, preprocess
from shared.models.training.preprocessing import Preprocessing
from training_job.tuning.windows import looked_at, random_window, relit

# An object of which less is left in a window is no longer to be found there, nor is its remainder background: both
# would teach nonsense, but the former happens less often.
VISIBLE = 0.3


class Augmented(NamedTuple):
    """What is learned from: pixels (1, 3, H, W), RGB 0..255; boxes (M, 4), x1, y1, x2, y2 in 0..1; tags (M,)."""

    pixels: Floats
    boxes: Floats
    tags: Ints


class Augmentation(NamedTuple):
    """Views are as `spec` says, and show objects about as large as they are where the picture is `zoom` times as wide
    and as high; every other one is `mirrored`, or none is.
    """

    spec: Preprocessing
    zoom: float = 1.0
    mirrored: bool = True

    def picture(self, data: bytes) -> Image.Image:
        """What views are made of. Raises BadImageFormat."""
        return model_picture(data, self.spec, self.zoom)


def plain(picture: Image.Image, boxes_xyxy: Floats, tags: Ints, views: Augmentation) -> Augmented:
    """The whole picture."""
    return Augmented(preprocess(picture, views.spec), boxes_xyxy, tags)


def varied(
    picture: Image.Image, boxes_xyxy: Floats, tags: Ints, views: Augmentation, random: np.random.Generator
) -> Augmented:
    window = random_window(random, views.zoom, boxes_xyxy)
    seen, left = through(window, boxes_xyxy)
    pixels = relit(looked_at(picture, window, views.spec), random)
    if views.mirrored and random.random() < 0.5:
        pixels, seen = mirrored(pixels, seen)
    return Augmented(np.ascontiguousarray(pixels), seen, tags[left])


def through(window: Floats, boxes_xyxy: Floats) -> tuple[Floats, Flags]:
    """The boxes in fractions of the window, cut off at its edges, (L, 4), and which of all (M,) these are."""
    origin, size = window[:2], window[2:] - window[:2]
    moved = (boxes_xyxy.reshape(-1, 2, 2) - origin) / size
    cut = moved.clip(0, 1)
    share = np.prod(cut[:, 1] - cut[:, 0], axis=1) / np.prod(moved[:, 1] - moved[:, 0], axis=1).clip(1e-9)
    left = share >= VISIBLE
    return cut[left].reshape(-1, 4).astype(np.float32), left


def mirrored(pixels: Floats, boxes_xyxy: Floats) -> tuple[Floats, Floats]:
    left, top, right, bottom = boxes_xyxy.T
    return pixels[..., ::-1], np.stack([1 - right, top, 1 - left, bottom], axis=1)
