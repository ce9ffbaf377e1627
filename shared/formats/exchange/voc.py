"""Pascal VOC: an XML for each picture, and lists of the pictures of each part."""

from collections.abc import Iterator
from posixpath import basename, dirname, splitext
from xml.etree.ElementTree import Element, SubElement, tostring  # to write; defusedxml reads

from shared.formats import cells, part_lists, pixels
from shared.formats.dataset import Labelled, LabelledSet, Mark
from shared.formats.files import PICTURES
from shared.formats.reading import Reading, split_in
from shared.formats.source import Source

LISTS = "ImageSets/Main/"
LOST = {
    "robndbox": "rotated boxes",
    "polygon": "masks, whose boxes are kept",
    "part": "parts of objects",
    "attributes": "attributes",
}
FLAGS = ("truncated", "occluded", "difficult")


def fits(source: Source) -> bool:
    found = source.described(".xml")
    return bool(found) and source.root_tag(found[0]) == "annotation"


def read(source: Source) -> Reading:
    reading, parts = Reading(source), part_lists.read(source, LISTS)
    for name in source.described(".xml"):
        root = source.xml(name)
        if root.tag == "annotation":
            _read_picture(reading, name, root, parts)
    return reading


def _read_picture(reading: Reading, name: str, root: Element, parts: dict[str, str]) -> None:
    stem = splitext(basename(name))[0]
    called = root.findtext("filename", "").strip()
    # Some programs write it without its suffix, or another one than the file's.
    alike = next((each for suffix in PICTURES if (each := reading.source.find(stem + suffix, dirname(name)))), None)
    found = (called and reading.source.find(called, dirname(name))) or alike or reading.find(called or stem, name)
    if found:
        size = reading.size_of(found, *_sides(root))
        if size:
            marks = tuple(mark for each in root.iter("object") for mark in _marks(reading, each, size))
            reading.add(Labelled(found, (), marks, parts.get(stem) or split_in(name), size))


def _sides(root: Element) -> tuple[float, float]:
    width, height = (cells.number(root.findtext(f"size/{side}", "nan")) for side in ("width", "height"))
    return width, height


def _marks(reading: Reading, element: Element, size: tuple[int, int]) -> Iterator[Mark]:
    for lost, what in LOST.items():
        reading.lose(what, element.find(lost) is not None)
    reading.lose("attributes", any(element.findtext(flag, "0").strip() not in ("0", "") for flag in FLAGS))
    box = element.find("bndbox")
    if box is not None:
        corners = [cells.number(box.findtext(side, "nan")) for side in ("xmin", "ymin", "xmax", "ymax")]
        yield from reading.box(element.findtext("name", "").strip(), corners, size)


def places(picture: Labelled) -> list[str]:
    return [f"JPEGImages/{picture.file}"]


def write(written: LabelledSet) -> dict[str, bytes]:
    files = {f"Annotations/{splitext(picture.file)[0]}.xml": _annotation(picture) for picture in written.pictures}
    return files | part_lists.write(written, LISTS)


def _annotation(picture: Labelled) -> bytes:
    root = Element("annotation")
    _said(root, folder="JPEGImages", filename=picture.file)
    width, height = picture.size or (0, 0)
    _said(SubElement(root, "size"), width=width, height=height, depth=3)
    _said(root, segmented=0)
    for mark in picture.marks:
        element = SubElement(root, "object")
        _said(element, name=mark.tag, pose="Unspecified", truncated=0, difficult=0)
        left, top, right, bottom = pixels.ltrb(mark, (width, height))
        _said(SubElement(element, "bndbox"), xmin=left, ymin=top, xmax=right, ymax=bottom)
    return bytes(tostring(root, "utf-8", xml_declaration=True))


def _said(element: Element, **texts: object) -> None:
    for name, text in texts.items():
        SubElement(element, name).text = str(text)
