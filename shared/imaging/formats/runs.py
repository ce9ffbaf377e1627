"""The runs of pixels in a compressed BMP (RLE8 and RLE4)."""

from shared.imaging.formats.bounds import turns

# Of the codes after a count of 0; 1 ends the picture, and greater ones count pixels that follow as they are.
END_OF_LINE, JUMP = 0, 2
# As many as a full HD picture has pixels, for programs that write a run for each.
CODES = 2_073_600
# The two pixels of each byte.
PAIRS = [bytes(divmod(byte, 16)) for byte in range(256)]


def unpacked(data: bytes, at: int, width: int, height: int, bits: int) -> bytearray:
    """A byte a pixel, row by row as in the file; those left out are 0.

    Raises IndexError where data are missing, BadImageFormat where there are too many runs.
    """
    pixels, x, y = bytearray(width * height), 0, 0
    codes = turns(CODES, "BMP", "runs of pixels")
    while y * width + x < len(pixels):
        next(codes)
        count, code = data[at], data[at + 1]
        at += 2
        if count or code > JUMP:
            run, stored = (_repeated(code, count, bits), 0) if count else _literal(data, at, code, bits)
            at += stored
            room = run[: width - x]
            pixels[y * width + x : y * width + x + len(room)] = room
            x += len(room)
        elif code == END_OF_LINE:
            x, y = 0, y + 1
        elif code == JUMP:
            x, y = min(width, x + data[at]), y + data[at + 1]
            at += 2
        else:
            break
    return pixels


def _repeated(code: int, count: int, bits: int) -> bytes:
    return bytes([code]) * count if bits == 8 else (PAIRS[code] * (count // 2 + 1))[:count]


def _literal(data: bytes, at: int, count: int, bits: int) -> tuple[bytes, int]:
    """Pixels as they are, and their bytes in the file, which are even."""
    size = (count * bits + 7) // 8
    stored = data[at : at + size]
    if len(stored) < size:
        raise IndexError("pixels are missing")
    return (stored if bits == 8 else b"".join(PAIRS[byte] for byte in stored)[:count]), size + size % 2
