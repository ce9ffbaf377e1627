"""Rendered scenes with discs and squares, and examples of them to learn from."""

from functools import partial
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

from training_job.detection.data import Example

SHAPES = ("disc", "square")


def rendered(seed: int, size: tuple[int, int] = (200, 150)) -> tuple[bytes, np.ndarray, np.ndarray]:
    """A JPEG with up to three shapes on a noisy ground; their boxes (M, 4), x1, y1, x2, y2 in 0..1; and tags (M,)."""
    random = np.random.default_rng(seed)
    ground = random.integers(150, 220, 3) + random.integers(-20, 20, (size[1], size[0], 3))
    image = Image.fromarray(ground.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    boxes, tags = [], []
    # Each in a third of its own, so that none hides another.
    for column in random.permutation(3)[: random.integers(1, 4)].tolist():
        side = int(random.integers(24, 56))
        left = column * 66 + int(random.integers(0, 66 - side))
        top = int(random.integers(0, size[1] - side))
        tag = int(random.integers(2))
        colour = tuple(random.integers(0, 110, 3).tolist())
        (draw.ellipse if tag == 0 else draw.rectangle)((left, top, left + side - 1, top + side - 1), fill=colour)
        boxes.append((left / size[0], top / size[1], (left + side) / size[0], (top + side) / size[1]))
        tags.append(tag)
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue(), np.array(boxes, np.float32), np.array(tags, np.int64)


def example(seed: int) -> Example:
    data, boxes, tags = rendered(seed)
    return Example(partial(bytes, data), boxes, tags)
