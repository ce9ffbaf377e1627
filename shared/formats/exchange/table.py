"""CSV with a head, by commas, semicolons or tabs: a row for each tag or box of a picture, or a column for each tag."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from shared.formats import cells, pixels
from shared.formats.dataset import DatasetError, Labelled, LabelledSet, Mark
from shared.formats.reading import Reading, split_in
from shared.formats.source import Source

IMAGE = ("image", "filename", "file_name", "file", "path", "image_path", "image_name", "filepath", "img")
TAG = ("tag", "label", "class", "category", "class_name", "label_name")
TAGS = ("tags", "labels", "classes", "categories")
SPLIT = ("split", "subset", "set", "part")
BOX = ("xmin", "ymin", "xmax", "ymax")
WIDTH, HEIGHT = "width", "height"
HEAD = ("image", "tag", "split", WIDTH, HEIGHT, *BOX)
NO, YES = ("0", "0.0", "", "false"), ("1", "1.0", "true")
# Where one cell has several tags; and what parts cells.
BETWEEN, BETWEEN_CELLS = "|;,", ",;\t"

Row = Mapping[str, str]
# One for each tag, and some.
MOST_COLUMNS = 5_000


def fits(source: Source) -> bool:
    return any(_between(source, name) for name in source.described(".csv"))


def _between(source: Source, name: str) -> str:
    """What parts the cells of a table of pictures; "" of another one."""
    return next((each for each in BETWEEN_CELLS if _column(cells.head(source, name, each), IMAGE)), "")


def _column(head: Sequence[str], names: Sequence[str]) -> str:
    """The first column of one of these names."""
    return next((column for column in head if column.strip().lower() in names), "")


def read(source: Source) -> Reading:
    reading = Reading(source)
    for name in source.described(".csv"):
        if between := _between(source, name):
            _read_file(reading, name, between)
    return reading


def _read_file(reading: Reading, name: str, between: str) -> None:
    rows = cells.rows(reading.source, name, between)
    _, head = next(rows)
    image, split, box = _column(head, IMAGE), _column(head, SPLIT), [_column(head, (side,)) for side in BOX]
    if len(head) > MOST_COLUMNS:
        raise DatasetError(f"{name} has {len(head):,} columns; {MOST_COLUMNS:,} are the most.")
    missing: set[str] = set()
    for _, given in rows:
        row = dict(zip_longest(head, given[: len(head)], fillvalue=""))
        if given and row[image] not in missing:
            if found := reading.find(row[image], name):
                part = row[split] if split else split_in(name)
                reading.add(_labelled(reading, found, row, head, box)._replace(split=part))
            else:
                missing.add(row[image])


def _labelled(reading: Reading, found: str, row: Row, head: Sequence[str], box: Sequence[str]) -> Labelled:
    tags = tuple(_tags(row, head))
    if not all(box) or not any(row[side] for side in box):
        return Labelled(found, tags)
    size = reading.size_of(found, _whole(row, head, WIDTH), _whole(row, head, HEIGHT))
    corners = [cells.number(row[side]) for side in box]
    marks: list[Mark] = [mark for tag in tags for mark in reading.box(tag, corners, size or (0, 0))]
    return Labelled(found, (), tuple(marks), "", size)


def _tags(row: Row, head: Sequence[str]) -> Iterator[str]:
    if tag := _column(head, TAG):
        yield from filter(None, [row[tag].strip()])
    elif tags := _column(head, TAGS):
        cell = row[tags].strip("[] ")
        between = next((letter for letter in BETWEEN if letter in cell), "|")
        yield from filter(None, (each.strip(" '\"") for each in cell.split(between)))
    else:
        others = {column: row[column] for column in head if column.strip().lower() not in (*IMAGE, *SPLIT)}
        if all((value or "").strip().lower() in (*NO, *YES) for value in others.values()):
            yield from (column.strip() for column, value in others.items() if value.strip().lower() in YES)


def _whole(row: Row, head: Sequence[str], name: str) -> int | None:
    return cells.whole(row.get(_column(head, (name,))))


def places(picture: Labelled) -> list[str]:
    return [f"images/{picture.file}"]


def write(written: LabelledSet) -> dict[str, bytes]:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    for picture in written.pictures:
        writer.writerows(_rows(picture, f"{written.prefix}images/{picture.file}"))
    return {"labels.csv": out.getvalue().encode()}


def _rows(picture: Labelled, address: str) -> Iterator[list[object]]:
    size = picture.size or (0, 0)
    for mark in picture.marks:
        yield [address, mark.tag, picture.split, *size, *pixels.ltrb(mark, size)]
    if not picture.marks:
        for tag in picture.tags or ("",):
            yield [address, tag, picture.split, *size, "", "", "", ""]
