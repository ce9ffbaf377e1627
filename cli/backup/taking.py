"""A copy of a project: each thing as it was at some moment while the copy was taken, and none half."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Set
from itertools import islice
from uuid import UUID

from msgspec import Struct

from cli.backup.vault import (
    VERSION,
    BlobLine,
    Header,
    ImageLine,
    IterationLine,
    Line,
    PredictionLine,
    SuggestionLine,
    TagLine,
    Vault,
)
from shared.models.training.iterations import IterationStatus
from shared.models.wire import now
from shared.models.workspace.images import TaggingStatus
from shared.models.workspace.projects import Project
from shared.storage.account import blobs
from shared.storage.account.store import Container, Store
from shared.storage.columns.ids import uuids
from shared.storage.serving import predictions
from shared.storage.training import datasets, iterations
from shared.storage.workspace import images, suggestions, tags

# So many blobs are copied side by side before the next are looked for.
PART = 512
DONE = (IterationStatus.COMPLETED, IterationStatus.FAILED)

# The ETag of what never changes under its name.
UNCHANGING = ""

# How many blobs are in the copy, as it goes on.
Report = Callable[[int], None]
# A blob's name and its ETag.
Found = tuple[str, str]
Known = dict[tuple[Container, str], BlobLine]


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


def take(store: Store, vault: Vault, project: Project, report: Report) -> Copied:
    """Pointers come first and their models last, so that a published name has its model. What was deleted meanwhile is
    not missed: `restore` leaves out images whose pictures are not there.
    """
    of, known, counts, new = project.id, _before(vault, project.id), Counter[type[Line]](), 0
    with vault.writing(of, taken := now()) as write:
        write(Header(VERSION, taken, project, iterations.next_number(store, of)))

        def keep(line: Line) -> None:
            counts[type(line)] += 1
            write(line)

        def copy(container: Container, found: Iterable[Found]) -> int:
            copied = 0
            for part, fresh in _blobs(store, vault, container, found, known):
                for line in part:
                    keep(line)
                report(counts[BlobLine])
                copied += fresh
            return copied

        new += copy("published", blobs.etags(store, "published", f"{of}/"))
        pictured: set[UUID] = set()
        for line in _documents(store, of):
            keep(line)
            if isinstance(line, ImageLine):
                pictured.add(line.image.id)
            if isinstance(line, IterationLine):
                pictured |= _trained_on(store, of, line.iteration.iteration.id)
        new += copy("images", _pictures(of, pictured))
        new += copy("models", blobs.etags(store, "models", f"{of}/"))
        judged = (found for found in blobs.etags(store, "predictions", f"{of}/") if _is_picture(found[0]))
        new += copy("predictions", judged)
    copies = counts[ImageLine], counts[TagLine], counts[IterationLine], counts[BlobLine]
    return Copied(of, project.name, vault.copies(of)[-1].name, *copies, new)


def _before(vault: Vault, project_id: UUID) -> Known:
    """The blobs of the last copy."""
    copies = vault.copies(project_id)
    found = vault.lines(copies[-1], BlobLine) if copies else ()
    return {(line.container, line.name): line for line in found}


def _documents(store: Store, project_id: UUID) -> Iterator[Line]:
    """Tags come after images, which name them."""
    for image in images.each(store, project_id, TaggingStatus.ALL):
        yield ImageLine(image)
    for tag in tags.records(store, project_id):
        yield TagLine(tag)
    for record in iterations.list_all(store, project_id):
        if record.iteration.status in DONE:
            yield IterationLine(record)
            for suggestion in suggestions.all_of(store, project_id, record.iteration.id):
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


def _blobs(
    store: Store, vault: Vault, container: Container, found: Iterable[Found], known: Known
) -> Iterator[tuple[list[BlobLine], int]]:
    """Parts of a container's blobs, with how many of each were copied now."""

    def kept(name: str, etag: str) -> tuple[BlobLine | None, bool]:
        line = known.get((container, name))
        if line and line.etag == etag and vault.has(line.digest):
            return line, False
        blob = blobs.read(store, container, name)
        read = etag and blob and _bare(blob.etag)
        return blob and BlobLine(container, name, read or "", vault.put(blob.data), blob.content_type), True

    left = iter(found)
    while part := list(islice(left, PART)):
        lines = list(store.threads.map(lambda each: kept(each[0], _bare(each[1])), part))
        yield [line for line, _ in lines if line], sum(fresh for line, fresh in lines if line)


def _is_picture(name: str) -> bool:
    """Beside them lies what is counted again where it is not there."""
    return name.count("/") == 1


def _bare(etag: str) -> str:
    return etag.strip('"')
