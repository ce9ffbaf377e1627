"""Our own regions.json beside pictures, as `shared/formats/regions` has it."""

from posixpath import basename, dirname

import msgspec

from shared.formats.dataset import Labelled, LabelledSet, Mark
from shared.formats.files import PICTURES
from shared.formats.reading import Reading
from shared.formats.regions import REGIONS, ByTag, Listed, ListedPicture
from shared.formats.source import Source

TEST = ("val", "test")


def fits(source: Source) -> bool:
    return bool(_files(source))


def _files(source: Source) -> list[str]:
    return [name for name in source.described(REGIONS) if basename(name) == REGIONS]


def read(source: Source) -> Reading:
    reading = Reading(source)
    for name in _files(source):
        if "train" in source.keys(name):
            listed = source.json(name, Listed)
            for split, pictures in (("train", listed.train), ("val", listed.val)):
                for picture in pictures:
                    _add(reading, picture, name, split)
        else:
            for tag, boxes in source.json(name, ByTag).regions.items():
                for stem, ltwh in boxes.items():
                    if found := _of_stem(reading, f"{tag}/{stem}", name):
                        reading.add(Labelled(found, (), reading.boxes([Mark(tag, *ltwh)])))
    return reading


def _add(reading: Reading, picture: ListedPicture, name: str, split: str) -> None:
    if found := reading.find(picture.image, name):
        reading.add(Labelled(found, (), reading.boxes(picture.regions), split))


def _of_stem(reading: Reading, stem: str, name: str) -> str | None:
    known = (reading.source.find(stem + suffix, dirname(name)) for suffix in PICTURES)
    return next(filter(None, known), None) or reading.find(stem, name)


def places(picture: Labelled) -> list[str]:
    return [f"images/{picture.file}"]


def write(written: LabelledSet) -> dict[str, bytes]:
    """What is in no part is for training."""
    parts: tuple[list[ListedPicture], list[ListedPicture]] = ([], [])
    for picture in written.pictures:
        parts[picture.split in TEST].append(ListedPicture(places(picture)[0], list(picture.marks)))
    return {REGIONS: msgspec.json.encode(Listed(*parts))}
