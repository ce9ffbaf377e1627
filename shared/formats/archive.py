"""Zips of strangers, read within bounds whatever their directories say; and where each file of one lies."""

import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

# What each file in the directory of a zip begins with, and each file itself.
ENTRY, FILE = b"PK\x01\x02", b"PK\x03\x04"
# Before a file lies its header: so much, then its name, then what else its packer had to say.
HEADER, NAME_LENGTH = 30, slice(26, 28)
EXTRA_LENGTH = slice(28, 30)
# What a packer may have to say, beside what it says in the directory.
MORE = 512
FAULTS = (BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, zlib.error, lzma.LZMAError)


class ArchiveError(Exception):
    """It can't be read; the message says why, to go on behind a colon."""


class PackedFile(NamedTuple):
    """Where a file lies in a zip, and as what: `size` is that of the file, `packed` what it takes there, in bytes."""

    offset: int
    named: int
    packed: int
    size: int
    crc: int
    deflated: bool


@contextmanager
def opened(file: BinaryIO, files: int) -> Iterator[ZipFile]:
    """Raises ArchiveError where it has more files, or where it or what is read within is damaged."""
    try:
        with zip_of(_Counted(file, files)) as archive:
            yield archive
    except FAULTS as fault:
        raise ArchiveError(f"it is no zip that can be read ({fault})") from fault


def zip_of(file: "Path | _Counted") -> ZipFile:
    """Its names are UTF-8 where all of them may be, and have `/`: not all packers say the one and keep to the other."""
    try:
        archive = ZipFile(file, metadata_encoding="utf-8")
    except UnicodeDecodeError:
        archive = ZipFile(file)
    for info in archive.infolist():
        info.filename = info.filename.replace("\\", "/").removeprefix("./")
    archive.NameToInfo = {info.filename: info for info in archive.infolist()}
    return archive


def contents(archive: ZipFile, entry: ZipInfo, limit: int) -> bytes:
    """Raises ArchiveError where it has more bytes, or is packed by what no bound holds for."""
    _require_readable(entry)
    with archive.open(entry) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ArchiveError(f"{entry.filename} has over {limit:,} bytes, which are the most")
    return data


def place(entry: ZipInfo) -> PackedFile:
    """Raises ArchiveError."""
    _require_readable(entry)
    named = len(entry.filename.encode()) + len(entry.extra)
    deflated = entry.compress_type == ZIP_DEFLATED
    return PackedFile(entry.header_offset, named, entry.compress_size, entry.file_size, entry.CRC, deflated)


def unpacked(read: Callable[[int, int], bytes], entry: PackedFile, limit: int) -> bytes:
    """The file, by what reads the zip's bytes from a place up to another. Raises ArchiveError."""
    if entry.size > limit or entry.packed > limit + MORE:
        raise ArchiveError(f"it has over {limit:,} bytes, which are the most")
    start = entry.offset + HEADER + entry.named
    data = read(entry.offset, start + MORE + entry.packed)
    lengths = (int.from_bytes(data[each], "little") for each in (NAME_LENGTH, EXTRA_LENGTH))
    begin = HEADER + sum(lengths)
    packed = data[begin : begin + entry.packed]
    if not data.startswith(FILE) or len(packed) < entry.packed:
        raise ArchiveError("it is no zip that can be read (a file is not where its directory has it)")
    try:
        whole = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, limit + 1) if entry.deflated else packed
    except zlib.error as fault:
        raise ArchiveError(f"it is no zip that can be read ({fault})") from fault
    if len(whole) != entry.size or zlib.crc32(whole) != entry.crc:
        raise ArchiveError("it is no zip that can be read (a file is damaged)")
    return whole


def _require_readable(entry: ZipInfo) -> None:
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise ArchiveError(f"{entry.filename} is packed in a way that is not read; zip it by deflate")
    if entry.flag_bits & 1:
        raise ArchiveError(f"{entry.filename} is encrypted; zip it without a password")


class _Counted:
    """A file of whose bytes no more than so many may say that they are a file of a zip: before they are taken apart,
    which takes some hundred bytes of memory for each."""

    def __init__(self, file: BinaryIO, files: int) -> None:
        self._file, self._files = file, files
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, count: int = -1) -> bytes:
        data = self._file.read(count)
        if data.count(ENTRY) > self._files:
            raise ArchiveError(f"it has over {self._files:,} files")
        return data


class Ranged(io.RawIOBase):
    """A file of some bytes as far as it is read, by what reads them from a place up to another."""

    def __init__(self, read: Callable[[int, int], bytes], size: int) -> None:
        self._read, self._size, self._at = read, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence] + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        end = min(self._at + len(buffer), self._size)
        data = self._read(self._at, end) if end > self._at else b""
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
