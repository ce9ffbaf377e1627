"""Pictures at other sizes: a model's input, the copies kept of a training image, a camera's frame."""

from io import BytesIO
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from shared.imaging.decode import check, decode
from shared.models.limits import Limits
from shared.models.training.preprocessing import Fit, Interpolation, Preprocessing

# The long side of what training reads and the portal shows: over twice any model's input, and quick to decode.
RESIZED_SIDE = 1024
THUMBNAIL_SIDE = 256
QUALITY = 90
# A page shows hundreds of thumbnails: 13 kB each instead of 21 kB, and no difference that is seen at this size.
THUMBNAIL_QUALITY = 75
FILTERS = {
    Interpolation.BILINEAR: Image.Resampling.BILINEAR,
    Interpolation.BICUBIC: Image.Resampling.BICUBIC,
}
# Pillow may first average whole pixels down to twice the wanted size: the same picture within a grey level, and faster.
GAP = 2.0
LETTERBOX_RGB = (127, 127, 127)


class Copies(NamedTuple):
    """JPEG files of a training image beside its original, upright, RGB."""

    resized: bytes
    thumbnail: bytes


class Placement(NamedTuple):
    """Where a picture lies in a model's input, in pixels of the input."""

    left: int
    top: int
    width: int
    height: int


def model_input(data: bytes, spec: Preprocessing) -> npt.NDArray[np.float32]:
    """A file as a model's input, float32 (1, 3, height, width), RGB, 0..255. Raises BadImageFormat."""
    return preprocess(model_picture(data, spec), spec)


def model_picture(data: bytes, spec: Preprocessing, parts: float = 1) -> Image.Image:
    """What `preprocess` takes, no larger than it pays; where it takes one of so many `parts` of each side, larger.
    Raises BadImageFormat.
    """
    # A JPEG decoded to twice the input or more keeps an embedding's cosine at 0.9998 and above.
    return decode(data, at_least=(round(2 * parts * spec.width), round(2 * parts * spec.height)))


def preprocess(image: Image.Image, spec: Preprocessing) -> npt.NDArray[np.float32]:
    """An upright RGB picture as a model's input, float32 (1, 3, height, width), RGB, 0..255."""
    place = placement(image.size, spec)
    if spec.fit == Fit.CROP:
        size, seen = (spec.width, spec.height), _seen(image.size, place, spec)
    else:
        size, seen = (place.width, place.height), (0.0, 0.0, *image.size)
    small = image.resize(size, FILTERS[spec.interpolation], seen, reducing_gap=GAP)
    if small.size != (spec.width, spec.height):
        whole = Image.new("RGB", (spec.width, spec.height), LETTERBOX_RGB)
        whole.paste(small, (place.left, place.top))
        small = whole
    # Planes first, floats second: twice as fast as both in one pass.
    return np.ascontiguousarray(np.asarray(small).transpose(2, 0, 1)).astype(np.float32)[None]


def placement(size_wh: tuple[int, int], spec: Preprocessing) -> Placement:
    """Where a picture of that size lies in the input, or beyond its edges."""
    if spec.fit == Fit.SQUASH:
        return Placement(0, 0, spec.width, spec.height)
    factors = spec.width / size_wh[0], spec.height / size_wh[1]
    factor = max(factors) if spec.fit == Fit.CROP else min(factors)
    width, height = (max(1, round(side * factor)) for side in size_wh)
    return Placement((spec.width - width) // 2, (spec.height - height) // 2, width, height)


def _seen(size_wh: tuple[int, int], place: Placement, spec: Preprocessing) -> tuple[float, float, float, float]:
    """The part of a picture that fills the input, by its corners in pixels."""
    across, down = size_wh[0] / place.width, size_wh[1] / place.height
    left, top = -place.left * across, -place.top * down
    return left, top, left + spec.width * across, top + spec.height * down


def copies(data: bytes) -> Copies:
    """What is kept beside a training image's original. Raises BadImageFormat."""
    image = decode(data, at_least=(RESIZED_SIDE, RESIZED_SIDE))
    resized = shrink(image, RESIZED_SIDE)
    return Copies(jpeg(resized), jpeg(shrink(resized, THUMBNAIL_SIDE), THUMBNAIL_QUALITY))


def frame(data: bytes, limits: Limits) -> bytes:
    """A camera's picture as a small upright JPEG. Raises the errors of `check` and `decode`."""
    check(data, limits, limits.camera_image_bytes)
    return jpeg(shrink(decode(data, at_least=(RESIZED_SIDE, RESIZED_SIDE)), RESIZED_SIDE))


def shrink(image: Image.Image, side: int) -> Image.Image:
    """The picture with its long side at most `side` pixels, its proportions kept; never enlarged."""
    factor = side / max(image.size)
    if factor >= 1:
        return image
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=GAP)


def jpeg(image: Image.Image, quality: int = QUALITY) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
