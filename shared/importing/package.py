"""A package as somebody sends it: a zip with a graph, its labels, and what Custom Vision's export says of itself."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import PurePosixPath
from typing import NamedTuple
from uuid import UUID
from zipfile import ZipFile

import msgspec
from msgspec import Struct

from shared.errors import InvalidModel
from shared.formats import archive
from shared.formats.archive import ArchiveError
from shared.models.texts import checked_name, folded
from shared.models.workspace.domains import DomainType

GRAPH_BYTES, LABELS_BYTES, MANIFEST_BYTES = 256 * 1024 * 1024, 1024 * 1024, 64 * 1024
FILES = 1_000
LABELS, MANIFEST = "labels.txt", "cvexport.manifest"
# Files that tell a package of another platform.
OTHERS = {".pb", ".tflite", ".mlmodel", ".xml", ".bin", ".dlc"}
EXPECTED = "send the zip of an ONNX export, with one .onnx file and its labels.txt"


class Manifest(Struct, frozen=True, rename="pascal"):
    """cvexport.manifest, as far as it concerns us."""

    domain_type: DomainType | None = None
    platform: str | None = None
    iteration_id: UUID | None = None
    exported_date: str | None = None

    @property
    def exported(self) -> datetime | None:
        """None where that is no time."""
        try:
            return datetime.fromisoformat(self.exported_date or "").astimezone(UTC)
        except (ValueError, OverflowError):
            return None


class Package(NamedTuple):
    """`labels` stand in the order of what the graph answers; none where the graph itself must tell them."""

    graph: bytes
    labels: list[str]
    manifest: Manifest | None


def read(data: bytes) -> Package:
    """Nothing is written, and no more is read than a package may have. Raises InvalidModel."""
    try:
        with archive.opened(BytesIO(data), FILES) as zipped:
            return _package(zipped)
    except ArchiveError as fault:
        raise InvalidModel(f"The package can't be taken: {fault}; {EXPECTED}.") from None


def _package(zipped: ZipFile) -> Package:
    files = {PurePosixPath(entry.filename.lower()): entry for entry in zipped.infolist() if not entry.is_dir()}
    graphs = [path for path in files if path.suffix == ".onnx"]
    if len(graphs) != 1:
        raise InvalidModel(_refusal(len(graphs), {path.suffix for path in files}))
    beside = graphs[0].parent
    labels, manifest = files.get(beside / LABELS), files.get(beside / MANIFEST)
    return Package(
        archive.contents(zipped, files[graphs[0]], GRAPH_BYTES),
        _labels(archive.contents(zipped, labels, LABELS_BYTES)) if labels else [],
        _manifest(archive.contents(zipped, manifest, MANIFEST_BYTES)) if manifest else None,
    )


def _refusal(graphs: int, suffixes: set[str]) -> str:
    if graphs:
        return f"The package has {graphs} .onnx files; {EXPECTED}."
    if suffixes & OTHERS:
        return "The package is of another platform; export the iteration to ONNX, and send that package."
    return f"The package has no model; {EXPECTED}."


def _labels(data: bytes) -> list[str]:
    """One a line. Raises InvalidModel where two are the same as names of tags."""
    names = [
        checked_name(line.strip(), f"{LABELS}: a tag's", InvalidModel) for line in _text(data).rstrip().split("\n")
    ]
    seen: set[str] = set()
    for name in names:
        if folded(name) in seen:
            raise InvalidModel(f"{LABELS} names '{name}' twice; tags differ by more than case.")
        seen.add(folded(name))
    return names


def _manifest(data: bytes) -> Manifest:
    try:
        return msgspec.json.decode(_text(data), type=Manifest)
    except msgspec.DecodeError as error:
        raise InvalidModel(
            f"{MANIFEST} can't be read ({error}); send it as it was exported, or leave it out."
        ) from None


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidModel(f"{LABELS} and {MANIFEST} are text in UTF-8.") from None
