"""Wheels made of the packages that this interpreter has: from them pip fills an environment without an index, and has
nothing to decompress.
"""

import os
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from zipfile import ZipFile

from msgspec import Struct
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# What pip notes of an installation.
NOTES = {"INSTALLER", "REQUESTED", "direct_url.json"}
# What no package runs: two thirds of the files, most of them headers of torch.
UNUSED = {"__pycache__", "include", "test", "tests"}


class Wheels(Struct, frozen=True):
    """The folder that they are in; what is `compiled` is for this version of Python alone, and left out elsewhere."""

    folder: Path
    compiled: list[str]

    @property
    def environment(self) -> dict[str, str]:
        """With this, pip takes packages from here and from nowhere else."""
        return {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.folder.as_uri()}


def pack(folder: Path, *requirements: Path) -> Wheels:
    """Those that the files name, and all that these need."""
    folder.mkdir()
    compiled = []
    for package in _needed(requirements):
        tags = [line.removeprefix("Tag: ") for line in _text(package, "WHEEL") if line.startswith("Tag: ")]
        if not any(tag.endswith("-none-any") or "-abi3-" in tag for tag in tags):
            compiled.append(f"{package.name}=={package.version}")
        _write(package, folder, tags)
    return Wheels(folder, compiled)


def _needed(files: tuple[Path, ...]) -> Iterator[Distribution]:
    lines = [line for file in files for line in file.read_text().splitlines() if not line.startswith(("#", "-r "))]
    here = [need for need in map(Requirement, lines) if not need.marker or need.marker.evaluate()]
    todo = [(need.name, extra) for need in here for extra in ("", *need.extras)]
    seen: set[tuple[str, str]] = set()
    # It grows while it is gone through.
    for name, extra in todo:
        if (key := (canonicalize_name(name), extra)) in seen:
            continue
        seen.add(key)
        package = distribution(name)
        if not extra:
            yield package
        needs = map(Requirement, package.requires or [])
        wanted = [need for need in needs if not need.marker or need.marker.evaluate({"extra": extra})]
        todo += [(need.name, other) for need in wanted for other in ("", *need.extras)]


def _text(package: Distribution, name: str) -> list[str]:
    return (package.read_text(name) or "").splitlines()


def _write(package: Distribution, folder: Path, tags: list[str]) -> None:
    """Without what lies beside the packages: pip makes the commands anew."""
    files = [file for file in package.files or [] if not {"..", *UNUSED} & set(file.parts)]
    (about,) = {file.parts[0] for file in files if file.parts[0].endswith(".dist-info")}
    tag = "-".join(".".join(sorted(set(part))) for part in zip(*(tag.split("-") for tag in tags), strict=True))
    with ZipFile(folder / f"{about.removesuffix('.dist-info')}-{tag}.whl", "w") as wheel:
        for file in files:
            if file.name not in NOTES:
                wheel.write(str(package.locate_file(file)), str(file))
