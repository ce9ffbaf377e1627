"""CVAT for images: one XML of all pictures, with their boxes and tags."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, tostring  # to write; defusedxml reads

from shared.formats import cells, pixels
from shared.formats.dataset import DatasetError, Labelled, LabelledSet, Mark
from shared.formats.reading import Reading
from shared.formats.source import Source

LOST = {
    "polygon": "polygons",
    "polyline": "polylines",
    "points": "keypoints",
    "mask": "masks",
    "ellipse": "ellipses",
    "cuboid": "cuboids",
    "skeleton": "skeletons",
}
SIDES = ("xtl", "ytl", "xbr", "ybr")


def fits(source: Source) -> bool:
    return bool(_files(source))


def _files(source: Source) -> list[str]:
    found = source.described(".xml")
    # A folder of as many XMLs as pictures is another format.
    return [name for name in found[:2] if source.root_tag(name) == "annotations"] and found


def read(source: Source) -> Reading:
    reading = Reading(source)
    for name in _files(source):
        root = source.xml(name)
        tracks = len(root.findall("track"))
        if tracks and root.find("image") is None:
            raise DatasetError(f"{name} has tracks of a video, and no pictures; export it as `CVAT for images`.")
        reading.lose("tracks of videos", tracks)
        for element in root.findall("image"):
            _read_picture(reading, name, element)
    return reading


def _read_picture(reading: Reading, name: str, element: Element) -> None:
    found = reading.find(element.get("name", ""), name)
    size = found and reading.size_of(found, cells.whole(element.get("width")), cells.whole(element.get("height")))
    if not found or not size:
        return
    for lost, what in LOST.items():
        reading.lose(what, len(element.findall(lost)))
    tags = tuple(tag.get("label", "") for tag in element.findall("tag") if tag.get("label"))
    marks = tuple(mark for box in element.findall("box") for mark in _marks(reading, box, size))
    reading.add(Labelled(found, tags, marks, element.get("subset", ""), size))


def _marks(reading: Reading, box: Element, size: tuple[int, int]) -> Iterator[Mark]:
    if cells.number(box.get("rotation", "0")):
        reading.lose("rotated boxes")
        return
    reading.lose("attributes", len(box.findall("attribute")) + (box.get("occluded") == "1"))
    yield from reading.box(box.get("label", ""), [cells.number(box.get(side, "nan")) for side in SIDES], size)


def places(picture: Labelled) -> list[str]:
    return [f"images/{picture.file}"]


def write(written: LabelledSet) -> dict[str, bytes]:
    root = Element("annotations")
    SubElement(root, "version").text = "1.1"
    labels = SubElement(SubElement(SubElement(root, "meta"), "task"), "labels")
    for tag in written.tags:
        SubElement(SubElement(labels, "label"), "name").text = tag
    for number, picture in enumerate(written.pictures):
        _write_picture(root, number, picture)
    return {"annotations.xml": bytes(tostring(root, "utf-8", xml_declaration=True))}


def _write_picture(root: Element, number: int, picture: Labelled) -> None:
    width, height = size = picture.size or (0, 0)
    about = {"id": str(number), "name": picture.file, "width": str(width), "height": str(height)}
    if picture.split:
        about["subset"] = picture.split
    image = SubElement(root, "image", about)
    for tag in picture.tags:
        SubElement(image, "tag", {"label": tag, "source": "manual"})
    for mark in picture.marks:
        sides = {side: str(value) for side, value in zip(SIDES, pixels.ltrb(mark, size), strict=True)}
        SubElement(image, "box", {"label": mark.tag, "source": "manual", "occluded": "0", "z_order": "0"} | sides)
