"""A copy of a project: each thing as it was at some moment while the copy was taken, and none half."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
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
from shared.storage.serving import predictions
from shared.storage.training import iterations
from shared.storage.workspace import images, suggestions, tags

# So many blobs are copied side by side before the next are looked for.
PART = 512
PICTURES_AND_MODELS: tuple[Container, ...] = ("images", "models", "predictions")
DONE = (IterationStatus.COMPLETED, IterationStatus.FAILED)

# What was copied of how many blobs, as it goes on.
Report = Callable[[int], None]
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

        def keep(lines: Iterable[Line]) -> None:
            for line in lines:
                counts[type(line)] += 1
                write(line)

        def copy(container: Container) -> Iterator[int]:
            for part, fresh in _blobs(store, vault, container, of, known):
                keep(part)
                report(counts[BlobLine])
                yield fresh

        new += sum(copy("published"))
        keep(_documents(store, of))
        new += sum(fresh for container in PICTURES_AND_MODELS for fresh in copy(container))
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


def _blobs(
    store: Store, vault: Vault, container: Container, project_id: UUID, known: Known
) -> Iterator[tuple[list[BlobLine], int]]:
    """Parts of a container's blobs, with how many of each were copied now."""

    def kept(found: tuple[str, str]) -> tuple[BlobLine | None, bool]:
        name, etag = found
        line = known.get((container, name))
        if line and line.etag == etag and vault.has(line.digest):
            return line, False
        blob = blobs.read(store, container, name)
        line = blob and BlobLine(container, name, _bare(blob.etag), vault.put(blob.data), blob.content_type)
        return line, True

    found = (
        (name, _bare(etag))
        for name, etag in blobs.etags(store, container, f"{project_id}/")
        if container != "predictions" or _is_picture(name)
    )
    while part := list(islice(found, PART)):
        lines = list(store.threads.map(kept, part))
        yield [line for line, _ in lines if line], sum(fresh for line, fresh in lines if line)


def _is_picture(name: str) -> bool:
    """Beside them lies what is counted again where it is not there."""
    return name.count("/") == 1


def _bare(etag: str) -> str:
    return etag.strip('"')
