"""The formats that a data set can be read from and written to, and which of them a data set is in."""

from collections.abc import Callable
from enum import Flag, auto
from typing import NamedTuple

from shared.formats.dataset import DatasetError, Labelled, LabelledSet
from shared.formats.exchange import (
    boxes_beside,
    coco,
    cvat,
    kitti,
    label_studio,
    labelbox,
    lines,
    manifest,
    table,
    tagged_folders,
    vertex,
    voc,
    vott,
    yolo,
)
from shared.formats.reading import Reading
from shared.formats.source import Source

FOLDERS = "folders"
# Who has such a file beside folders of pictures may have tags and boxes in it.
DESCRIBING = (".json", ".jsonl", ".ndjson", ".manifest", ".xml", ".csv", ".yaml", ".yml", ".vott", "_annotations.txt")


class Carries(Flag):
    """What of a picture a format can say."""

    TAGS = auto()
    BOXES = auto()
    BOTH = TAGS | BOXES


class Format(NamedTuple):
    """A format, as its module has it."""

    name: str
    carries: Carries
    fits: Callable[[Source], bool]
    read: Callable[[Source], Reading]
    places: Callable[[Labelled], list[str]]
    write: Callable[[LabelledSet], dict[str, bytes]]


FORMATS = {
    format.name: format
    for format in (
        Format("coco", Carries.BOXES, coco.fits, coco.read, coco.places, coco.write),
        Format("voc", Carries.BOXES, voc.fits, voc.read, voc.places, voc.write),
        Format("yolo", Carries.BOXES, yolo.fits, yolo.read, yolo.places, yolo.write),
        Format("cvat", Carries.BOTH, cvat.fits, cvat.read, cvat.places, cvat.write),
        Format("labelbox", Carries.BOTH, labelbox.fits, labelbox.read, labelbox.places, labelbox.write),
        Format("kitti", Carries.BOXES, kitti.fits, kitti.read, kitti.places, kitti.write),
        Format("vott", Carries.BOXES, vott.fits, vott.read, vott.places, vott.write),
        Format(
            "label-studio",
            Carries.BOTH,
            label_studio.fits,
            label_studio.read,
            label_studio.places,
            label_studio.write,
        ),
        Format("manifest", Carries.BOTH, manifest.fits, manifest.read, manifest.places, manifest.write),
        Format("vertex-csv", Carries.BOTH, vertex.fits_csv, vertex.read_csv, vertex.places, vertex.write_csv),
        Format("vertex-jsonl", Carries.BOTH, vertex.fits_lines, vertex.read_lines, vertex.places, vertex.write_lines),
        Format("csv", Carries.BOTH, table.fits, table.read, table.places, table.write),
        Format("jsonl", Carries.BOTH, lines.fits, lines.read, lines.places, lines.write),
        Format("regions", Carries.BOXES, boxes_beside.fits, boxes_beside.read, boxes_beside.places, boxes_beside.write),
        Format(
            FOLDERS,
            Carries.TAGS,
            tagged_folders.fits,
            tagged_folders.read,
            tagged_folders.places,
            tagged_folders.write,
        ),
    )
}


def named(name: str) -> Format:
    """Raises DatasetError where none is called so."""
    if name not in FORMATS:
        raise DatasetError(f"no format is called {name}; there are {', '.join(FORMATS)}.")
    return FORMATS[name]


def format_of(source: Source) -> Format:
    """That which it is in. Raises DatasetError where it is in none, or in several."""
    *described, folders = FORMATS.values()
    found = [format for format in described if format.fits(source)]
    if len(found) > 1:
        names = ", ".join(format.name for format in found)
        raise DatasetError(f"it may be any of {names}; say which format it has, or give the file that describes it.")
    if found:
        return found[0]
    if source.only:
        return folders
    if yolo.has_boxes(source):
        return FORMATS["yolo"]
    unknown = source.described(*DESCRIBING)
    if folders.fits(source) and not unknown:
        return folders
    raise DatasetError(_unknown(source, unknown, in_folders=folders.fits(source)))


def _unknown(source: Source, described: list[str], *, in_folders: bool) -> str:
    """Why it is in no format, by what seems to describe it, and what to do."""
    why = [f"{source.left_out} links lead out of it, and are not followed"] * bool(source.left_out)
    anyway = ""
    if described:
        first = described[0]
        why.append(source.flaw(first) or f"{first} describes no pictures in a way that is known")
        anyway = f", or choose the format {FOLDERS}, which takes no notice of {first}" * in_folders
    return (
        f"no format is known that it is in{f' ({why[0]})' if why else ''}. Have a folder of pictures for each tag"
        f"{anyway}, or take it out of the other tool as COCO, YOLO or Pascal VOC; docs/datasets.md has all of "
        f"{', '.join(FORMATS)}."
    )


def read(source: Source, format: Format) -> Reading:
    """Raises DatasetError, also where there is no picture in it that can be read."""
    if source.only and format.name == FOLDERS:
        raise DatasetError(
            f"{source.only} is no whole zip, and describes no pictures in a way that is known; give a folder, a zip, "
            "or the file that describes them."
        )
    reading = format.read(source)
    if not reading.pictures:
        why = f" The first that failed: {reading.faults[0].rstrip('.')}." if reading.faults else ""
        raise DatasetError(
            f"no picture of it was found, read as {format.name}.{why} Give the pictures with what describes them, or "
            "say the right format."
        )
    unnamed = set(source.pictures).difference(each.file for each in reading.pictures)
    reading.lose("pictures that nothing in it names", len(unnamed))
    return reading
