"""Manifests of SageMaker Ground Truth and Rekognition: JSON lines, an address and what is said of it in each."""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from posixpath import basename, splitext

import msgspec
from msgspec import Struct

from shared.formats import pixels
from shared.formats.dataset import Labelled, LabelledSet, Mark
from shared.formats.reading import Reading, split_in
from shared.formats.source import Source

SUFFIXES = (".manifest", ".jsonl", ".json")
ADDRESS = "source-ref"
NO_ADDRESS = b'""'
METADATA = "-metadata"
SAID = "labels"
NO_PART = "dataset"
WHEN = "2000-01-01T00:00:00"


class About(Struct, frozen=True, rename="kebab"):
    """What is said of an attribute of a picture: of what kind it is, and what its numbers mean."""

    type: str = ""
    class_name: str = ""
    class_map: dict[str, str] = {}


class Box(Struct, frozen=True):
    class_id: int
    left: float
    top: float
    width: float
    height: float


class Size(Struct, frozen=True):
    width: int = 0
    height: int = 0


class Boxes(Struct, frozen=True):
    image_size: list[Size]
    annotations: list[Box] = []


def fits(source: Source) -> bool:
    return bool(list(_files(source)))


def _files(source: Source) -> Iterator[str]:
    return (name for name in source.described(*SUFFIXES) if ADDRESS in source.keys(name))


def read(source: Source) -> Reading:
    reading = Reading(source)
    for name in _files(source):
        part = splitext(basename(name))[0]
        for line in source.lines(name, dict[str, msgspec.Raw]):
            try:
                address = msgspec.json.decode(line.get(ADDRESS, NO_ADDRESS), type=str)
                if found := reading.find(address, name):
                    split = part if name.endswith(".manifest") and part != NO_PART else split_in(name)
                    reading.add(_labelled(reading, found, line)._replace(split=split))
            except msgspec.DecodeError as fault:
                reading.faults.append(f"a line of {name}: {fault}")
    return reading


def _labelled(reading: Reading, found: str, line: dict[str, msgspec.Raw]) -> Labelled:
    tags: list[str] = []
    marks: list[Mark] = []
    size = None
    for key, said in line.items():
        if f"{key}{METADATA}" not in line:
            continue
        about = msgspec.json.decode(line[f"{key}{METADATA}"], type=About)
        match about.type:
            case "groundtruth/object-detection":
                boxes = msgspec.json.decode(said, type=Boxes)
                sides = boxes.image_size[0] if boxes.image_size else Size()
                size = reading.size_of(found, sides.width, sides.height)
                marks += _marks(reading, boxes, about, size or (0, 0))
            case "groundtruth/image-classification":
                tags.append(about.class_name)
            case "groundtruth/image-classification-multilabel":
                numbers = msgspec.json.decode(said, type=list[int])
                tags += [about.class_map[str(number)] for number in numbers if str(number) in about.class_map]
            case other:
                reading.lose(f"labels of the type {other or 'that is not named'}")
    return Labelled(found, tuple(tags), tuple(marks), "", size)


def _marks(reading: Reading, boxes: Boxes, about: About, size: tuple[int, int]) -> Iterator[Mark]:
    for box in boxes.annotations:
        corners = (box.left, box.top, box.left + box.width, box.top + box.height)
        yield from reading.box(about.class_map.get(str(box.class_id), ""), corners, size)


def places(picture: Labelled) -> list[str]:
    return [f"images/{picture.file}"]


def write(written: LabelledSet) -> dict[str, bytes]:
    numbers = {tag: number for number, tag in enumerate(written.tags)}
    boxed = any(picture.marks for picture in written.pictures)
    parts = groupby(sorted(written.pictures, key=attrgetter("split")), attrgetter("split"))
    return {
        f"{part or NO_PART}.manifest": b"".join(_line(each, numbers, written.prefix, boxed=boxed) for each in of_part)
        for part, of_part in parts
    }


def _line(picture: Labelled, numbers: dict[str, int], prefix: str, *, boxed: bool) -> bytes:
    said, kind = _boxes(picture, numbers) if boxed else _tags(picture, numbers)
    about = {
        "type": f"groundtruth/{kind}",
        "class-map": {str(numbers[tag]): tag for tag in picture.said},
        "human-annotated": "yes",
        "creation-date": WHEN,
        "job-name": "ocellus",
    }
    sure = [{"confidence": 1}] * len(picture.marks) if boxed else {str(numbers[tag]): 1 for tag in picture.tags}
    said_of = about | {"objects" if boxed else "confidence-map": sure}
    line = {ADDRESS: f"{prefix}images/{picture.file}", SAID: said, SAID + METADATA: said_of}
    return msgspec.json.encode(line) + b"\n"


def _boxes(picture: Labelled, numbers: dict[str, int]) -> tuple[object, str]:
    width, height = size = picture.size or (0, 0)
    boxes = [Box(numbers[mark.tag], *pixels.ltwh(mark, size)) for mark in picture.marks]
    return {"image_size": [{"width": width, "height": height, "depth": 3}], "annotations": boxes}, "object-detection"


def _tags(picture: Labelled, numbers: dict[str, int]) -> tuple[object, str]:
    return [numbers[tag] for tag in picture.tags], "image-classification-multilabel"
