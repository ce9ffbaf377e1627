"""Vertex AI's AutoML: CSV without a head, and JSON lines; boxes in fractions of the picture."""

import csv
import io
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from shared.formats import cells
from shared.formats.dataset import Labelled, LabelledSet, Mark
from shared.formats.reading import Reading
from shared.formats.source import Source

USES = {"train": "training", "training": "training", "val": "validation", "valid": "validation"}
USES |= {"validation": "validation", "test": "test", "testing": "test"}
SPLITS = {"train": "train", "training": "train", "validation": "val", "test": "test"}
UNASSIGNED = "unassigned"
ML_USE = "aiplatform.googleapis.com/ml_use"
ADDRESS = "imageGcsUri"
# A row of a box ends with its corners, of which the second and the fourth may be empty.
CORNERS = 8


class Named(Struct, frozen=True, rename="camel"):
    display_name: str


class Box(Named, frozen=True):
    x_min: float = 0
    y_min: float = 0
    x_max: float = 0
    y_max: float = 0


class Line(Struct, frozen=True, rename="camel", omit_defaults=True):
    image_gcs_uri: str
    classification_annotation: Named | None = None
    classification_annotations: list[Named] = []
    bounding_box_annotations: list[Box] = []
    data_item_resource_labels: dict[str, str] = {}


def fits_csv(source: Source) -> bool:
    return bool(list(_tables(source)))


def _tables(source: Source) -> Iterator[str]:
    for name in source.described(".csv"):
        first = cells.head(source, name)
        if first and (first[0].lower() in (*USES, UNASSIGNED) or first[0].startswith("gs://")):
            yield name


def read_csv(source: Source) -> Reading:
    reading = Reading(source)
    for name in _tables(source):
        for number, row in cells.rows(source, name):
            _read_row(reading, name, row, number)
    return reading


def _read_row(reading: Reading, name: str, row: list[str], number: int) -> None:
    use = row[0].lower() if row else ""
    split = SPLITS.get(USES.get(use, use), "")
    rest = row[1:] if use in (*USES, UNASSIGNED, "") else row
    if not rest:
        return
    found = reading.find(rest[0], name)
    if not found:
        return
    if len(rest) < CORNERS or not rest[2]:
        reading.add(Labelled(found, tuple(tag for tag in rest[1:] if tag), (), split))
        return
    try:
        corners = [float(value) for value in (rest[2], rest[3], rest[6], rest[7])]
    except ValueError:
        reading.faults.append(f"line {number} of {name}: its box is no four numbers")
        return
    reading.add(Labelled(found, (), reading.box(rest[1], corners), split))


def fits_lines(source: Source) -> bool:
    return bool(list(_files(source)))


def _files(source: Source) -> Iterator[str]:
    return (name for name in source.described(".jsonl") if ADDRESS in source.keys(name))


def read_lines(source: Source) -> Reading:
    reading = Reading(source)
    for name in _files(source):
        for line in source.lines(name, Line):
            if found := reading.find(line.image_gcs_uri, name):
                named = [line.classification_annotation, *line.classification_annotations]
                marks = [mark for box in line.bounding_box_annotations for mark in _marks(reading, box)]
                split = SPLITS.get(line.data_item_resource_labels.get(ML_USE, "").lower(), "")
                tags = tuple(each.display_name for each in named if each)
                reading.add(Labelled(found, tags, tuple(marks), split))
    return reading


def _marks(reading: Reading, box: Box) -> tuple[Mark, ...]:
    return reading.box(box.display_name, (box.x_min, box.y_min, box.x_max, box.y_max))


def places(picture: Labelled) -> list[str]:
    return [f"images/{picture.file}"]


def write_csv(written: LabelledSet) -> dict[str, bytes]:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for picture in written.pictures:
        start = [USES.get(picture.split, UNASSIGNED).upper(), f"{written.prefix}images/{picture.file}"]
        if not picture.marks:
            writer.writerow([*start, *picture.tags])
        for mark in picture.marks:
            left, top, right, bottom = _rounded(mark)
            writer.writerow([*start, mark.tag, left, top, "", "", right, bottom, "", ""])
    return {"import.csv": out.getvalue().encode()}


def write_lines(written: LabelledSet) -> dict[str, bytes]:
    lines = (_line(picture, written.prefix) for picture in written.pictures)
    return {"import.jsonl": b"".join(msgspec.json.encode(line) + b"\n" for line in lines)}


def _line(picture: Labelled, prefix: str) -> Line:
    use, named = USES.get(picture.split), [Named(tag) for tag in picture.tags if not picture.marks]
    alone = len(named) == 1
    return Line(
        f"{prefix}images/{picture.file}",
        named[0] if alone else None,
        [] if alone else named,
        [Box(mark.tag, *_rounded(mark)) for mark in picture.marks],
        {ML_USE: use} if use else {},
    )


def _rounded(mark: Mark) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    right, bottom = mark.left + mark.width, mark.top + mark.height
    return round(mark.left, 6), round(mark.top, 6), round(right, 6), round(bottom, 6)
