"""From a stranger's bytes to an upright RGB picture, or to an error that says what is wrong with them."""

import struct
import zlib
from typing import NamedTuple

import numpy as np
from PIL import Image

from shared.errors import BadImageAspectRatio, BadImageDimensions, BadImageFormat, BadImageSize
from shared.imaging.formats.bmp import Bmp
from shared.imaging.formats.gif import Gif
from shared.imaging.formats.jpeg import Jpeg
from shared.imaging.formats.png import Png
from shared.imaging.memory import PIXEL_BYTES, STRIP, MemoryBudget
from shared.models.limits import Limits

# Pillow would warn at 89 million pixels, below what the service accepts; `check` has limits of its own.
Image.MAX_IMAGE_PIXELS = None
# A large picture in one block is the system's again once it is freed; of blocks of 16 MB, Pillow's default, the C
# library keeps many for each thread: 1.1 GB instead of 0.4 with the largest pictures in eight threads.
Image.core.set_block_size(1 << 28)  # type: ignore[attr-defined]

# A JPEG of one scan is decoded at a fraction of its size, row by row; all else comes whole into memory, where a few kB
# can claim hundreds of megabytes.
UNSCALED_PIXELS = 40_000_000
# Each scan of a progressive JPEG is a pass over the whole picture; encoders write about 10.
JPEG_PASSES = 100

# A camera's picture asks for less than 24 MB once it is scaled, and waits for nobody.
MEMORY = MemoryBudget(total=256_000_000, unasked=24_000_000)
# Averaging whole pixels down to so many times the wanted size, before a finer filter, can't be seen.
GAP = 2

Reader = Jpeg | Png | Gif | Bmp
FORMATS: dict[bytes, tuple[type[Reader], str]] = {
    b"\xff\xd8\xff": (Jpeg, "image/jpeg"),
    b"\x89PNG\r\n\x1a\n": (Png, "image/png"),
    b"GIF87a": (Gif, "image/gif"),
    b"GIF89a": (Gif, "image/gif"),
    b"BM": (Bmp, "image/bmp"),
}
# What Pillow's four plugins raise on bytes that lie.
BROKEN = (
    *(OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, AttributeError, AssertionError, EOFError),
    *(OverflowError, MemoryError, struct.error, zlib.error),
)
# The EXIF orientations but the first, which is upright.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = range(5, 9)


class Header(NamedTuple):
    """What a file says of itself. Width and height are those of the upright picture, in pixels."""

    content_type: str
    width: int
    height: int


def check(data: bytes, limits: Limits, max_bytes: int) -> Header:
    """Hold a file's header against the limits. Its pixels are not decoded: only `decode` finds a truncated file.

    Raises BadImageSize, BadImageFormat, BadImageDimensions, BadImageAspectRatio.
    """
    if len(data) > max_bytes:
        raise BadImageSize(f"The image has {len(data):,} bytes; send at most {max_bytes:,}.")
    image, content_type = _open(data)
    width, height = image.size
    scalable = isinstance(image, Jpeg) and image.is_scalable
    _check_dimensions(width, height, limits, scalable)
    # Counted only where the decoder reads more than the first scan: it takes a pass over the file.
    if isinstance(image, Jpeg) and not scalable and image.count_passes() > JPEG_PASSES:
        raise BadImageFormat(f"The JPEG takes more than {JPEG_PASSES} passes to decode; save it again.")
    if image.orientation in SIDEWAYS:
        width, height = height, width
    return Header(content_type, width, height)


def decode(data: bytes, at_least: tuple[int, int] | None = None) -> Image.Image:
    """The upright picture in mode RGB; alpha lies on white, of an animation it is the first frame.

    With `at_least` (width, height of the upright picture) it may come out smaller than it is, by a whole number, but
    not below that size: decoding a JPEG costs a fraction then. Waits while other threads decode large pictures.
    Raises BadImageFormat.
    """
    image, _ = _open(data)
    factor = 1
    if at_least:
        wanted = at_least[::-1] if image.orientation in SIDEWAYS else at_least
        image.draft(None, wanted)
        factor = max(1, min(image.width // wanted[0], image.height // wanted[1]) // GAP)
    with MEMORY.held(image.load_bytes + PIXEL_BYTES * image.width * image.height):
        try:
            image.load()
            rgb = _reduced(image, factor)
        except BROKEN as error:
            raise BadImageFormat("The image is broken or cut off; send the whole file.") from error
        return rgb.transpose(UPRIGHT[image.orientation]) if image.orientation in UPRIGHT else rgb


def _open(data: bytes) -> tuple[Reader, str]:
    """The plugin itself and not Image.open, which for a stereo JPEG loads a fifth plugin."""
    found = next((reader for magic, reader in FORMATS.items() if data.startswith(magic)), None)
    if not found:
        raise BadImageFormat("The data is no JPEG, PNG, BMP or GIF image; convert it to one of these.")
    plugin, content_type = found
    try:
        return plugin(data), content_type
    except BROKEN as error:
        raise BadImageFormat("The image's header is broken; save it again as JPEG or PNG.") from error


def _check_dimensions(width: int, height: int, limits: Limits, scalable: bool) -> None:
    if min(width, height) < 1 or max(width, height) > limits.image_side:
        raise BadImageDimensions(f"The image is {width} x {height} px; each side may have 1 to {limits.image_side:,}.")
    if not scalable and width * height > UNSCALED_PIXELS:
        which = f"The image has {width * height:,} px, and what is no plain JPEG is decoded as a whole"
        raise BadImageDimensions(f"{which}: send at most {UNSCALED_PIXELS:,}, or a JPEG that is not progressive.")
    if max(width, height) > limits.image_aspect_ratio * min(width, height):
        limit = f"{limits.image_aspect_ratio:g}:1"
        raise BadImageAspectRatio(f"The image is {width} x {height} px; its sides may differ by {limit} at most.")


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """In mode RGB, each side divided by `factor` and rounded up."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image.reduce(factor) if factor > 1 else image
    size = -(-image.width // factor), -(-image.height // factor)
    whole = Image.new("RGB", size)
    rows = factor * max(1, STRIP // (factor * image.width))
    for top in range(0, image.height, rows):
        strip = _rgb(image.crop((0, top, image.width, min(top + rows, image.height))))
        whole.paste(strip.reduce(factor) if factor > 1 else strip, (0, top // factor))
    return whole


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):
        # Pillow clips 16-bit grey to 255 instead of scaling it, and takes no transparent colour.
        samples = np.asarray(image)
        shown = np.where(samples == image.info.get("transparency", -1), 255, samples >> 8)
        return Image.fromarray(shown.astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(rgba, mask=rgba.getchannel("A"))
    return white
