"""The files of a folder or a zip, by their names within it: nothing of what lies elsewhere."""

import os
import stat
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from shared.formats.dataset import FOREIGN, SUFFIXES, DatasetError

PICTURES = (*SUFFIXES, *FOREIGN)


class Stored(NamedTuple):
    """A file's size in bytes, and what opens it."""

    size: int
    open: Callable[[], BinaryIO]


def listed(folder: Path) -> tuple[dict[str, Stored], int]:
    """All files of the folder; links to what lies outside are left out, as a stranger may have made them.

    Raises DatasetError where a folder in it can't be read.
    """
    root, files, left_out = folder.resolve(), {}, 0
    for place, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        left_out += sum((Path(place) / name).is_symlink() for name in folders)
        for path in (Path(place) / name for name in names if not name.startswith(".")):
            if path.is_symlink() and not _leads_within(path, root):
                left_out += 1
            elif path.is_file():
                files[readable(path.relative_to(folder).as_posix())] = Stored(path.stat().st_size, _opener(path))
    return files, left_out


def readable(name: str) -> str:
    """As it is, where it is UTF-8; or else as the systems of old had it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("latin-1")
    return name


def _refuse(fault: OSError) -> None:
    raise DatasetError(f"{fault.filename} can't be read: {fault.strerror}.") from fault


def _leads_within(link: Path, root: Path) -> bool:
    try:
        return link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        # In a circle.
        return False


def _opener(path: Path) -> Callable[[], BinaryIO]:
    return lambda: path.open("rb")


def zipped(archive: zipfile.ZipFile) -> tuple[dict[str, Stored], int]:
    """All its files; links, and what lies outside of it, are left out."""

    def opener(info: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
        return lambda: archive.open(info)  # type: ignore[return-value]  # IO[bytes]

    found = entries(archive)
    kept = [info for info in found if not stat.S_ISLNK(info.external_attr >> 16) and _lies_within(info.filename)]
    return {info.filename: Stored(info.file_size, opener(info)) for info in kept}, len(found) - len(kept)


def entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """But for folders, and for what systems put there for themselves."""
    hidden = (".", "__MACOSX")
    return [
        info
        for info in archive.infolist()
        if not info.is_dir() and not any(part.startswith(hidden) and part != ".." for part in info.filename.split("/"))
    ]


def holder(data: bytes) -> Callable[[], BinaryIO]:
    return lambda: BytesIO(data)


def is_picture(name: str) -> bool:
    return name.lower().endswith(PICTURES)


def _lies_within(name: str) -> bool:
    return not name.startswith("/") and ".." not in name.split("/")
