"""A copy of a project: each thing as it was at some moment while the copy was taken, and none half."""

import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from contextlib import suppress
from hashlib import sha256
from itertools import islice
from uuid import UUID

from msgspec import Struct

from shared.errors import BackupError
from shared.models.training.iterations import IterationStatus
from shared.models.wire import now
from shared.models.workspace.images import TaggingStatus
from shared.models.workspace.projects import Project
from shared.operations.backup.vault import (
    VERSION,
    BlobLine,
    Header,
    ImageLine,
    IterationLine,
    Line,
    PredictionLine,
    Progress,
    SuggestionLine,
    TagLine,
    Vault,
)
from shared.storage.account import blobs
from shared.storage.account.store import Container, Store
from shared.storage.columns.ids import uuids
from shared.storage.serving import predictions
from shared.storage.training import datasets
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import suggestions as stored_suggestions
from shared.storage.workspace import tags as stored_tags

# So many blobs are copied side by side before the next are looked for, and so many at most again after a kill.
PART, NOTED = 512, 4_096
DONE = (IterationStatus.COMPLETED, IterationStatus.FAILED)

# A copy has containers in this order, and the blobs of each by their names.
ORDER: tuple[Container, ...] = ("published", "images", "models", "predictions")

# The ETag of what never changes under its name.
UNCHANGING = ""

# A blob's name and its ETag.
Found = tuple[str, str]


class Unfinished(Exception):
    """There was no time for all of it; what was copied is noted, and the next try goes on from there."""


class Copied(Struct, frozen=True, rename="camel"):
    """What a copy has: of its blobs some were new, the others had been copied before."""

    project_id: UUID
    name: str
    copy: str
    images: int
    tags: int
    iterations: int
    blobs: int
    new: int


def take(store: Store, vault: Vault, project: Project, report: Progress, until: float = math.inf) -> Copied:
    """Pointers come first and their models last, so that a published name has its model. What was deleted meanwhile is
    not missed: `restore` leaves out images whose pictures are not there.

    Raises Unfinished where it copies something after `until`, by time.monotonic().
    """
    of, counts, contents = project.id, Counter[type[Line]](), Contents(store, vault, project.id, until)
    with vault.writing(of, taken := now()) as write:
        write(Header(VERSION, taken, project, stored_iterations.next_number(store, of)))

        def keep(line: Line) -> None:
            counts[type(line)] += 1
            write(line)

        def copy(container: Container, found: Iterable[Found]) -> None:
            for part in contents.lines(container, found):
                for line in part:
                    keep(line)
                report(counts[BlobLine])

        # In `ORDER`.
        copy("published", blobs.etags(store, "published", f"{of}/"))
        pictured: set[UUID] = set()
        for line in _documents(store, of):
            keep(line)
            if isinstance(line, ImageLine):
                pictured.add(line.image.id)
            if isinstance(line, IterationLine):
                pictured |= _trained_on(store, of, line.iteration.iteration.id)
        copy("images", _pictures(of, pictured))
        copy("models", blobs.etags(store, "models", f"{of}/"))
        copy("predictions", (found for found in blobs.etags(store, "predictions", f"{of}/") if _is_picture(found[0])))
    vault.forget_notes(of)
    copies = counts[ImageLine], counts[TagLine], counts[IterationLine], counts[BlobLine]
    return Copied(of, project.name, vault.copies(of)[-1].name, *copies, contents.new)


class Contents:
    """Has the blobs of a project in the vault. What the last copy has is not copied again, nor what a try before noted.

    `new` counts what was copied.
    """

    def __init__(self, store: Store, vault: Vault, project_id: UUID, until: float) -> None:
        self._store, self._vault, self._project_id, self._until = store, vault, project_id, until
        self._held = {bytes.fromhex(digest) for digest, _ in vault.contents()}
        self._noted = {(line.container, line.name): line for line in vault.noted(project_id)}
        self._former = Former(vault, project_id)
        self._put: set[bytes] = set()
        self._not_noted: list[BlobLine] = []
        self.new = 0

    def lines(self, container: Container, found: Iterable[Found]) -> Iterator[list[BlobLine]]:
        """Those of a container's blobs, part by part. Raises Unfinished."""
        left = iter(found)
        while part := list(islice(left, PART)):
            # By this thread: the former copy is looked through in order.
            known = [self._known(container, name, _bare(etag)) for name, etag in part]
            new = [each for each, line in zip(part, known, strict=True) if line is None]
            copied = list(self._store.threads.map(lambda each: self._copied(container, each[0], _bare(each[1])), new))
            fresh = [line for line in copied if line]
            self.new += len(fresh)
            self._note(fresh)
            rest = iter(copied)
            yield [line for line in (each or next(rest) for each in known) if line]

    def _known(self, container: Container, name: str, etag: str) -> BlobLine | None:
        """As it was copied before, where it is still so and what was copied is still there."""
        former = self._former.find(container, name)
        line = self._noted.get((container, name), former)
        return line if line and line.etag == etag and bytes.fromhex(line.digest) in self._held else None

    def _copied(self, container: Container, name: str, etag: str) -> BlobLine | None:
        blob = blobs.read(self._store, container, name)
        if blob is None:
            return None
        digest = sha256(blob.data).digest()
        if digest not in self._put:
            self._vault.put(digest.hex(), blob.data)
            self._put.add(digest)
        return BlobLine(container, name, _bare(blob.etag) if etag else "", digest.hex(), blob.content_type)

    def _note(self, fresh: list[BlobLine]) -> None:
        self._not_noted += fresh
        late = bool(fresh) and time.monotonic() > self._until
        if late or len(self._not_noted) >= NOTED:
            self._vault.note(self._project_id, self._not_noted)
            self._not_noted = []
        if late:
            raise Unfinished


class Former:
    """The blobs of the last copy, as far as it can be read. One is in memory at a time, so that they may be many."""

    def __init__(self, vault: Vault, project_id: UUID) -> None:
        self._lines = _former(vault, project_id)
        self._next = next(self._lines, None)

    def find(self, container: Container, name: str) -> BlobLine | None:
        """In the order of a copy alone: those before it are gone. One that is not found is copied anew."""
        wanted = ORDER.index(container), name
        while self._next and (ORDER.index(self._next.container), self._next.name) < wanted:
            self._next = next(self._lines, None)
        is_it = self._next and (self._next.container, self._next.name) == (container, name)
        return self._next if is_it else None


def _former(vault: Vault, project_id: UUID) -> Iterator[BlobLine]:
    if copies := vault.copies(project_id):
        with suppress(BackupError):
            yield from vault.lines(copies[-1], BlobLine)


def _documents(store: Store, project_id: UUID) -> Iterator[Line]:
    """Tags come after images, which name them."""
    for image in stored_images.each(store, project_id, TaggingStatus.ALL):
        yield ImageLine(image)
    for tag in stored_tags.records(store, project_id):
        yield TagLine(tag)
    for record in stored_iterations.list_all(store, project_id):
        if record.iteration.status in DONE:
            yield IterationLine(record)
            for suggestion in stored_suggestions.all_of(store, project_id, record.iteration.id):
                yield SuggestionLine(record.iteration.id, suggestion)
    for prediction in predictions.each(store, project_id):
        yield PredictionLine(prediction)


def _trained_on(store: Store, project_id: UUID, iteration_id: UUID) -> set[UUID]:
    """The images of an iteration, which may be deleted since."""
    index = datasets.index(store, project_id, iteration_id)
    return set(uuids(index.columns.ids)) if index else set()


def _pictures(project_id: UUID, image_ids: Set[UUID]) -> Iterator[Found]:
    """To list them would take longer than all else where there are many."""
    for image_id in sorted(image_ids):
        for kind in blobs.KINDS:
            yield blobs.picture_name(project_id, image_id, kind), UNCHANGING


def _is_picture(name: str) -> bool:
    """Beside them lies what is counted again where it is not there."""
    return name.count("/") == 1


def _bare(etag: str) -> str:
    return etag.strip('"')
