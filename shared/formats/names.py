"""Names of the files of an export: those that the pictures had, made safe for every system, and unique."""

import re
from collections import Counter
from collections.abc import Mapping
from posixpath import splitext

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


def named(files: Mapping[str, str]) -> dict[str, str]:
    """Names by the pictures' ids, from those that their files had, or "". Those that would be alike in stem have their
    id, too.

    A name without the suffix of a picture has none here.
    """
    stems = {id: _stem(id, name) for id, name in files.items()}
    counts = Counter(stem.casefold() for stem, _ in stems.values())
    return {
        id: (f"{stem}-{id}" if counts[stem.casefold()] > 1 and stem != id else stem) + suffix
        for id, (stem, suffix) in stems.items()
    }


def whole(name: str, data: bytes) -> str:
    """The name of a picture's file, with the suffix that its bytes have where it has none."""
    return name if name.lower().endswith(SUFFIXES) else name + _suffix_of(data)


def _stem(id: str, file: str) -> tuple[str, str]:
    name = safe(file)
    stem, suffix = splitext(name)
    if suffix.lower() not in SUFFIXES:
        stem, suffix = name, ""
    return stem or id, suffix


def _suffix_of(data: bytes) -> str:
    begins = {b"\x89PNG": ".png", b"GIF8": ".gif", b"BM": ".bmp"}
    return next((suffix for start, suffix in begins.items() if data.startswith(start)), ".jpg")
