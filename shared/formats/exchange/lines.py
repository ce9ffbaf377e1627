"""JSON lines: a picture a line, with its tags and boxes in fractions of the picture."""

from collections.abc import Iterator

import msgspec

from shared.formats.dataset import Labelled, LabelledSet, Mark
from shared.formats.reading import Reading, split_in
from shared.formats.source import Source
from shared.models.wire import Wire

SUFFIXES = (".jsonl", ".ndjson")
IMAGE = ("image", "file_name", "filename", "file", "path")


class Line(Wire, frozen=True):
    """The picture's file, its tag or tags, or boxes on it; the words of other programs are known as well."""

    image: str = ""
    file_name_there: str = msgspec.field(default="", name="file_name")
    filename: str = ""
    file: str = ""
    path: str = ""
    tag: str | None = None
    label: str | list[str] | None = None
    class_there: str | None = msgspec.field(default=None, name="class")
    tags: list[str] = []
    labels: list[str] = []
    regions: list[Mark] = []
    split: str = ""

    @property
    def called(self) -> str:
        return self.image or self.file_name_there or self.filename or self.file or self.path

    @property
    def said(self) -> list[str]:
        listed = [self.label] if isinstance(self.label, str) else self.label or []
        return [tag for tag in [self.tag, *listed, self.class_there, *self.tags, *self.labels] if tag]


class Written(Wire, frozen=True, omit_defaults=True):
    """A line as it is written."""

    image: str
    tags: tuple[str, ...] = ()
    regions: tuple[Mark, ...] = ()
    split: str = ""


def fits(source: Source) -> bool:
    return bool(list(_files(source)))


def _files(source: Source) -> Iterator[str]:
    return (name for name in source.described(*SUFFIXES) if source.keys(name).intersection(IMAGE))


def read(source: Source) -> Reading:
    reading = Reading(source)
    for name in _files(source):
        for line in source.lines(name, Line):
            if found := reading.find(line.called, name):
                split = line.split or split_in(name)
                reading.add(Labelled(found, tuple(line.said), reading.boxes(line.regions), split))
    return reading


def places(picture: Labelled) -> list[str]:
    return [f"images/{picture.file}"]


def write(written: LabelledSet) -> dict[str, bytes]:
    lines = (
        Written(f"{written.prefix}images/{each.file}", each.tags, each.marks, each.split) for each in written.pictures
    )
    return {"labels.jsonl": b"".join(msgspec.json.encode(line) + b"\n" for line in lines)}
