"""From a stranger's bytes to an upright RGB picture, or to an error that says what is wrong with them."""

import struct
import zlib
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ExifTags import Base
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from shared.errors import BadImageAspectRatio, BadImageDimensions, BadImageFormat, BadImageSize
from shared.models.limits import Limits

# Pillow would warn at 89 million pixels, below what the service accepts; `check` has limits of its own.
Image.MAX_IMAGE_PIXELS = None

# JPEG is decoded at a fraction of its size; the others come whole into memory, where a few kB can claim gigabytes.
UNSCALED_PIXELS = 64_000_000
# Each scan of a progressive JPEG is a pass over the whole picture; encoders write about 10.
JPEG_SCANS = 100

FORMATS: dict[bytes, tuple[type[ImageFile.ImageFile], str]] = {
    b"\xff\xd8\xff": (JpegImageFile, "image/jpeg"),
    b"\x89PNG\r\n\x1a\n": (PngImageFile, "image/png"),
    b"GIF87a": (GifImageFile, "image/gif"),
    b"GIF89a": (GifImageFile, "image/gif"),
    b"BM": (BmpImageFile, "image/bmp"),
}
# What Pillow's four plugins raise on bytes that lie.
BROKEN = (OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, EOFError, struct.error, zlib.error)
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
    _check_dimensions(width, height, limits, isinstance(image, JpegImageFile))
    if _orientation(image) in SIDEWAYS:
        width, height = height, width
    return Header(content_type, width, height)


def decode(data: bytes, at_least: tuple[int, int] | None = None) -> Image.Image:
    """The upright picture in mode RGB; alpha lies on white, of an animation it is the first frame.

    With `at_least` (width, height of the upright picture) a JPEG may come out smaller than it is, by a power of 2,
    but not below that size: decoding it costs a fraction. Raises BadImageFormat.
    """
    image, _ = _open(data)
    orientation = _orientation(image)
    if at_least:
        image.draft(None, at_least[::-1] if orientation in SIDEWAYS else at_least)
    try:
        image.load()
    except BROKEN as error:
        raise BadImageFormat("The image is broken or cut off; send the whole file.") from error
    rgb = _rgb(image)
    return rgb.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else rgb


def _open(data: bytes) -> tuple[ImageFile.ImageFile, str]:
    """The plugin itself and not Image.open, which for a stereo JPEG loads a fifth plugin."""
    found = next((reader for magic, reader in FORMATS.items() if data.startswith(magic)), None)
    if not found:
        raise BadImageFormat("The data is no JPEG, PNG, BMP or GIF image; convert it to one of these.")
    plugin, content_type = found
    if plugin is JpegImageFile and data.count(b"\xff\xda") > JPEG_SCANS:
        raise BadImageFormat(f"The JPEG has more than {JPEG_SCANS} scans; save it again.")
    try:
        return plugin(BytesIO(data)), content_type
    except BROKEN as error:
        raise BadImageFormat("The image's header is broken; save it again as JPEG or PNG.") from error


def _check_dimensions(width: int, height: int, limits: Limits, scalable: bool) -> None:
    if min(width, height) < 1 or max(width, height) > limits.image_side:
        raise BadImageDimensions(f"The image is {width} x {height} px; each side may have 1 to {limits.image_side:,}.")
    if not scalable and width * height > UNSCALED_PIXELS:
        raise BadImageDimensions(f"The image has {width * height:,} px; send at most {UNSCALED_PIXELS:,}, or a JPEG.")
    if max(width, height) > limits.image_aspect_ratio * min(width, height):
        limit = f"{limits.image_aspect_ratio:g}:1"
        raise BadImageAspectRatio(f"The image is {width} x {height} px; its sides may differ by {limit} at most.")


def _orientation(image: ImageFile.ImageFile) -> int:
    """The EXIF orientation; metadata that can't be read say nothing of it."""
    exif = Image.Exif()
    try:
        # Not image.getexif(), which decodes a PNG to look for metadata behind its pixels.
        exif.load(image.info.get("exif", b""))
        orientation = exif.get(Base.Orientation, 1)
    except BROKEN:
        return 1
    return orientation if isinstance(orientation, int) else 1


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):
        # Pillow clips 16-bit grey to 255 instead of scaling it.
        return Image.fromarray((np.asarray(image).clip(0, 65535) >> 8).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(rgba, mask=rgba.getchannel("A"))
    return white
