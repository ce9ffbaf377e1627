"""The demo's labelled pictures: one folder a tag, split into a part to train on and a part to test with."""

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

T = TypeVar("T")
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif")
# The service trains no tag on fewer.
MINIMUM = 5


class DemoError(Exception):
    """The demo can't go on; the message says why and what to do."""


class Picture(NamedTuple):
    """A picture's file and the tag that it should get."""

    tag: str
    path: Path


class Dataset(NamedTuple):
    """The pictures to train on, and those that training never sees."""

    train: list[Picture]
    test: list[Picture]


def read_folder(folder: Path) -> list[Picture]:
    """Its pictures, ordered by tag and name. Raises DemoError where there is no folder or nothing in it."""
    if not folder.is_dir():
        raise DemoError(f"there is no folder {folder}.")
    tags = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    pictures = [Picture(tag.name, path) for tag in tags for path in sorted(tag.iterdir()) if _is_picture(path)]
    if not pictures:
        raise DemoError(
            f"{folder} holds no pictures. Give a folder of one folder a tag, with jpg, png, bmp or gif files in each."
        )
    return pictures


def split(pictures: list[Picture], test: list[Picture] | None) -> Dataset:
    """With no pictures to test with, hold out a fifth of each tag. Raises DemoError on too few to train with."""
    tags = sorted({picture.tag for picture in pictures})
    if len(tags) < 2:
        raise DemoError(f"there is only one tag, {tags[0]}; a classifier needs two or more to tell apart.")
    dataset = Dataset(pictures, test) if test else Dataset(*held_out(pictures, lambda picture: picture.tag, least=1))
    if strangers := sorted({picture.tag for picture in dataset.test} - set(tags)):
        raise DemoError(f"the test pictures have tags that are not trained: {', '.join(strangers)}.")
    counts = {tag: sum(picture.tag == tag for picture in dataset.train) for tag in tags}
    if few := [f"{tag} ({count})" for tag, count in counts.items() if count < MINIMUM]:
        beside = "" if test else " beside those held out for the test"
        raise DemoError(f"each tag needs {MINIMUM} pictures or more{beside}; too few: {', '.join(few)}.")
    return dataset


def held_out(pictures: Sequence[T], group: Callable[[T], Hashable], least: int) -> tuple[list[T], list[T]]:
    """What is kept, and the last fifth of each group, `least` or more: shots of one burst stay on one side, where a
    random fifth would flatter.
    """
    kept, out = list[T](), list[T]()
    for name in dict.fromkeys(map(group, pictures)):
        own = [picture for picture in pictures if group(picture) == name]
        count = len(own) - max(least, len(own) // 5)
        kept += own[:count]
        out += own[count:]
    return kept, out


def _is_picture(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in SUFFIXES
