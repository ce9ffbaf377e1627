"""The deployment package: a zip of what the function apps run, which is all that .funcignore leaves.

python -m local.package [FILE]
"""

import argparse
import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

from shared.settings import ROOT

IGNORED = ".funcignore"
DEFAULT = ROOT / ".local" / "ocellus.zip"
# Of every file alike, so that the same content makes the same bytes: the first moment that a zip can tell.
WRITTEN = (1980, 1, 1, 0, 0, 0)
READABLE = 0o644 << 16


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.package", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=DEFAULT, help="where to write it (.local/ocellus.zip)")
    path: Path = parser.parse_args(argv).file
    try:
        count = write(path)
    except OSError as fault:
        print(f"{path} can't be written: {fault.strerror}.", file=sys.stderr)
        return 1
    print(f"{path}: {count} files, {path.stat().st_size / 1000:.0f} kB")
    return 0


def write(path: Path, folder: Path = ROOT) -> int:
    """Zip the package's files; how many there are. A zip that is there already is replaced when the new one is whole.

    Raises OSError.
    """
    files = sorted(_files(folder))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as package:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), WRITTEN)
            entry.external_attr = READABLE
            package.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    partial.replace(path)
    return len(files)


def _files(folder: Path) -> Iterator[Path]:
    """What .funcignore leaves. Ignored folders are not looked into."""
    ignored = GitIgnoreSpec.from_lines((folder / IGNORED).read_text().splitlines())
    for place, folders, names in os.walk(folder):
        here = Path(place).relative_to(folder)
        folders[:] = [name for name in folders if not ignored.match_file(f"{here / name}/")]
        yield from (folder / here / name for name in names if not ignored.match_file(here / name))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
