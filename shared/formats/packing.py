"""A zip that is written in pieces, each by itself, as none of them knows how long those before it are."""

import zlib
from collections.abc import Iterable
from itertools import accumulate
from struct import pack

from msgspec import Struct

# Names are UTF-8; written at the first moment that a zip can tell, so that the same content makes the same bytes.
VERSION, LARGE_VERSION, UNIX, UTF8, DEFLATED, TIME, DATE = 20, 45, 3, 0x800, 8, 0, 0x21
READABLE = 0o100644 << 16
MOST_FILES, MOST_BYTES = 0xFFFF, 0xFFFFFFFF


class Entry(Struct, frozen=True):
    """A file as the directory tells of it: `length` is what it takes in the zip, `size` its own, in bytes."""

    name: str
    crc: int
    length: int
    size: int
    deflated: bool

    @property
    def header(self) -> bytes:
        """What comes before the file itself."""
        name, method = self.name.encode(), DEFLATED * self.deflated
        sizes = self.crc, self.length, self.size, len(name)
        return pack("<4s5H3L2H", b"PK\x03\x04", VERSION, UTF8, method, TIME, DATE, *sizes, 0) + name

    @property
    def taken(self) -> int:
        """In the zip, its header among it."""
        return len(self.header) + self.length

    def listed(self, offset: int) -> bytes:
        """Its line of the directory."""
        name, method, far = self.name.encode(), DEFLATED * self.deflated, offset >= MOST_BYTES
        more = pack("<2HQ", 1, 8, offset) if far else b""
        versions = (LARGE_VERSION, UNIX, LARGE_VERSION) if far else (VERSION, UNIX, VERSION)
        begin = pack("<4s2B5H", b"PK\x01\x02", *versions, UTF8, method, TIME, DATE)
        sizes = self.crc, self.length, self.size, len(name), len(more)
        return begin + pack("<3L5H2L", *sizes, 0, 0, 0, READABLE, min(offset, MOST_BYTES)) + name + more


def packed(name: str, data: bytes, *, deflate: bool = False) -> tuple[Entry, bytes]:
    """A file as it stands in a zip; pictures are not worth deflating."""
    held = _deflated(data) if deflate else data
    entry = Entry(name, zlib.crc32(data), len(held), len(data), deflate)
    return entry, entry.header + held


def directory(entries: Iterable[Entry]) -> bytes:
    """What comes behind all files, in the order in which they lie."""
    known = list(entries)
    offsets = list(accumulate((entry.taken for entry in known), initial=0))
    lines = b"".join(entry.listed(offset) for entry, offset in zip(known, offsets, strict=False))
    count, start = len(known), offsets[-1]
    most = min(count, MOST_FILES)
    end = pack("<4s4H2LH", b"PK\x05\x06", 0, 0, most, most, len(lines), min(start, MOST_BYTES), 0)
    if count < MOST_FILES and start < MOST_BYTES:
        return lines + end
    large = pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, LARGE_VERSION, LARGE_VERSION, 0, 0, count, count, len(lines), start)
    return lines + large + pack("<4sLQL", b"PK\x06\x07", 0, start + len(lines), 1) + end


def _deflated(data: bytes) -> bytes:
    bare = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return bare.compress(data) + bare.flush()
