"""Names of the files of an export: those that the images had, made safe for every system, and unique."""

import re
from collections import Counter
from collections.abc import Sequence
from posixpath import splitext

from azure.cognitiveservices.vision.customvision.training.models import Image

from shared.formats.dataset import SUFFIXES

# Controls, and what Windows has for other things.
UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
LENGTH = 120


def safe(name: str) -> str:
    """One part of a path, whatever it was; "" where nothing is left of it."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = UNFIT.sub("_", last).strip(". ")[:LENGTH].strip(". ")
    return f"_{kept}" if RESERVED.fullmatch(splitext(kept)[0]) else kept


def named(images: Sequence[Image], key: str) -> dict[str, str]:
    """Names by the images' ids, from their metadata of that key. Those that would be alike in stem have their id, too.

    A name without the suffix of a picture has none here.
    """
    stems = {image.id: _stem(image, key) for image in images}
    counts = Counter(stem.casefold() for stem, _ in stems.values())
    return {
        id: (f"{stem}-{id}" if counts[stem.casefold()] > 1 and stem != id else stem) + suffix
        for id, (stem, suffix) in stems.items()
    }


def _stem(image: Image, key: str) -> tuple[str, str]:
    name = safe((image.metadata or {}).get(key, ""))
    stem, suffix = splitext(name)
    if suffix.lower() not in SUFFIXES:
        stem, suffix = name, ""
    return stem or image.id, suffix


def suffix_of(data: bytes) -> str:
    """Of a picture by how it begins."""
    begins = {b"\x89PNG": ".png", b"GIF8": ".gif", b"BM": ".bmp"}
    return next((suffix for start, suffix in begins.items() if data.startswith(start)), ".jpg")
