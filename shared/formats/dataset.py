"""What a data set holds: pictures with one tag each, or pictures with boxes."""

from pathlib import Path
from typing import NamedTuple

from shared.models.wire import Wire

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif")


class DatasetError(Exception):
    """The data set can't be used; the message says why and what to do."""


class TaggedPicture(NamedTuple):
    """A picture's file and the tag that it should get."""

    tag: str
    path: Path


class Mark(Wire, frozen=True):
    """A box on a picture and its tag, in fractions (0..1) of the upright picture."""

    tag: str
    left: float
    top: float
    width: float
    height: float


class BoxedPicture(NamedTuple):
    """A picture's file and what it shows; nothing of it where it is background."""

    path: Path
    marks: list[Mark]

    @property
    def tags(self) -> list[str]:
        return sorted(mark.tag for mark in self.marks)


class BoxedDataset(NamedTuple):
    """The pictures to train on, and those that training never sees."""

    train: list[BoxedPicture]
    test: list[BoxedPicture]
