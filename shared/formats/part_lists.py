"""Texts that list the pictures of each part of a data set by their names without suffix, as in VOC and KITTI."""

from posixpath import basename, splitext

from shared.formats.dataset import LabelledSet
from shared.formats.source import Source

# A list of several parts together.
JOINT = "trainval"


def read(source: Source, folder: str) -> dict[str, str]:
    """Parts by the pictures' names. Lists of single tags, as VOC has beside, are of other lines."""
    found: dict[str, str] = {}
    pictures = {splitext(basename(name))[0] for name in source.pictures}
    for name in source.described(".txt"):
        part = splitext(basename(name))[0]
        if f"/{folder}" in f"/{name}" and part != JOINT:
            lines = {line.strip() for line in source.text(name).splitlines()}
            found.update(dict.fromkeys(lines & pictures, part))
    return found


def write(written: LabelledSet, folder: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for picture in written.pictures:
        if picture.split:
            name = f"{folder}{picture.split}.txt"
            files[name] = files.get(name, b"") + f"{splitext(picture.file)[0]}\n".encode()
    return files
