"""GIF: the first frame, with its own transparency; comments and programs' extensions are passed over."""

import re
from collections.abc import Iterator
from io import BytesIO

from PIL.GifImagePlugin import GifImageFile

from shared.imaging.formats.bounds import turns

HEADER, CONTROL = 13, 4
BLOCK = re.compile(b"[!,;]")
# In extensions, before the first frame; 25 MB of full ones.
BLOCKS = 100_000


class Gif(GifImageFile):
    orientation = 1
    load_bytes = 0

    def __init__(self, data: bytes) -> None:
        super().__init__(BytesIO(_first_frame(data)))


def _first_frame(data: bytes) -> bytes:
    """The file from the first frame on, after its header and the last extension that says how to show that frame."""
    if len(data) < HEADER:
        return data
    flags = data[HEADER - 3]
    at = start = HEADER + (3 << (flags & 7) + 1 if flags & 128 else 0)
    control, blocks = b"", turns(BLOCKS, "GIF", "blocks before its first frame")
    while (found := BLOCK.search(data, at)) and found.group() == b"!":
        next(blocks)
        block = found.start() + 2
        if data[block - 1 : block] == b"\xf9" and data[block : block + 1] >= bytes([CONTROL]):
            control = b"!\xf9\x04" + data[block + 1 : block + 1 + CONTROL] + b"\0"
        at = _after_blocks(data, block, blocks)
    frame = found.start() if found else len(data)
    return data if data[start:frame] == control else data[:start] + control + data[frame:]


def _after_blocks(data: bytes, at: int, blocks: Iterator[int]) -> int:
    while at < len(data) and data[at]:
        next(blocks)
        at += 1 + data[at]
    return at + 1
