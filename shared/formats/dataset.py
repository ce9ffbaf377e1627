"""What a data set holds: pictures with one tag each, or pictures with boxes."""

from pathlib import Path
from typing import NamedTuple

from shared.models.wire import Wire

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif")
# Pictures that data sets hold as well, and that the service refuses by name.
FOREIGN = (".tif", ".tiff", ".webp")
# What a model says of the pictures, beside what people say of them.
PREDICTED_BOXES, PREDICTED_TAGS = "predictions.json", "predictions.csv"


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


class Labelled(NamedTuple):
    """A picture of any data set: its file, the tags of all of it, its boxes, and the part of the set that it is in.

    `split` is "" where the set has no parts, `size` (width, height in pixels) None where it does not say.
    """

    file: str
    tags: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    split: str = ""
    size: tuple[int, int] | None = None

    @property
    def said(self) -> list[str]:
        """All its tags, those of boxes among them."""
        return list(dict.fromkeys([*self.tags, *(mark.tag for mark in self.marks)]))


class LabelledSet(NamedTuple):
    """A data set to write: all its tags, in the order of their numbers, and what comes before the path of a picture."""

    pictures: list[Labelled]
    tags: list[str]
    prefix: str = ""


class BoxedDataset(NamedTuple):
    """The pictures to train on, and those that training never sees."""

    train: list[BoxedPicture]
    test: list[BoxedPicture]
