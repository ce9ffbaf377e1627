"""KITTI: label_2/ has a text for each picture in image_2/, with a box a line."""

from collections.abc import Iterator
from posixpath import basename, splitext

from shared.formats import part_lists, pixels
from shared.formats.dataset import Labelled, LabelledSet, Mark
from shared.formats.reading import Reading, split_in
from shared.formats.source import Source

LABELS, LISTS = "label_2/", "ImageSets/"
# After the tag: truncated, occluded, alpha, four of the box, three dimensions, three of a place, a rotation; a score.
NUMBERS = 14
NOWHERE = "DontCare"


def fits(source: Source) -> bool:
    return bool(_labels(source))


def _labels(source: Source) -> list[str]:
    return [name for name in source.described(".txt") if f"/{name}".rpartition("/")[0].endswith("/label_2")]


def read(source: Source) -> Reading:
    reading, parts = Reading(source), part_lists.read(source, LISTS)
    pictures = {splitext(name)[0]: name for name in source.pictures}
    for label in _labels(source):
        stem = splitext(basename(label))[0]
        picture = pictures.get(splitext(label)[0].replace(LABELS, "image_2/"))
        if not picture:
            reading.faults.append(f"{label}: no picture lies beside it in image_2")
        elif size := reading.size_of(picture, None, None):
            marks = tuple(_marks(reading, label, size))
            reading.add(Labelled(picture, (), marks, parts.get(stem) or split_in(picture), size))
    return reading


def _marks(reading: Reading, label: str, size: tuple[int, int]) -> Iterator[Mark]:
    for number, line in enumerate(reading.source.text(label).splitlines(), 1):
        if words := line.split():
            tag, values = _columns(words)
            if not tag:
                reading.faults.append(f"line {number} of {label}: '{line[:80]}' has no tag and {NUMBERS} numbers")
            elif tag == NOWHERE:
                reading.lose("areas that do not count")
            else:
                reading.lose("attributes", any(value not in (0, -1) for value in values[:2]))
                reading.lose("boxes in space", any(value > 0 for value in values[7:10]))
                yield from reading.box(tag, values[3:7], size)


def _columns(words: list[str]) -> tuple[str, list[float]]:
    """The tag, which may have blanks, and its numbers; "" where there are too few."""
    values: list[float] = []
    for word in reversed(words[1:]):
        try:
            values.insert(0, float(word))
        except ValueError:
            break
    if len(values) not in (NUMBERS, NUMBERS + 1):
        return "", []
    return " ".join(words[: len(words) - len(values)]), values


def places(picture: Labelled) -> list[str]:
    return [f"image_2/{picture.file}"]


def write(written: LabelledSet) -> dict[str, bytes]:
    files = {f"{LABELS}{splitext(picture.file)[0]}.txt": _lines(picture).encode() for picture in written.pictures}
    return files | part_lists.write(written, LISTS)


def _lines(picture: Labelled) -> str:
    """What is not known is -1, -10 or -1000, as the format has it."""
    boxes = ((mark.tag, *pixels.ltrb(mark, picture.size or (0, 0))) for mark in picture.marks)
    return "".join(
        f"{tag} -1 -1 -10 {left} {top} {right} {bottom} -1 -1 -1 -1000 -1000 -1000 -10\n"
        for tag, left, top, right, bottom in boxes
    )
