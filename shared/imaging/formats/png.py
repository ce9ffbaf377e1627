"""PNG: the chunks that the pixels need, the transparent colour at full depth, the orientation."""

import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from functools import reduce
from io import BytesIO

from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngImageFile

from shared.imaging.formats.bounds import turns
from shared.imaging.formats.exif import orientation

MAGIC = b"\x89PNG\r\n\x1a\n"
CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
NEEDED = re.compile(b"PLTE|tRNS|IDAT")
# By Pillow's layout of the samples: the channels of a transparent colour, the bits of it that count, Pillow's scale.
KEYS = {
    "1": (1, 1, 255),
    "L;2": (1, 3, 85),
    "L;4": (1, 15, 17),
    "L": (1, 255, 1),
    "I;16B": (1, 65535, 1),
    "RGB": (3, 255, 1),
    "RGB;16B": (3, 65535, 1),
}
PALETTE = 256
# Of 20 MB in chunks of 1 kB there are 20,000; programs write 8 kB and more.
CHUNKS = 50_000


class Png(PngImageFile):
    """All else in the file is passed over: text, profiles, further frames, whatever their state."""

    def __init__(self, data: bytes) -> None:
        self._deep_key: tuple[int, ...] = ()
        key, exif, pieces = b"", b"", list[list[int]]()
        for kind, start, end in _chunks(data):
            if kind in CRITICAL:
                _append(pieces, start, end)
            elif kind == b"tRNS" and _is_sound(data, start, end):
                key = data[start + 8 : end - 4]
            elif kind == b"eXIf" and _is_sound(data, start, end):
                exif = data[start + 8 : end - 4]
        self.orientation = orientation(exif) or 1
        whole = pieces == [[len(MAGIC), len(data)]]
        super().__init__(BytesIO(data if whole else MAGIC + b"".join(data[start:end] for start, end in pieces)))
        self._set_key(key)

    @property
    def load_bytes(self) -> int:
        """What loading takes beside the pixels: a second picture, and masks."""
        return 16 * self.width * self.height if self._deep_key else 0

    def _set_key(self, chunk: bytes) -> None:
        """By the PNG specification (11.3.1.1), the low bits of each sample count; a wrong length says nothing."""
        layout = self.tile[0].args if self.tile else None
        if self.mode == "P" and 0 < len(chunk) <= PALETTE:
            self.info["transparency"] = chunk
        elif isinstance(layout, str) and layout in KEYS and len(chunk) == 2 * KEYS[layout][0]:
            channels, bits, scale = KEYS[layout]
            key = tuple((sample & bits) * scale for sample in struct.unpack(f">{channels}H", chunk))
            if layout == "RGB;16B":
                self._deep_key = key
            else:
                self.info["transparency"] = key if channels > 1 else key[0]

    def load_end(self) -> None:
        """Of 16-bit colours Pillow keeps the high bytes. Read as if little-endian, the low ones come out as well."""
        source = self.fp
        super().load_end()
        if self._deep_key and source:
            source.seek(0)
            low = PngImageFile(source)
            low.tile = [low.tile[0]._replace(args="RGB;16L")]
            high_mask = _equal(self, [sample >> 8 for sample in self._deep_key])
            low_mask = _equal(low, [sample & 255 for sample in self._deep_key])
            self.putalpha(ImageChops.invert(ImageChops.darker(high_mask, low_mask)))


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of each. Where a damaged length leads astray, on with the next that the pixels need."""
    at, chunks = len(MAGIC), turns(CHUNKS, "PNG", "chunks")
    while at + 8 <= len(data):
        next(chunks)
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if kind in CRITICAL or _is_start(data, end):
            yield kind, at, end
            at = end if kind != b"IEND" else len(data)
        elif found := NEEDED.search(data, at + 16):
            at = found.start() - 4
        else:
            return


def _is_start(data: bytes, at: int) -> bool:
    return at == len(data) or (at + 8 <= len(data) and data[at + 4 : at + 8].isalpha())


def _is_sound(data: bytes, start: int, end: int) -> bool:
    checksum = zlib.crc32(memoryview(data)[start + 4 : end - 4])
    return data[end - 4 : end] == struct.pack(">I", checksum)


def _append(pieces: list[list[int]], start: int, end: int) -> None:
    if pieces and pieces[-1][1] == start:
        pieces[-1][1] = end
    else:
        pieces.append([start, end])


def _equal(image: Image.Image, colour: Sequence[int]) -> Image.Image:
    """255 where all channels have these values."""
    masks = (
        band.point([255 * (value == sample) for value in range(256)])
        for band, sample in zip(image.split(), colour, strict=True)
    )
    return reduce(ImageChops.darker, masks)
