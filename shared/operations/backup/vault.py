"""The backups on a shelf: contents of blobs by their digests, a file for each copy of a project, and one of what it
needs."""

import gzip
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from typing import NamedTuple, TypeVar
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct

from shared.errors import BackupError
from shared.models.labelling.suggestions import Suggestion
from shared.models.serving.predictions import StoredPrediction
from shared.models.training.iterations import IterationRecord
from shared.models.workspace.images import ImageRecord
from shared.models.workspace.projects import Project
from shared.storage.account.shelves import Shelf, Shelved
from shared.storage.account.store import Container
from shared.storage.workspace.tags import TagRecord

VERSION = 1
NAMED, SUFFIX = "%Y%m%dT%H%M%SZ", ".jsonl.gz"
# Of the bytes of a digest.
DIGEST = 32


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
# Hears how many blobs are copied, or written back, as it goes on.
Progress = Callable[[int], None]


class Copy(NamedTuple):
    """A copy of a project, by the moment at which it was begun."""

    project_id: UUID
    name: str

    @property
    def path(self) -> str:
        return f"projects/{self.project_id}/{self.name}"

    @property
    def digests(self) -> str:
        """Where the digests of all its contents lie, so that nobody need read the copy for them."""
        return f"digests/{self.project_id}/{self.name}"


class DamagedCopy(BackupError):
    """Of a copy not all is as it was written; an older one may be whole."""


class Vault:
    """Nothing in it changes once it is written; contents are shared by all copies."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    @property
    def place(self) -> str:
        return self._shelf.place

    def put(self, digest: str, data: bytes) -> None:
        """A content; where it is there, it is as if new, so that nobody lets it go."""
        self._shelf.write(_content(digest), data)

    def get(self, digest: str) -> bytes:
        """Raises DamagedCopy where it is not what it was."""
        data, path = self._shelf.read(_content(digest)), f"{self.place}/{_content(digest)}"
        mended = "where the project still is, `ocellus backup` to this place puts it back."
        if data is None:
            raise DamagedCopy(f"{path} is not there; {mended}")
        if sha256(data).hexdigest() != digest:
            raise DamagedCopy(f"{path} is damaged; delete it, and {mended}")
        return data

    def contents(self) -> Iterator[tuple[str, Shelved]]:
        """All that there are, by their digests."""
        for each in self._shelf.names("contents/"):
            yield each.name.rpartition("/")[2], each

    def drop(self, content: Shelved) -> bool:
        """Whether it was there, and not written anew since it was looked at."""
        return self._shelf.delete(content.name, content.version)

    def projects(self) -> list[UUID]:
        """Those that there is a copy of."""
        return sorted({copy.project_id for copy in self._copies("projects/")})

    def copies(self, project_id: UUID) -> list[Copy]:
        """The oldest first."""
        return sorted(self._copies(f"projects/{project_id}/"))

    def forget(self, copy: Copy) -> None:
        """The contents stay until nobody needs them."""
        self._shelf.delete(copy.digests)
        self._shelf.delete(copy.path)

    @contextmanager
    def writing(self, project_id: UUID, taken: datetime) -> Iterator[Callable[[Line], None]]:
        """A new copy, which is there when it is whole."""
        copy, needed, data = Copy(project_id, f"{taken.strftime(NAMED)}{SUFFIX}"), set[bytes](), BytesIO()
        encode = msgspec.json.Encoder().encode
        with gzip.open(data, "wb", 6) as file:

            def write(line: Line) -> None:
                file.write(encode(line) + b"\n")
                if isinstance(line, BlobLine):
                    needed.add(bytes.fromhex(line.digest))

            yield write
            write(End())
        self._shelf.write(copy.digests, b"".join(sorted(needed)))
        self._shelf.write(copy.path, data.getvalue())

    def needed(self, copy: Copy) -> set[str]:
        """The digests of all contents of a copy."""
        data = self._shelf.read(copy.digests)
        if data is None:
            return {line.digest for line in self.lines(copy, BlobLine)}
        return {data[at : at + DIGEST].hex() for at in range(0, len(data), DIGEST)}

    def lines(self, copy: Copy, kind: type[L]) -> Iterator[L]:
        """Those of a kind. Raises DamagedCopy."""
        decoder, line, path = msgspec.json.Decoder(AnyLine), None, f"{self.place}/{copy.path}"
        try:
            with gzip.open(BytesIO(self._shelf.read(copy.path) or b"")) as file:
                for data in file:
                    line = decoder.decode(data)
                    if isinstance(line, kind):
                        yield line
        except (OSError, EOFError, msgspec.MsgspecError, UnicodeDecodeError) as fault:
            raise DamagedCopy(f"{path} is no copy of a project, or a damaged one: {fault}.") from fault
        if not isinstance(line, End):
            raise DamagedCopy(f"{path} was cut off.")

    def header(self, copy: Copy) -> Header:
        """Raises BackupError."""
        header = next(self.lines(copy, Header), None)
        if header is None or header.version != VERSION:
            raise BackupError(
                f"{self.place}/{copy.path} was written by another version of Ocellus; restore it with that one."
            )
        return header

    def note(self, project_id: UUID, lines: Iterable[BlobLine]) -> None:
        """What was copied for a copy that is not whole yet, so that who goes on need not copy it again."""
        self._shelf.write(f"notes/{project_id}/{uuid4()}.jsonl", msgspec.json.Encoder().encode_lines(lines))

    def noted(self, project_id: UUID) -> Iterator[BlobLine]:
        for each in self._shelf.names(f"notes/{project_id}/"):
            yield from self._lines_of(each)

    def forget_notes(self, project_id: UUID) -> None:
        for each in list(self._shelf.names(f"notes/{project_id}/")):
            self._shelf.delete(each.name)

    def all_noted(self, before: datetime) -> Set[str]:
        """The digests in all notes; those that were written before that time belong to nobody, and go."""
        found: set[str] = set()
        for each in list(self._shelf.names("notes/")):
            if each.written < before:
                self._shelf.delete(each.name)
            else:
                found |= {line.digest for line in self._lines_of(each)}
        return found

    def _lines_of(self, note: Shelved) -> list[BlobLine]:
        return msgspec.json.Decoder(BlobLine).decode_lines(self._shelf.read(note.name) or b"")

    def _copies(self, prefix: str) -> Iterator[Copy]:
        for each in self._shelf.names(prefix):
            _, project_id, name = each.name.split("/")
            if name.endswith(SUFFIX):
                yield Copy(UUID(project_id), name)


def _content(digest: str) -> str:
    return f"contents/{digest[:2]}/{digest}"
