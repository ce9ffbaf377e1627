"""A folder of backups: contents of blobs by their digests, and a file for each copy of a project."""

import gzip
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from cli.faults import CommandError
from shared.models.labelling.suggestions import Suggestion
from shared.models.serving.predictions import StoredPrediction
from shared.models.training.iterations import IterationRecord
from shared.models.workspace.images import ImageRecord
from shared.models.workspace.projects import Project
from shared.storage.account.store import Container
from shared.storage.workspace.tags import TagRecord

VERSION = 1
NAMED = "%Y%m%dT%H%M%SZ"
# A name that is in nobody's way while a file is written.
PARTIAL = ".partial"


class Line(Struct, frozen=True, tag_field="line", tag=True):
    """A copy has one for each thing, each after the class that it is of."""


class Header(Line, frozen=True):
    """The first line. `number` is that of the iteration that is trained next."""

    version: int
    taken: datetime
    project: Project
    number: int


class TagLine(Line, frozen=True):
    tag: TagRecord


class ImageLine(Line, frozen=True):
    image: ImageRecord


class IterationLine(Line, frozen=True):
    iteration: IterationRecord


class SuggestionLine(Line, frozen=True):
    iteration_id: UUID
    suggestion: Suggestion


class PredictionLine(Line, frozen=True):
    prediction: StoredPrediction


class BlobLine(Line, frozen=True):
    """The ETag is the version that was copied."""

    container: Container
    name: str
    etag: str
    digest: str
    content_type: str


class End(Line, frozen=True):
    """The last line: a copy without it was cut off."""


AnyLine = Header | TagLine | ImageLine | IterationLine | SuggestionLine | PredictionLine | BlobLine | End
L = TypeVar("L", bound=Line)


class Vault:
    """The folder. Nothing in it changes once it is written; contents are shared by all copies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes) -> str:
        """The digest of the content, which is kept once."""
        digest = sha256(data).hexdigest()
        path = self._content(digest)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f"{digest}.{os.getpid()}-{os.urandom(4).hex()}{PARTIAL}")
            partial.write_bytes(data)
            partial.replace(path)
        return digest

    def has(self, digest: str) -> bool:
        return self._content(digest).exists()

    def get(self, digest: str) -> bytes:
        """Raises CommandError where it is not what it was."""
        try:
            data = self._content(digest).read_bytes()
        except OSError as fault:
            raise CommandError(f"{self._content(digest)} can't be read: {fault.strerror}.") from fault
        if sha256(data).hexdigest() != digest:
            raise CommandError(f"{self._content(digest)} is damaged; restore an older copy, or mend the disk.")
        return data

    def projects(self) -> list[UUID]:
        """Those that there is a copy of."""
        return sorted(UUID(path.name) for path in (self.folder / "projects").glob("*") if any(path.glob("*.jsonl.gz")))

    def copies(self, project_id: UUID) -> list[Path]:
        """The oldest first."""
        return sorted(self._copies(project_id).glob("*.jsonl.gz"))

    @contextmanager
    def writing(self, project_id: UUID, taken: datetime) -> Iterator[Callable[[Line], None]]:
        """A new copy, which is there when it is whole."""
        path = self._copies(project_id) / f"{taken.strftime(NAMED)}.jsonl.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        partial, encode = path.with_name(path.name + PARTIAL), msgspec.json.Encoder().encode
        with gzip.open(partial, "wb", 6) as file:

            def write(line: Line) -> None:
                file.write(encode(line) + b"\n")

            yield write
            write(End())
        partial.replace(path)

    def lines(self, copy: Path, kind: type[L]) -> Iterator[L]:
        """Those of a kind. Raises CommandError where the copy is damaged."""
        decoder, line = msgspec.json.Decoder(AnyLine), None
        try:
            with gzip.open(copy, "rb") as file:
                for data in file:
                    line = decoder.decode(data)
                    if isinstance(line, kind):
                        yield line
        except (OSError, EOFError, msgspec.MsgspecError, UnicodeDecodeError) as fault:
            raise CommandError(f"{copy} is no copy of a project, or a damaged one: {fault}") from fault
        if not isinstance(line, End):
            raise CommandError(f"{copy} was cut off; restore an older copy.")

    def header(self, copy: Path) -> Header:
        """Raises CommandError."""
        header = next(self.lines(copy, Header), None)
        if header is None or header.version != VERSION:
            raise CommandError(f"{copy} was written by another version of Ocellus; restore it with that one.")
        return header

    def _copies(self, project_id: UUID) -> Path:
        return self.folder / "projects" / str(project_id)

    def _content(self, digest: str) -> Path:
        return self.folder / "contents" / digest[:2] / digest
