"""Texts that list the pictures of each part of a data set by their names without suffix, as in VOC and KITTI."""

import re
from posixpath import basename, splitext

from shared.formats.dataset import LabelledSet
from shared.formats.source import Source

# A list of several parts together.
JOINT = "trainval"
# VOC has lists of single tags beside: whether each picture shows it.
OF_ONE_TAG = re.compile(r"\s-?[01]$")


def read(source: Source, folder: str) -> dict[str, str]:
    """Parts by the pictures' names."""
    found: dict[str, str] = {}
    for name in source.described(".txt"):
        part = splitext(basename(name))[0]
        if f"/{folder}" in f"/{name}" and part != JOINT:
            lines = [line.strip() for line in source.text(name).splitlines() if line.strip()]
            if not any(OF_ONE_TAG.search(line) for line in lines):
                found.update(dict.fromkeys(lines, part))
    return found


def write(written: LabelledSet, folder: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for picture in written.pictures:
        if picture.split:
            name = f"{folder}{picture.split}.txt"
            files[name] = files.get(name, b"") + f"{splitext(picture.file)[0]}\n".encode()
    return files
