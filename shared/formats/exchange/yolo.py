"""YOLO, from v5 to v26: a data.yaml, and labels/ with a text of boxes for each picture in images/."""

import re
from collections.abc import Iterator
from itertools import islice
from posixpath import basename, dirname, join, splitext

import msgspec
from msgspec import Struct

from shared.formats.dataset import DatasetError, Labelled, LabelledSet, Mark
from shared.formats.reading import Reading, split_in
from shared.formats.source import Source

# What names the tags in lines: of Label Studio, of darknet, of Roboflow for darknet.
NAMES = ("classes.txt", "obj.names", "_darknet.labels")
# With a score, as predictions have it.
SCORED = 6
ROTATED = 9
BOX = re.compile(r"\s*\d+(\s+[\d.]+){4}")
# Some pictures have no boxes; a line has so many bytes.
LOOKED_AT, LINE = 100, 200
LAST_IMAGES = re.compile(r"(.*(?:^|/))images(/.*)")
PARTS = ("train", "val", "test")


Name = str | int | float | bool


class Described(Struct, frozen=True):
    """A data.yaml. Its parts are folders, or texts that list pictures."""

    names: dict[int, Name] | list[Name]
    train: str | list[str] | None = None
    val: str | list[str] | None = None
    test: str | list[str] | None = None
    kpt_shape: list[int] | None = None


def fits(source: Source) -> bool:
    return bool(_yamls(source) or _lines_of_names(source))


def has_boxes(source: Source) -> bool:
    """Whether there are texts of boxes, the tags of which may lack their names."""
    labels = (label for picture in source.pictures if (label := _label_of(picture)) in source)
    return any(BOX.match(source.start(label, LINE)) for label in islice(labels, LOOKED_AT))


def _yamls(source: Source) -> list[str]:
    return [name for name in source.described(".yaml", ".yml") if re.search(r"^names\s*:", source.text(name), re.M)]


def _lines_of_names(source: Source) -> list[str]:
    return [name for name in source.described(*NAMES) if basename(name) in NAMES]


def read(source: Source) -> Reading:
    reading = Reading(source)
    described = _described(source)
    names = dict(_numbered(described.names))
    parts = list(_parts(reading, described))
    for picture in source.pictures:
        label = _label_of(picture)
        marks = _marks(reading, label, names, described.kpt_shape) if label in source else ()
        reading.add(Labelled(picture, (), tuple(marks), _part_of(picture, parts)))
    return reading


def _numbered(names: dict[int, Name] | list[Name]) -> Iterator[tuple[int, str]]:
    """Raises DatasetError for a tag that is not as it was written: YAML reads `no` as false, and 2.50 as 2.5."""
    for number, name in names.items() if isinstance(names, dict) else enumerate(names):
        if isinstance(name, bool | float):
            raise DatasetError(f"YAML does not read tag {number} of `names` as text, but as {name}; put it in quotes.")
        yield number, str(name)


def _described(source: Source) -> Described:
    yamls, lines = _yamls(source), _lines_of_names(source)
    if len(yamls) > 1:
        raise DatasetError(f"several files name the tags: {', '.join(yamls)}. Give the one that is meant.")
    if yamls:
        return source.yaml(yamls[0], Described)
    if not lines:
        raise DatasetError(
            "its boxes have numbers for tags, and no data.yaml with `names` is there, and no classes.txt; write that "
            "one, with a tag a line in the order of their numbers."
        )
    return Described([line.strip() for line in source.text(lines[0]).splitlines() if line.strip()])


def _parts(reading: Reading, described: Described) -> Iterator[tuple[str, str]]:
    """What the path of a picture holds, or the picture that it is, and the name of its part."""
    for part in PARTS:
        given = getattr(described, part) or []
        for path in [given] if isinstance(given, str) else given:
            known = path.replace("\\", "/").lstrip("./")
            if not known.endswith(".txt"):
                yield f"/{known.rstrip('/')}/", part
            elif known in reading.source:
                lines = reading.source.text(known).split()
                yield from ((f"/{found}/", part) for line in lines if (found := reading.find(line, known)))


def _part_of(picture: str, parts: list[tuple[str, str]]) -> str:
    """As data.yaml has it, or else the folder below images/, or beside it."""
    named = next((part for path, part in parts if path in f"/{picture}/"), "")
    if named:
        return named
    within = LAST_IMAGES.fullmatch(picture)
    folder = dirname(within[2]).strip("/") if within else ""
    return folder or split_in(dirname(picture))


def _label_of(picture: str) -> str:
    """Its text: the last images/ of its path is labels/ there."""
    found = LAST_IMAGES.fullmatch(picture)
    return splitext(f"{found[1]}labels{found[2]}" if found else picture)[0] + ".txt"


def _marks(reading: Reading, label: str, names: dict[int, str], keypoints: object) -> Iterator[Mark]:
    for number, line in enumerate(reading.source.text(label).splitlines(), 1):
        if columns := line.split():
            try:
                yield from _mark(reading, columns, names, keypoints)
            except (ValueError, KeyError):
                reading.faults.append(f"line {number} of {label}: '{line[:80]}' is no box of a tag that is named")


def _mark(reading: Reading, columns: list[str], names: dict[int, str], keypoints: object) -> tuple[Mark, ...]:
    """Raises ValueError, KeyError."""
    tag, values = names[int(columns[0])], [float(value) for value in columns[1:]]
    if keypoints and len(columns) > SCORED:
        reading.lose("keypoints, whose boxes are kept")
    elif len(columns) > SCORED:
        reading.lose("rotated boxes, or polygons of four points" if len(columns) == ROTATED else "polygons")
        return ()
    reading.lose("scores, whose boxes are kept", len(columns) == SCORED)
    x, y, width, height = values[:4]
    return reading.box(tag, (x - width / 2, y - height / 2, x + width / 2, y + height / 2))


def places(picture: Labelled) -> list[str]:
    """Ultralytics trains on a part only."""
    return [f"images/{picture.split or PARTS[0]}/{picture.file}"]


def write(written: LabelledSet) -> dict[str, bytes]:
    numbers = {tag: number for number, tag in enumerate(written.tags)}
    folders = {picture.split or PARTS[0]: dirname(places(picture)[0]) for picture in written.pictures}
    first = folders.get(PARTS[0]) or next(iter(folders.values()), f"images/{PARTS[0]}")
    described = {"path": ".", "train": first, "val": first, **folders, "names": dict(enumerate(written.tags))}
    files = {"data.yaml": msgspec.yaml.encode(described)}
    for picture in written.pictures:
        lines = (" ".join(_columns(mark, numbers)) + "\n" for mark in picture.marks)
        label = join("labels", picture.split or PARTS[0], splitext(picture.file)[0] + ".txt")
        files[label] = "".join(lines).encode()
    return files


def _columns(mark: Mark, numbers: dict[str, int]) -> list[str]:
    middle = (mark.left + mark.width / 2, mark.top + mark.height / 2, mark.width, mark.height)
    return [str(numbers[mark.tag]), *(f"{value:.6f}" for value in middle)]
