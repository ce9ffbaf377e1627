"""Splits the demo's pictures into a part to train on and a part to test with."""

from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from typing import NamedTuple, TypeVar

from shared.formats.dataset import BoxedDataset, BoxedPicture, DatasetError, TaggedPicture
from shared.formats.regions import REGIONS

T = TypeVar("T")
# The service trains no tag on fewer: of a classifier, and of a detector.
LEAST_PICTURES, LEAST_BOXED = 5, 15


class TaggedDataset(NamedTuple):
    """The pictures to train on, and those that training never sees."""

    train: list[TaggedPicture]
    test: list[TaggedPicture]


def split(pictures: list[TaggedPicture], test: list[TaggedPicture] | None) -> TaggedDataset:
    """With no pictures to test with, hold out a fifth of each tag. Raises DatasetError on too few to train with."""
    tags = sorted({picture.tag for picture in pictures})
    if len(tags) < 2:
        raise DatasetError(f"there is only one tag, {tags[0]}; a classifier needs two or more to tell apart.")
    parts = (pictures, test) if test else held_out(pictures, lambda picture: picture.tag, least=1)
    dataset = TaggedDataset(*parts)
    _require_trained(tags, {picture.tag for picture in dataset.test})
    counts = {tag: sum(picture.tag == tag for picture in dataset.train) for tag in tags}
    _require_enough(counts, LEAST_PICTURES, "pictures", is_held_out=not test)
    return dataset


def split_boxes(dataset: BoxedDataset, test: BoxedDataset | None) -> BoxedDataset:
    """With no pictures to test with, hold out a fifth of those with the same tags. Raises DatasetError on too few."""
    whole = dataset.test or (test and [*test.train, *test.test])
    split = BoxedDataset(dataset.train, whole) if whole else BoxedDataset(*_apart(dataset.train))
    if absent := [picture.path for picture in (*split.train, *split.test) if not picture.path.is_file()]:
        raise DatasetError(f"{REGIONS} names pictures that are not there, as {absent[0]}.")
    if not split.test:
        raise DatasetError("there are too few pictures to hold some out for the test; name others with --test.")
    tags = sorted({tag for picture in split.train for tag in picture.tags})
    if not tags:
        raise DatasetError("no picture to train on has a box.")
    _require_trained(tags, {tag for picture in split.test for tag in picture.tags})
    counts = {tag: sum(tag in picture.tags for picture in split.train) for tag in tags}
    _require_enough(counts, LEAST_BOXED, "pictures with its box", is_held_out=not whole)
    return split


def held_out(pictures: Sequence[T], group: Callable[[T], Hashable], least: int) -> tuple[list[T], list[T]]:
    """What is kept, and the last fifth of each group, `least` or more: shots of one burst stay on one side, where a
    random fifth would flatter.
    """
    kept, out = list[T](), list[T]()
    for name in dict.fromkeys(map(group, pictures)):
        own = [picture for picture in pictures if group(picture) == name]
        count = len(own) - max(least, len(own) // 5)
        kept += own[:count]
        out += own[count:]
    return kept, out


def _require_trained(tags: Sequence[str], tested: Set[str]) -> None:
    if strangers := sorted(tested - set(tags)):
        raise DatasetError(f"the test pictures have tags that are not trained: {', '.join(strangers)}.")


def _require_enough(counts: Mapping[str, int], least: int, what: str, *, is_held_out: bool) -> None:
    if few := [f"{tag} ({count})" for tag, count in counts.items() if count < least]:
        beside = " beside those held out for the test" if is_held_out else ""
        raise DatasetError(f"each tag needs {least} {what} or more{beside}; too few: {', '.join(few)}.")


def _apart(pictures: list[BoxedPicture]) -> tuple[list[BoxedPicture], list[BoxedPicture]]:
    """The last fifth by name of those with the same tags goes to the test."""
    by_name = sorted(pictures, key=lambda picture: picture.path)
    return held_out(by_name, lambda picture: tuple(sorted(set(picture.tags))), least=0)
