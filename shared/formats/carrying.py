"""What of a data set a project holds, and what of a project a data set does: keys of metadata, kinds, refusals."""

from collections.abc import Iterable, Mapping

from shared.formats import catalogue
from shared.formats.catalogue import Carries, Format
from shared.formats.dataset import DatasetError, Labelled, Mark
from shared.formats.names import safe
from shared.formats.reading import Reading

# The portal's own keys, but for the part.
FILENAME, SPLIT, BACKGROUND = "filename", "split", "background"
# Why the service did not take a picture, by the status that it answers.
REASONS = {
    "ErrorImageFormat": "is no whole JPEG, PNG, BMP or GIF",
    "ErrorImageSize": "has more bytes than the service takes; save it smaller",
    "ErrorImageDimensions": "has sides that the service does not take; resize it",
    "ErrorLimitExceed": "found no room: the project is full, or its metadata is",
    "ErrorTagLimitExceed": "has more tags than an image may have",
    "ErrorRegionLimitExceed": "has more boxes than an image may have",
    "ErrorNegativeAndRegular": "has a tag beside the Negative one",
    "ErrorInvalidTag": "has a tag that was deleted meanwhile",
    "ErrorStorage": "could not be stored now; import it again",
}
# A picture whose sides are to each other as the set says has its boxes in place, in whatever size it is.
SAME_SHAPE = 0.02


def refusal(picture: Labelled, status: str) -> str:
    return f"{picture.file} {REASONS.get(status, f'was refused: {status}')}"


def metadata(picture: Labelled, length: int, *, background: bool) -> dict[str, str]:
    """What an image keeps of its picture, in values of so many letters; with `background` that it has no box."""
    kept = {FILENAME: picture.file.rpartition("/")[2][-length:]}
    if picture.split:
        kept[SPLIT] = picture.split[:length]
    if background and not picture.marks:
        kept[BACKGROUND] = "true"
    return kept


def fitting(reading: Reading, project: str, *, detects: bool, untagged: bool) -> list[Labelled]:
    """The pictures with what the project's kind takes of them: `untagged` where that may be nothing.

    Raises DatasetError where it is nothing and may not be.
    """
    boxed = any(picture.marks for picture in reading.pictures)
    if detects:
        tags = sum(len(picture.tags) for picture in reading.pictures)
        if tags and not boxed and not untagged:
            raise DatasetError(
                f"the data set has tags of whole pictures and no boxes, and {project} learns from boxes; take it into "
                "a project that tags whole pictures, or choose that its pictures come untagged."
            )
        reading.lose("tags without a box", tags)
        return [picture._replace(tags=()) for picture in reading.pictures]
    if boxed:
        raise DatasetError(
            f"the data set has boxes, and {project} tags whole pictures; take it into a project of object detection."
        )
    return reading.pictures


def misplaced(picture: Labelled, wide: int, high: int) -> list[str]:
    """That the boxes may be turned, where the upright picture has another shape than its set says."""
    if not picture.marks or not picture.size:
        return []
    width, height = picture.size
    if abs(width * high / (height * wide) - 1) <= SAME_SHAPE:
        return []
    return [f"{picture.file} is {wide} x {high} upright, and {width} x {height} in the set"]


def require_carries(format: Format, *, detects: bool) -> None:
    """Raises DatasetError where the format has no place for what a project of this kind has."""
    wanted = Carries.BOXES if detects else Carries.TAGS
    if wanted not in format.carries:
        fit = ", ".join(each.name for each in catalogue.FORMATS.values() if wanted in each.carries)
        what = "boxes" if detects else "tags of whole pictures"
        raise DatasetError(f"{format.name} has no {what}, which this project has; take one of {fit}.")


def labelled(
    file: str, tags: Iterable[str], marks: Iterable[Mark], kept: Mapping[str, str], size: tuple[int, int]
) -> Labelled:
    """An image as a picture of a data set. A picture with boxes has no other tags."""
    boxes = tuple(marks)
    return Labelled(file, () if boxes else tuple(tags), boxes, safe(kept.get(SPLIT, "")), size)


def left_behind(kept: Mapping[str, str]) -> int:
    """How many pairs of an image's metadata no format has."""
    return len(kept.keys() - {FILENAME, SPLIT})
