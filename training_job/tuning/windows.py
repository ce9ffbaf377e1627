"""Random windows on a picture, in random light: what a model learns from beside the picture itself."""

import numpy as np
from PIL import Image

from shared.arrays import Floats
from shared.imaging.resize import FILTERS, GAP, LETTERBOX_RGB
from shared.models.training.preprocessing import Preprocessing

# A window's area, as a share of what a view shows of the picture, and how much wider than high it may be, or the
# reverse.
SMALLEST, LARGEST, ASPECT = 0.35, 1.6, 1.25
BRIGHTNESS, CONTRAST, COLOUR, TINT = 0.25, 0.25, 0.4, 0.08
NO_BOXES = np.zeros((0, 4), np.float32)


def random_window(random: np.random.Generator, zoom: float = 1, boxes_xyxy: Floats = NO_BOXES) -> Floats:
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
