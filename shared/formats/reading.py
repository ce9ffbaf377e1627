"""What is read of a data set: its pictures, what of it is lost, and what of it can't be read."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from posixpath import dirname

from shared.formats.dataset import DatasetError, Labelled, Mark
from shared.formats.source import Source

# Words for the parts of a data set, in a path.
PART = re.compile(r"(?:^|[^a-z])(train|training|val|valid|validation|test|testing)(?=[^a-z]|$)", re.IGNORECASE)

# Of fractions: a hundredth of a pixel in the largest pictures.
DIGITS = 6
# A side of a picture, in pixels.
LONGEST = 1_000_000


# So much of a path tells which it is.
MOST_LETTERS = 300
# Of a set of so many faults none needs to know them all.
MOST_FAULTS = 100_000


class Faults(list[str]):
    """Raises DatasetError where there are too many."""

    def append(self, fault: str) -> None:
        if len(self) == MOST_FAULTS:
            raise DatasetError(f"over {MOST_FAULTS:,} of its pictures or lines can't be read; the first: {self[0]}.")
        super().append(fault)


@dataclass(slots=True)
class _Known:
    """A picture as far as it is known; tags and boxes in the order in which they came."""

    tags: dict[str, None]
    marks: dict[Mark, None]
    split: str = ""
    size: tuple[int, int] | None = None


class Reading:
    """Fills while a format is read. `lost` counts what can't be carried, by its name in the plural; `faults` say which
    pictures or lines are left out, and why."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.lost: Counter[str] = Counter()
        self.faults: list[str] = Faults()
        self._pictures: dict[str, _Known] = {}
        self._sizes: dict[str, tuple[int, int] | None] = {}

    @property
    def pictures(self) -> list[Labelled]:
        return [
            Labelled(file, tuple(known.tags), tuple(known.marks), known.split, known.size)
            for file, known in self._pictures.items()
        ]

    @property
    def tags(self) -> list[str]:
        return sorted({tag for picture in self.pictures for tag in picture.said})

    def find(self, reference: str, described: str) -> str | None:
        """The picture that a file which describes it means; where it is not there, it is named among the faults."""
        found = self.source.find(reference, dirname(described))
        if found is None:
            self.faults.append(f"{reference[:MOST_LETTERS].strip()}: no picture of that name is there, or several are")
        return found

    def add(self, picture: Labelled) -> None:
        """One that comes again has the tags and boxes of both."""
        self.source.require_time()
        known = self._pictures.setdefault(picture.file, _Known({}, {}))
        known.tags.update(dict.fromkeys(picture.tags))
        known.marks.update(dict.fromkeys(picture.marks))
        known.split, known.size = picture.split or known.split, picture.size or known.size

    def lose(self, what: str, count: int = 1) -> None:
        if count:
            self.lost[what] += count

    def box(self, tag: str, ltrb: Iterable[float], size: tuple[float, float] = (1, 1)) -> tuple[Mark, ...]:
        """A box by its left, top, right and bottom in units of which the picture has `size`; cut at its sides."""
        width, height = size
        left, top, right, bottom = ltrb
        if not (tag and width > 0 and height > 0 and all(map(math.isfinite, (left, top, right, bottom)))):
            self.lose("boxes without a tag, or of no numbers")
            return ()
        left, right = (_within(value / width) for value in (left, right))
        top, bottom = (_within(value / height) for value in (top, bottom))
        # The same box in two formats is one to the service, which takes what differs for another.
        mark = Mark(tag, *(round(value, DIGITS) for value in (left, top, right - left, bottom - top)))
        if mark.width <= 0 or mark.height <= 0 or mark.left >= 1 or mark.top >= 1:
            self.lose("boxes beside their picture, or empty")
            return ()
        return (mark,)

    def boxes(self, given: Iterable[Mark]) -> tuple[Mark, ...]:
        """Boxes as we have them, cut at the sides of their picture."""
        corners = ((each.tag, (each.left, each.top, each.left + each.width, each.top + each.height)) for each in given)
        return tuple(mark for tag, ltrb in corners for mark in self.box(tag, ltrb))

    def size_of(self, file: str, width: float | None, height: float | None) -> tuple[int, int] | None:
        """As it is said, or else as the picture has it; None, and a fault, where that can't be read."""
        if said := sides(width, height):
            return said
        if file not in self._sizes:
            self._sizes[file] = self._size_in(file)
        return self._sizes[file]

    def _size_in(self, file: str) -> tuple[int, int] | None:
        try:
            return self.source.size(file)
        except DatasetError as fault:
            self.faults.append(str(fault))
            return None


def sides(width: float | None, height: float | None) -> tuple[int, int] | None:
    """Of a picture, in pixels; None where they can't be."""
    said = [round(side) for side in (width, height) if side and 1 <= side <= LONGEST]
    return (said[0], said[1]) if len(said) == 2 else None


def split_in(path: str) -> str:
    """The part of the data set that a path speaks of: the last such word in it, or "" ."""
    found = PART.findall(path)
    return found[-1].lower() if found else ""


def _within(value: float) -> float:
    return min(max(value, 0.0), 1.0)
