"""The deployment package: a zip of what the function apps run, which is all that .funcignore leaves."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct
from pathspec import GitIgnoreSpec

from cli.faults import CommandError
from cli.output import AsJson, show
from shared.settings import ROOT

IGNORED = ".funcignore"
PORTAL = "portal/dist/index.html"
DEFAULT = ROOT / ".local" / "ocellus.zip"
# Of every file alike, so that the same content makes the same bytes: the first moment that a zip can tell.
WRITTEN = (1980, 1, 1, 0, 0, 0)
READABLE = 0o644 << 16


class Package(Struct, frozen=True):
    """Where it lies, how many files are in it, and its size in bytes."""

    file: str
    files: int
    size: int


def package(
    file: Annotated[Path, typer.Argument(help="Where to write it.", show_default=".local/ocellus.zip")] = DEFAULT,
    *,
    as_json: AsJson = False,
) -> None:
    """Write the zip that is deployed to the function apps."""
    if not (ROOT / IGNORED).is_file():
        raise CommandError("it is made of a clone of the project; run ./ocellus there.")
    if not (ROOT / PORTAL).is_file():
        raise CommandError("the portal is not built; ./run builds it, once with a network.")
    try:
        count = write(file)
    except OSError as fault:
        raise CommandError(f"{file} can't be written: {fault.strerror}.") from fault
    made = Package(str(file), count, file.stat().st_size)
    show(made, f"{file}: {count} files, {made.size / 1000:.0f} kB", as_json=as_json)


def write(path: Path, folder: Path = ROOT) -> int:
    """Zip the package's files; how many there are. A zip that is there already is replaced when the new one is whole.

    Raises OSError.
    """
    files = sorted(_files(folder))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as zipped:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), WRITTEN)
            entry.external_attr = READABLE
            zipped.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    partial.replace(path)
    return len(files)


def _files(folder: Path) -> Iterator[Path]:
    """What .funcignore leaves. Ignored folders are not looked into."""
    ignored = GitIgnoreSpec.from_lines((folder / IGNORED).read_text().splitlines())
    for place, folders, names in os.walk(folder):
        here = Path(place).relative_to(folder)
        folders[:] = [name for name in folders if not ignored.match_file(f"{here / name}/")]
        yield from (folder / here / name for name in names if not ignored.match_file(here / name))
