"""A folder of pictures for each tag, within a folder for each part or not."""

from pathlib import PurePosixPath

from shared.formats.dataset import Labelled, LabelledSet
from shared.formats.reading import Reading, split_in
from shared.formats.source import Source


def fits(source: Source) -> bool:
    """Only where nothing else does: any other format has folders of pictures, too."""
    return any("/" in picture for picture in source.pictures)


def read(source: Source) -> Reading:
    reading = Reading(source)
    for picture in source.pictures:
        folders = PurePosixPath(picture).parts[:-1]
        # A folder of a part's name that has no folders is a tag's.
        split = folders[0] if len(folders) > 1 and split_in(folders[0]) == folders[0].lower() else ""
        reading.add(Labelled(picture, tuple(folders[-1:]), (), split))
    return reading


def places(picture: Labelled) -> list[str]:
    """Once for each tag; a picture without one has no place."""
    folders = [picture.split] if picture.split else []
    return ["/".join([*folders, _folder(tag), picture.file]) for tag in picture.tags]


def write(_: LabelledSet) -> dict[str, bytes]:
    return {}


def _folder(tag: str) -> str:
    """As the tag is called, but for what is no name of a folder."""
    return "".join("_" if letter in '/\\:*?"<>|' else letter for letter in tag).strip(". ") or "_"
