"""Small data sets to write and read: pictures of known sizes, with tags or boxes."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from shared.formats.catalogue import FORMATS, Format, format_of, read
from shared.formats.dataset import Labelled, LabelledSet, Mark
from shared.formats.reading import Reading
from shared.formats.source import Source

SIZE = (64, 48)
TAGS = ["hex nut", "Größe <&> 'M8'", "washer"]
CLASSIFIED = [
    Labelled("a.png", (TAGS[0],), (), "train", SIZE),
    Labelled("b c.png", (TAGS[1],), (), "val", SIZE),
    Labelled("Ä.png", (TAGS[2],), (), "train", SIZE),
]
BOXED = [
    Labelled("a.png", (), (Mark(TAGS[0], 0.1, 0.2, 0.3, 0.4), Mark(TAGS[1], 0.0, 0.0, 1.0, 1.0)), "train", SIZE),
    Labelled("b c.png", (), (Mark(TAGS[2], 0.123456, 0.654321, 0.111111, 0.222222),), "val", SIZE),
    Labelled("Ä.png", (), (), "train", SIZE),
]


def draw(path: Path, size: tuple[int, int] = SIZE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size).save(path)


def write(folder: Path, format: Format, pictures: Sequence[Labelled]) -> Path:
    """The set as the format has it, with its pictures."""
    for picture in pictures:
        for place in format.places(picture):
            draw(folder / place)
    tags = sorted({tag for picture in pictures for tag in picture.said})
    for name, data in format.write(LabelledSet(list(pictures), tags)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def lay(folder: Path, pictures: Sequence[str] = (), **files: str | bytes) -> Source:
    """Pictures of no content and files, whose names have `__` for `.` here; as a source."""
    for name in pictures:
        draw(folder / name)
    for name, data in files.items():
        path = folder / name.replace("___", "/").replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return Source.at(folder)


def known(source: Source) -> Reading:
    return read(source, format_of(source))


__all__ = ["BOXED", "CLASSIFIED", "FORMATS", "SIZE", "TAGS", "draw", "known", "lay", "write"]
