"""BMP: Pillow reads plain colours. Palettes, runs and colour masks are read here, as it takes a few layouts of each."""

import struct
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile

from shared.errors import BadImageFormat
from shared.imaging.formats.runs import unpacked

if TYPE_CHECKING:
    from PIL._imaging import PixelAccess

FILE_HEADER, CORE_HEADER, OS2_HEADER, ALPHA_HEADER = 14, 12, 64, 56
HEADERS = {CORE_HEADER, 40, 52, ALPHA_HEADER, OS2_HEADER, 108, 124}
PLAIN, RLE8, RLE4, MASKS, ALPHA_MASKS = 0, 1, 2, 3, 6
# Bits a pixel, by compression.
DEPTHS = {PLAIN: {1, 2, 4, 8, 16, 24, 32}, RLE8: {8}, RLE4: {4}, MASKS: {16, 24, 32}, ALPHA_MASKS: {16, 24, 32}}
PALETTE_BITS, PALETTE = 8, 256
# Masks stand in the header from its second version on, at the place where they follow the first.
MASKS_START, MASKS_HEADER = 54, 52
# Of red, green, blue and alpha, where a file has zeros.
DEFAULT_MASKS = {
    16: (0x7C00, 0x3E0, 0x1F, 0),
    24: (0xFF0000, 0xFF00, 0xFF, 0),
    32: (0xFF0000, 0xFF00, 0xFF, 0xFF << 24),
}


class BmpHeader(NamedTuple):
    """What a BMP's header says. A negative height means rows from the top downwards."""

    header: int
    width: int
    height: int
    bits: int
    compression: int
    colours: int

    @property
    def has_palette(self) -> bool:
        return self.bits <= PALETTE_BITS

    @property
    def is_masked(self) -> bool:
        return self.compression in (MASKS, ALPHA_MASKS)


class Bmp(BmpImageFile):
    orientation = 1

    def __init__(self, data: bytes) -> None:
        self._data, self._layout = data, _layout(data)
        super().__init__(BytesIO(data))

    @property
    def load_bytes(self) -> int:
        """What loading takes beside the pixels: samples and channels, or the numbers of the colours."""
        return (16 if self._layout.is_masked else 3 if self._layout.has_palette else 0) * self.width * self.height

    def _bitmap(self, header: int = 0, offset: int = 0) -> None:
        layout = self._layout
        if layout.has_palette or layout.is_masked:
            self._size = layout.width, abs(layout.height)
            self._mode = "P" if layout.has_palette else "RGBA"
            self.tile = [ImageFile._Tile("bmp", (0, 0, *self._size), _start(layout, offset))]
        else:
            super()._bitmap(header, offset)

    def load(self) -> "PixelAccess | None":
        if self.tile and self.tile[0].codec_name == "bmp":
            at, self.tile = self.tile[0].offset, []
            read = _read_masked if self._layout.is_masked else _read_palette
            picture = read(self._data, at, self._layout)
            self.im, self._mode, self.palette = picture.im, picture.mode, picture.palette
        return super().load()


def _layout(data: bytes) -> BmpHeader:
    (header,) = struct.unpack_from("<I", data, FILE_HEADER)
    if header not in HEADERS:
        raise BadImageFormat(f"The BMP has a header of {header:,} bytes, which no version has; save it again as PNG.")
    if header == CORE_HEADER:
        width, height, bits = struct.unpack_from("<HH2xH", data, FILE_HEADER + 4)
        compression = colours = 0
    else:
        width, height, bits, compression, colours = struct.unpack_from("<ii2xHI12xI", data, FILE_HEADER + 4)
    # OS/2 has compressions of its own under the numbers of the masks.
    if bits not in DEPTHS.get(compression, ()) or (header == OS2_HEADER and compression in (MASKS, ALPHA_MASKS)):
        raise BadImageFormat(f"A BMP of {bits} bits a pixel in compression {compression} is not read; save it as PNG.")
    return BmpHeader(header, width, height, bits, compression, colours or 1 << bits)


def _start(layout: BmpHeader, offset: int) -> int:
    """Where the pixels begin: where the file says, unless that is where the header ends, before palette or masks."""
    end = FILE_HEADER + layout.header
    if offset > end:
        return offset
    if layout.has_palette:
        return end + _entry(layout) * layout.colours
    # The oldest header that masks may follow has none within.
    return end + (4 * (3 + (layout.compression == ALPHA_MASKS)) if layout.header < MASKS_HEADER else 0)


def _entry(layout: BmpHeader) -> int:
    return 3 if layout.header == CORE_HEADER else 4


def _rows(data: bytes, at: int, layout: BmpHeader) -> np.ndarray:
    """The bytes of each row, (H, bytes)."""
    stride, height = (layout.width * layout.bits + 31) // 32 * 4, abs(layout.height)
    return np.frombuffer(data, np.uint8, stride * height, at).reshape(height, stride)


def _upright(pixels: np.ndarray, layout: BmpHeader) -> np.ndarray:
    return np.ascontiguousarray(pixels if layout.height < 0 else pixels[::-1])


def _read_palette(data: bytes, at: int, layout: BmpHeader) -> Image.Image:
    size = layout.width, abs(layout.height)
    if layout.compression == PLAIN:
        shifts = np.arange(8 - layout.bits, -1, -layout.bits, dtype=np.uint8)
        pixels = _rows(data, at, layout)[:, :, None] >> shifts & np.uint8((1 << layout.bits) - 1)
        pixels = pixels.reshape(size[1], -1)[:, : size[0]]
    else:
        pixels = np.frombuffer(unpacked(data, at, *size, layout.bits), np.uint8).reshape(size[::-1])
    picture = Image.frombytes("P", size, _upright(pixels, layout).tobytes())
    start, entry = FILE_HEADER + layout.header, _entry(layout)
    colours = data[start : min(at, start + entry * min(layout.colours, PALETTE))]
    picture.putpalette(colours.ljust(entry * PALETTE, b"\0"), "BGR" if entry == 3 else "BGRX")
    return picture


def _read_masked(data: bytes, at: int, layout: BmpHeader) -> Image.Image:
    """Alpha that is 0 everywhere is none: a program left it out, though its header has a mask for it."""
    width, step = layout.width, layout.bits // 8
    rows = _rows(data, at, layout)[:, : width * step].reshape(-1, width, step)
    samples = np.zeros(rows.shape[:2], np.uint32)
    for i in range(step):
        samples |= rows[:, :, i].astype(np.uint32) << 8 * i
    channels = [_channel(samples, mask) for mask in _masks(data, layout)]
    if not channels[3].any():
        channels.pop()
    return Image.fromarray(_upright(np.stack(channels, axis=2), layout))


def _masks(data: bytes, layout: BmpHeader) -> tuple[int, ...]:
    """Of red, green, blue and alpha."""
    has_alpha = layout.header >= ALPHA_HEADER or layout.compression == ALPHA_MASKS
    masks = (*struct.unpack_from("<4I" if has_alpha else "<3I", data, MASKS_START), 0)[:4]
    return masks if any(masks) else DEFAULT_MASKS[layout.bits]


def _channel(samples: np.ndarray, mask: int) -> np.ndarray:
    """The bits of the mask as 0 to 255; of more than 8 the lowest are left out."""
    shift = max(mask.bit_length() - 8, (mask & -mask).bit_length() - 1, 0)
    most = max(1, mask >> shift)
    return (((samples & mask) >> shift) * 255 // most).astype(np.uint8)
