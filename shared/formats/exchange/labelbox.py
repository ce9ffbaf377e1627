"""Labelbox's export: JSON lines, a data row with its labels in each."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from shared.formats import pixels
from shared.formats.dataset import Labelled, LabelledSet, Mark
from shared.formats.reading import Reading
from shared.formats.source import Source

SUFFIXES = (".ndjson", ".jsonl", ".json")
BOX = "ImageBoundingBox"
LOST = {
    "ImagePolygon": "polygons",
    "ImagePolyline": "polylines",
    "ImagePoint": "keypoints",
    "ImageSegmentationMask": "masks",
}
SPLIT = "split"


class DataRow(Struct, frozen=True):
    external_id: str | None = None
    global_key: str | None = None
    row_data: str | None = None


class Media(Struct, frozen=True):
    width: int | None = None
    height: int | None = None


class Box(Struct, frozen=True):
    left: float
    top: float
    width: float
    height: float


class Answer(Struct, frozen=True):
    name: str


class Classification(Struct, frozen=True):
    radio_answer: Answer | None = None
    checklist_answers: list[Answer] = []


class Object(Struct, frozen=True):
    name: str
    annotation_kind: str = ""
    bounding_box: Box | None = None
    classifications: list[msgspec.Raw] = []


class Annotations(Struct, frozen=True):
    objects: list[Object] = []
    classifications: list[Classification] = []
    frames: dict[str, msgspec.Raw] = {}


class Label(Struct, frozen=True):
    annotations: Annotations = Annotations()


class Project(Struct, frozen=True):
    labels: list[Label] = []


class Field(Struct, frozen=True):
    schema_name: str = ""
    value: msgspec.Raw = msgspec.Raw(b"null")


class Row(Struct, frozen=True):
    data_row: DataRow
    media_attributes: Media = Media()
    projects: dict[str, Project] = {}
    metadata_fields: list[Field] = []


def fits(source: Source) -> bool:
    return bool(list(_files(source)))


def _files(source: Source) -> Iterator[str]:
    return (name for name in source.described(*SUFFIXES) if "data_row" in source.keys(name))


def read(source: Source) -> Reading:
    reading = Reading(source)
    for name in _files(source):
        for row in source.json(name, list[Row]) if source.is_list(name) else source.lines(name, Row):
            _read_row(reading, name, row)
    return reading


def _read_row(reading: Reading, name: str, row: Row) -> None:
    given = [text for text in (row.data_row.external_id, row.data_row.global_key, row.data_row.row_data) if text]
    found = next((each for text in given if (each := reading.source.find(text))), None)
    found = found or reading.find(next(iter(given), "a row without a name"), name)
    size = found and reading.size_of(found, row.media_attributes.width, row.media_attributes.height)
    if not found or not size:
        return
    labels = [label for project in row.projects.values() for label in project.labels]
    reading.lose("second opinions", max(0, len(labels) - 1))
    said = labels[0].annotations if labels else Annotations()
    reading.lose("tracks of videos", len(said.frames))
    marks = tuple(mark for each in said.objects for mark in _marks(reading, each, size))
    split = next((text for field in row.metadata_fields if field.schema_name == SPLIT and (text := _text(field))), "")
    reading.add(Labelled(found, tuple(_tags(said)), marks, split, size))


def _tags(said: Annotations) -> Iterator[str]:
    for each in said.classifications:
        yield from (answer.name for answer in (each.radio_answer, *each.checklist_answers) if answer)


def _text(field: Field) -> str:
    """A choice among several is a list of one."""
    try:
        said = msgspec.json.decode(field.value, type=str | list[Field] | None)
    except msgspec.DecodeError:
        return ""
    return said if isinstance(said, str) else next((each.schema_name for each in said or []), "")


def _marks(reading: Reading, found: Object, size: tuple[int, int]) -> tuple[Mark, ...]:
    reading.lose("attributes", len(found.classifications))
    box = found.bounding_box
    if box is None or found.annotation_kind not in (BOX, ""):
        reading.lose(LOST.get(found.annotation_kind, "objects of other kinds"))
        return ()
    return reading.box(found.name, (box.left, box.top, box.left + box.width, box.top + box.height), size)


def places(picture: Labelled) -> list[str]:
    return [f"images/{picture.file}"]


def write(written: LabelledSet) -> dict[str, bytes]:
    rows = (_row(picture, written.prefix) for picture in written.pictures)
    return {"export.ndjson": b"".join(msgspec.json.encode(row) + b"\n" for row in rows)}


def _row(picture: Labelled, prefix: str) -> dict[str, object]:
    width, height = size = picture.size or (0, 0)
    objects = [_object(mark, size) for mark in picture.marks]
    answers = [{"name": tag, "value": tag} for tag in picture.tags if not picture.marks]
    classifications = [{"name": "tags", "checklist_answers": answers}] if answers else []
    named = {"id": picture.file, "external_id": picture.file, "global_key": picture.file}
    row: dict[str, object] = {
        "data_row": named | {"row_data": f"{prefix}images/{picture.file}"},
        "media_attributes": {"width": width, "height": height},
        "projects": {
            "ocellus": {"labels": [{"annotations": {"objects": objects, "classifications": classifications}}]}
        },
    }
    if picture.split:
        row["metadata_fields"] = [{"schema_name": SPLIT, "value": picture.split}]
    return row


def _object(mark: Mark, size: tuple[int, int]) -> dict[str, object]:
    left, top, width, height = pixels.ltwh(mark, size)
    box = {"left": left, "top": top, "width": width, "height": height}
    return {"name": mark.tag, "value": mark.tag, "annotation_kind": BOX, "classifications": [], "bounding_box": box}
