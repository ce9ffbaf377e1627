"""VoTT's JSON: assets with their regions, in one export or in a file each."""

from collections.abc import Iterator
from hashlib import md5
from urllib.parse import unquote

import msgspec
from msgspec import Struct

from shared.formats import pixels
from shared.formats.dataset import Labelled, LabelledSet, Mark
from shared.formats.reading import Reading
from shared.formats.source import Source


class Size(Struct, frozen=True):
    width: float = 0
    height: float = 0


class Asset(Struct, frozen=True):
    name: str
    path: str = ""
    id: str = ""
    size: Size | None = None


class Box(Struct, frozen=True):
    left: float
    top: float
    width: float
    height: float


class Region(Struct, frozen=True, rename="camel"):
    tags: list[str] = []
    type: str = "RECTANGLE"
    bounding_box: Box | None = None


class Marked(Struct, frozen=True):
    asset: Asset
    regions: list[Region] = []


class Export(Struct, frozen=True):
    assets: dict[str, Marked]


def fits(source: Source) -> bool:
    return bool(list(_files(source)))


def _files(source: Source) -> Iterator[tuple[str, bool]]:
    """With whether all assets lie in it."""
    for name in source.described(".json"):
        keys = source.keys(name)
        if {"assets", "tags"} <= keys or {"asset", "regions"} <= keys:
            yield name, "assets" in keys


def read(source: Source) -> Reading:
    reading = Reading(source)
    for name, whole in _files(source):
        for marked in source.json(name, Export).assets.values() if whole else [source.json(name, Marked)]:
            _read_asset(reading, name, marked)
    return reading


def _read_asset(reading: Reading, name: str, marked: Marked) -> None:
    asset = marked.asset
    if "#t=" in f"{asset.name}{asset.path}":
        reading.lose("frames of videos")
        return
    reference = asset.path if reading.source.find(asset.path) else unquote(asset.name)
    if found := reading.find(reference, name):
        said = asset.size or Size()
        size = reading.size_of(found, said.width, said.height)
        if size:
            marks = tuple(mark for region in marked.regions for mark in _marks(reading, region, size))
            reading.add(Labelled(found, (), marks, "", size))


def _marks(reading: Reading, region: Region, size: tuple[int, int]) -> Iterator[Mark]:
    box = region.bounding_box
    if box is None:
        reading.lose("regions without a box")
        return
    reading.lose("polygons, whose boxes are kept", region.type.upper() not in ("RECTANGLE", "SQUARE"))
    for tag in region.tags:
        yield from reading.box(tag, (box.left, box.top, box.left + box.width, box.top + box.height), size)


def places(picture: Labelled) -> list[str]:
    return [picture.file]


def write(written: LabelledSet) -> dict[str, bytes]:
    assets = {}
    for picture in written.pictures:
        path = f"{written.prefix}{picture.file}"
        key = md5(path.encode(), usedforsecurity=False).hexdigest()
        width, height = size = picture.size or (0, 0)
        format = picture.file.rpartition(".")[2]
        about = {"id": key, "format": format, "name": picture.file, "path": path, "state": 2, "type": 1}
        about["size"] = {"width": width, "height": height}
        regions = [_region(f"{key}-{number}", mark, size) for number, mark in enumerate(picture.marks)]
        assets[key] = {"asset": about, "regions": regions, "version": "2.2.0"}
    named = [{"name": tag, "color": "#5db300"} for tag in written.tags]
    return {"vott-export.json": msgspec.json.encode({"name": "ocellus", "tags": named, "assets": assets})}


def _region(key: str, mark: Mark, size: tuple[int, int]) -> dict[str, object]:
    left, top, width, height = pixels.ltwh(mark, size)
    right, bottom = left + width, top + height
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return {
        "id": key,
        "type": "RECTANGLE",
        "tags": [mark.tag],
        "boundingBox": {"left": left, "top": top, "width": width, "height": height},
        "points": [{"x": x, "y": y} for x, y in corners],
    }
