"""COCO: a JSON of images, annotations and categories for each part."""

import re
from collections.abc import Iterable
from posixpath import basename, dirname
from typing import TypeVar

import msgspec
from msgspec import Struct

from shared.formats import pixels
from shared.formats.dataset import DatasetError, Labelled, LabelledSet, Mark
from shared.formats.reading import Reading, split_in
from shared.formats.source import Source

# COCO's own files; what lies beside them repeats their boxes.
INSTANCES = re.compile(r"instances_(.+?)(\d{4})?\.json")
NO_PART = "default"

Id = TypeVar("Id", int, int | str)


class Attributes(Struct, frozen=True):
    """What CVAT adds."""

    rotation: float = 0


class Annotation(Struct, frozen=True):
    """`bbox` is left, top, width, height in pixels."""

    image_id: int | str
    category_id: int | None = None
    bbox: list[float] | None = None
    segmentation: msgspec.Raw = msgspec.Raw(b"[]")
    keypoints: list[float] = []
    iscrowd: int | bool = 0
    attributes: Attributes = Attributes()


class Picture(Struct, frozen=True):
    id: int | str
    file_name: str
    width: float | None = None
    height: float | None = None


class Category(Struct, frozen=True):
    id: int
    name: str


class File(Struct, frozen=True):
    images: list[Picture]
    annotations: list[Annotation]
    categories: list[Category] = []


def fits(source: Source) -> bool:
    return bool(_files(source))


def _files(source: Source) -> list[str]:
    found = [name for name in source.described(".json") if {"images", "annotations"} <= source.keys(name)]
    return [name for name in found if INSTANCES.fullmatch(basename(name))] or found


def read(source: Source) -> Reading:
    reading = Reading(source)
    for name in _files(source):
        _read_file(reading, name, source.json(name, File))
    return reading


def _read_file(reading: Reading, name: str, file: File) -> None:
    names = _of_one(name, "categories", ((category.id, category.name) for category in file.categories))
    _of_one(name, "images", ((picture.id, picture.file_name) for picture in file.images))
    annotations: dict[int | str, list[Annotation]] = {}
    for annotation in file.annotations:
        annotations.setdefault(annotation.image_id, []).append(annotation)
    for picture in file.images:
        if found := reading.find(picture.file_name, name):
            size = reading.size_of(found, picture.width, picture.height)
            if size:
                boxes = [_marks(reading, names, size, each) for each in annotations.get(picture.id, [])]
                split = _part(name, found)
                reading.add(Labelled(found, (), tuple(mark for marks in boxes for mark in marks), split, size))


def _of_one(file: str, listed: str, given: Iterable[tuple[Id, str]]) -> dict[Id, str]:
    """Names by their ids. Raises DatasetError where one id is of two names."""
    found: dict[Id, str] = {}
    for number, name in given:
        if found.setdefault(number, name) != name:
            raise DatasetError(
                f"{file} has the id {number} twice among its {listed}: {found[number]}, {name}. Give each its own."
            )
    return found


def _part(name: str, found: str) -> str:
    """As its file is called or, where all are called alike, its folder."""
    named = INSTANCES.fullmatch(basename(name))
    if named:
        return "" if named[1] == NO_PART else named[1]
    return split_in(name) or split_in(dirname(found))


def _marks(reading: Reading, names: dict[int, str], size: tuple[int, int], annotation: Annotation) -> tuple[Mark, ...]:
    if annotation.category_id is None or annotation.bbox is None or len(annotation.bbox) != 4:
        reading.lose("annotations without a box")
        return ()
    if annotation.iscrowd or annotation.attributes.rotation:
        reading.lose("crowds" if annotation.iscrowd else "rotated boxes")
        return ()
    if bytes(annotation.segmentation) not in (b"[]", b"null", b"[[]]"):
        reading.lose("masks, whose boxes are kept")
    if any(annotation.keypoints):
        reading.lose("keypoints, whose boxes are kept")
    left, top, width, height = annotation.bbox
    return reading.box(names.get(annotation.category_id, ""), (left, top, left + width, top + height), size)


def places(picture: Labelled) -> list[str]:
    return [f"images/{picture.file}"]


def write(written: LabelledSet) -> dict[str, bytes]:
    parts = sorted({picture.split for picture in written.pictures})
    return {f"annotations/instances_{part or NO_PART}.json": _file(written, part) for part in parts}


def image_ids(written: LabelledSet) -> dict[str, int]:
    """By file, the same in all parts."""
    return {picture.file: number for number, picture in enumerate(written.pictures, 1)}


def category_ids(written: LabelledSet) -> dict[str, int]:
    return {tag: number for number, tag in enumerate(written.tags, 1)}


def _file(written: LabelledSet, part: str) -> bytes:
    ids, categories = image_ids(written), category_ids(written)
    pictures = [(ids[picture.file], picture) for picture in written.pictures if picture.split == part]
    marked = [(number, picture, mark) for number, picture in pictures for mark in picture.marks]
    file = {
        "images": [_image(number, picture) for number, picture in pictures],
        "annotations": [
            _annotation(at, number, categories[mark.tag], pixels.ltwh(mark, picture.size or (0, 0)))
            for at, (number, picture, mark) in enumerate(marked, 1)
        ],
        "categories": [{"id": number, "name": tag, "supercategory": ""} for tag, number in categories.items()],
    }
    return msgspec.json.encode(file)


def _image(number: int, picture: Labelled) -> dict[str, object]:
    width, height = picture.size or (0, 0)
    return {"id": number, "file_name": picture.file, "width": width, "height": height}


def _annotation(number: int, image: int, category: int, box: tuple[float, ...]) -> dict[str, object]:
    area = round(box[2] * box[3], pixels.DIGITS)
    about = {"id": number, "image_id": image, "category_id": category, "bbox": box, "area": area}
    return about | {"iscrowd": 0, "segmentation": []}
