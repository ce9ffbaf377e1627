"""A data set of one folder a tag."""

from pathlib import Path

from shared.formats.dataset import SUFFIXES, DatasetError, TaggedPicture


def load(folder: Path) -> list[TaggedPicture]:
    """Its pictures, ordered by tag and name. Raises DatasetError where there is no folder or nothing in it."""
    if not folder.is_dir():
        raise DatasetError(f"there is no folder {folder}.")
    tags = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    pictures = [TaggedPicture(tag.name, path) for tag in tags for path in sorted(tag.iterdir()) if _is_picture(path)]
    if not pictures:
        raise DatasetError(
            f"{folder} holds no pictures. Give a folder of one folder a tag, with jpg, png, bmp or gif files in each."
        )
    return pictures


def _is_picture(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in SUFFIXES
