"""JPEG: the segments that the pixels need, the orientation, and files that lack their end marker alone."""

import re
import struct
import zlib
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from shared.imaging.formats.bounds import turns
from shared.imaging.formats.exif import PREFIX, orientation
from shared.imaging.memory import PIXEL_BYTES, STRIP

START, END = b"\xff\xd8", b"\xff\xd9"
# All but those that have no length and say nothing here: TEM, RST0 to RST7, SOI.
MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]", re.DOTALL)
START_OF_SCAN, APP1 = 0xDA, 0xE1
SEGMENTS = 10_000
# Frames, tables and scans; all others are metadata.
CRITICAL = {*range(0xC0, 0xD0), *range(0xDA, 0xE0)}

COEFFICIENT_BYTES = 2
COEFFICIENTS = frozenset(range(64))

# No 255, which begins a marker.
VARIED = bytes(i * 89 % 255 for i in range(1024))


def _filling(begin: bytes, restart: int) -> bytes:
    """What could stand where the file ends. It is long, as pixels beyond the picture's edges swallow some."""
    piece = begin * 64 + VARIED
    markers = (b"\xff" + bytes([0xD0 + (restart + i) % 8]) for i in range(16))
    return piece + b"".join(marker + piece for marker in markers)


# No two are alike. A decoder that has all of a scan passes over them, and the picture is the same with each. One that
# lacks data takes them for pixels, from the restart marker on that it expects: one that is four away is never taken for
# a later one.
FILLINGS = [b"", _filling(b"\x55", 0), _filling(b"\xaa", 4), _filling(b"\x6e", 0)]


class Jpeg(JpegImageFile):
    """Pillow reads the critical segments up to the first scan. The file itself goes to libjpeg, as in a browser."""

    def __init__(self, data: bytes) -> None:
        self._data, self._scan = data, len(data)
        header, oriented = bytearray(START), None
        for marker, start, end in _segments(data):
            if marker in CRITICAL:
                header += data[start:end]
            elif marker == APP1 and not oriented and data.startswith(PREFIX, start + 4):
                oriented = orientation(data[start + 4 : end])
            if marker == START_OF_SCAN:
                self._scan = start
                break
        self.orientation = oriented or 1
        super().__init__(BytesIO(header))
        self.fp = BytesIO(data)
        self._size_wh, self._channels = self.size, data[self._scan + 4]
        self._has_end = data.rfind(END, self._scan) >= 0

    @property
    def is_scalable(self) -> bool:
        """Whether it can be decoded at a fraction of its size, row by row: a single scan tells all of it."""
        return "progressive" not in self.info and self._channels >= self.layers

    @property
    def load_bytes(self) -> int:
        """What loading takes beside the pixels: all coefficients, unless it is scalable; the whole, to find the end."""
        pixels = self._size_wh[0] * self._size_wh[1]
        coefficients = 0 if self.is_scalable else COEFFICIENT_BYTES * self.layers * pixels
        return coefficients + (0 if self._has_end else PIXEL_BYTES * pixels)

    def count_passes(self) -> int:
        """Over the picture, while it is decoded. Reads the whole file."""
        scans = self._data.count(bytes([0xFF, START_OF_SCAN]), self._scan)
        return scans * (1 if self._has_end else 1 + len(FILLINGS))

    def load_prepare(self) -> None:
        if not self._has_end:
            if not (self._is_covered() and _is_complete(self._data)):
                raise OSError("scan data are missing")
            self.fp, self._has_end = BytesIO(self._data + END), True
        super().load_prepare()

    def _is_covered(self) -> bool:
        """Whether the scans tell each coefficient of each channel to its last bit."""
        told: dict[int, set[int]] = defaultdict(set)
        for marker, start, end in _segments(self._data):
            if marker == START_OF_SCAN and end < len(self._data):
                channels = self._data[start + 5 : end - 3 : 2]
                first, last, bits = self._data[end - 3 : end] if "progressive" in self.info else (0, 63, 0)
                for channel in channels if bits & 15 == 0 else b"":
                    told[channel].update(range(first, last + 1))
        return len(told) == self.layers and all(coefficients >= COEFFICIENTS for coefficients in told.values())


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each, from marker to marker as libjpeg goes, scans included."""
    at, segments = len(START), turns(SEGMENTS, "JPEG", "segments")
    while found := MARKER.search(data, at):
        start, at = found.span()
        marker = data[start + 1]
        if data.startswith(END, start):
            return
        next(segments)
        if at + 2 <= len(data):
            at += max(2, *struct.unpack_from(">H", data, at))
            yield marker, start, at


def _is_complete(data: bytes) -> bool:
    """Whether the last scan has all its data: nothing that follows changes a pixel then."""
    scans = data.rstrip(b"\xff")
    checksums = (_checksum(Jpeg(scans + filling + END)) for filling in FILLINGS)
    first = next(checksums)
    return all(checksum == first for checksum in checksums)


def _checksum(image: Image.Image) -> int:
    checksum, rows = 0, max(1, STRIP // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        checksum = zlib.crc32(strip.tobytes(), checksum)
    return checksum
