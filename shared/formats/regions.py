"""A data set of pictures with boxes, which a regions.json beside them lists."""

from pathlib import Path

import msgspec

from shared.formats.dataset import SUFFIXES, BoxedDataset, BoxedPicture, DatasetError, Mark
from shared.models.wire import Wire

REGIONS = "regions.json"
FORMS = (
    f'{REGIONS} is {{"train": [{{"image": "images/1.jpg", "regions": [{{"tag", "left", "top", "width", "height"}}]}}], '
    '"val": [...]}, or {"regions": {tag: {name: [left, top, width, height]}}} for a folder of pictures a tag; '
    "all in fractions of the picture"
)
Ltwh = tuple[float, float, float, float]


class ListedPicture(Wire, frozen=True):
    """A picture's file within the folder, and what it shows."""

    image: str
    regions: list[Mark] = []


class Listed(Wire, frozen=True):
    """Pictures in a list each for training and for the test."""

    train: list[ListedPicture]
    val: list[ListedPicture] = []


class ByTag(Wire, frozen=True):
    """One box of each picture, by its tag's folder and its name without suffix."""

    regions: dict[str, dict[str, Ltwh]]


def load(folder: Path) -> BoxedDataset:
    """Its pictures as its regions.json lists them. Raises DatasetError."""
    try:
        data = (folder / REGIONS).read_bytes()
        listed = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        if "train" in listed:
            known = msgspec.json.decode(data, type=Listed)
            return BoxedDataset(_listed(folder, known.train), _listed(folder, known.val))
        return BoxedDataset(_by_tag(folder, msgspec.json.decode(data, type=ByTag)), [])
    except OSError as fault:
        raise DatasetError(f"{folder / REGIONS} can't be read: {fault.strerror}. {FORMS}.") from fault
    except msgspec.DecodeError as fault:
        raise DatasetError(f"{folder / REGIONS} says something else than it should: {fault}. {FORMS}.") from fault


def save(folder: Path, dataset: BoxedDataset) -> None:
    """List its pictures, which lie in the folder already."""
    listed = Listed(_entries(folder, dataset.train), _entries(folder, dataset.test))
    (folder / REGIONS).write_bytes(msgspec.json.encode(listed))


def _listed(folder: Path, entries: list[ListedPicture]) -> list[BoxedPicture]:
    return [BoxedPicture(folder / entry.image, entry.regions) for entry in entries]


def _entries(folder: Path, pictures: list[BoxedPicture]) -> list[ListedPicture]:
    return [ListedPicture(picture.path.relative_to(folder).as_posix(), picture.marks) for picture in pictures]


def _by_tag(folder: Path, known: ByTag) -> list[BoxedPicture]:
    files = {(path.parent.name, path.stem): path for path in folder.glob("*/*") if path.suffix.lower() in SUFFIXES}
    return [
        BoxedPicture(files.get((tag, name), folder / tag / name), [Mark(tag, *box)])
        for tag, boxes in known.regions.items()
        for name, box in boxes.items()
    ]
