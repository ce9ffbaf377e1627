"""The demo's pictures with boxes: a folder with a regions.json, split into a part to train on and a part to test."""

from pathlib import Path
from typing import NamedTuple

import msgspec

from local.demo.pictures import SUFFIXES, DemoError, held_out
from shared.models.wire import Wire

REGIONS = "regions.json"
# The service trains no tag on fewer.
MINIMUM = 15
FORMS = (
    f'{REGIONS} is {{"train": [{{"image": "images/1.jpg", "regions": [{{"tag", "left", "top", "width", "height"}}]}}], '
    '"val": [...]}, or {"regions": {tag: {name: [left, top, width, height]}}} for a folder of pictures a tag; '
    "all in fractions of the picture"
)
Ltwh = tuple[float, float, float, float]


class Mark(Wire, frozen=True):
    """A box on a picture and its tag, in fractions (0..1) of the upright picture."""

    tag: str
    left: float
    top: float
    width: float
    height: float


class BoxedPicture(NamedTuple):
    """A picture's file and what it shows; nothing of it where it is background."""

    path: Path
    marks: list[Mark]

    @property
    def tags(self) -> list[str]:
        return sorted(mark.tag for mark in self.marks)


class BoxedDataset(NamedTuple):
    """The pictures to train on, and those that training never sees."""

    train: list[BoxedPicture]
    test: list[BoxedPicture]


class Entry(Wire, frozen=True):
    """A picture's file within the folder, and what it shows."""

    image: str
    regions: list[Mark] = []


class Listed(Wire, frozen=True):
    """Pictures in a list each for training and for the test."""

    train: list[Entry]
    val: list[Entry] = []


class ByTag(Wire, frozen=True):
    """One box of each picture, by its tag's folder and its name without suffix."""

    regions: dict[str, dict[str, Ltwh]]


def read_boxes(folder: Path) -> BoxedDataset:
    """Its pictures as its regions.json lists them. Raises DemoError."""
    try:
        data = (folder / REGIONS).read_bytes()
        listed = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        if "train" in listed:
            known = msgspec.json.decode(data, type=Listed)
            return BoxedDataset(_listed(folder, known.train), _listed(folder, known.val))
        return BoxedDataset(_by_tag(folder, msgspec.json.decode(data, type=ByTag)), [])
    except OSError as fault:
        raise DemoError(f"{folder / REGIONS} can't be read: {fault.strerror}. {FORMS}.") from fault
    except msgspec.DecodeError as fault:
        raise DemoError(f"{folder / REGIONS} says something else than it should: {fault}. {FORMS}.") from fault


def split_boxes(dataset: BoxedDataset, test: BoxedDataset | None) -> BoxedDataset:
    """With no pictures to test with, hold out a fifth of those with the same tags. Raises DemoError on too few."""
    whole = dataset.test or (test and [*test.train, *test.test])
    split = BoxedDataset(dataset.train, whole) if whole else BoxedDataset(*_apart(dataset.train))
    if absent := [picture.path for picture in (*split.train, *split.test) if not picture.path.is_file()]:
        raise DemoError(f"{REGIONS} names pictures that are not there, as {absent[0]}.")
    if not split.test:
        raise DemoError("there are too few pictures to hold some out for the test; name others with --test.")
    tags = sorted({tag for picture in split.train for tag in picture.tags})
    if not tags:
        raise DemoError("no picture to train on has a box.")
    if strangers := sorted({tag for picture in split.test for tag in picture.tags} - set(tags)):
        raise DemoError(f"the test pictures have tags that are not trained: {', '.join(strangers)}.")
    counts = {tag: sum(tag in picture.tags for picture in split.train) for tag in tags}
    if few := [f"{tag} ({count})" for tag, count in counts.items() if count < MINIMUM]:
        beside = "" if whole else " beside those held out for the test"
        raise DemoError(f"each tag needs boxes on {MINIMUM} pictures or more{beside}; too few: {', '.join(few)}.")
    return split


def _listed(folder: Path, entries: list[Entry]) -> list[BoxedPicture]:
    return [BoxedPicture(folder / entry.image, entry.regions) for entry in entries]


def _by_tag(folder: Path, known: ByTag) -> list[BoxedPicture]:
    files = {(path.parent.name, path.stem): path for path in folder.glob("*/*") if path.suffix.lower() in SUFFIXES}
    return [
        BoxedPicture(files.get((tag, name), folder / tag / name), [Mark(tag, *box)])
        for tag, boxes in known.regions.items()
        for name, box in boxes.items()
    ]


def _apart(pictures: list[BoxedPicture]) -> tuple[list[BoxedPicture], list[BoxedPicture]]:
    """The last fifth by name of those with the same tags goes to the test."""
    by_name = sorted(pictures, key=lambda picture: picture.path)
    return held_out(by_name, lambda picture: tuple(sorted(set(picture.tags))), least=0)
