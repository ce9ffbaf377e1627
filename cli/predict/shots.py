"""What is asked about: the pictures and videos that somebody names, one shot after the other."""

from collections.abc import Callable, Iterator, Sequence
from glob import glob
from pathlib import Path

from msgspec import Struct

from cli.faults import CommandError
from cli.predict import videos
from cli.predict.videos import Frame, VideoError
from shared.formats.dataset import SUFFIXES
from shared.formats.files import readable


class Shot(Struct, frozen=True):
    """A picture, a frame of a video, or why there is none."""

    file: str
    frame: Frame | None = None
    error: str = ""


def name_of(file: str, seconds: float | None) -> str:
    """What tells shots apart; of a frame its time, as in an address of a moment of a video."""
    return file if seconds is None else f"{file}#t={seconds:.3f}"


def is_video(path: Path) -> bool:
    return path.suffix.lower() in videos.SUFFIXES


def shots(files: Sequence[Path], every: float | None, known: Callable[[str], bool]) -> Iterator[Shot]:
    """Those that are not known by their name."""
    for path in files:
        if readable(str(path)) != str(path):
            yield Shot(readable(str(path)), error="has a name that is not UTF-8; rename it")
        elif is_video(path):
            yield from _of_video(path, every, known)
        elif not known(str(path)):
            yield Shot(str(path))


def _of_video(path: Path, every: float | None, known: Callable[[str], bool]) -> Iterator[Shot]:
    file = str(path)
    try:
        for frame in videos.frames(path, every, lambda seconds: known(name_of(file, seconds))):
            yield Shot(file, frame)
    except VideoError as fault:
        yield Shot(file, error=str(fault))


def files(given: Sequence[str]) -> list[Path]:
    """Each once, in order. Raises CommandError where there is none."""
    found = list(dict.fromkeys(path for text in given for path in _named(text)))
    if not found:
        raise CommandError(
            f"no picture is called {' or '.join(given)}; of a folder jpg, png, bmp and gif files are read, and videos "
            "where they are named. For what lies in Blob Storage there is `ocellus batch start`."
        )
    return found


def _named(text: str) -> Iterator[Path]:
    path = Path(text)
    if path.is_dir():
        yield from sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES and each.is_file())
    elif path.is_file():
        yield path
    else:
        found = sorted(glob(text, recursive=True))  # noqa: PTH207  # Path.glob takes no pattern from the root
        yield from (Path(each) for each in found if Path(each).is_file())
