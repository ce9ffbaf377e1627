"""A project comes back as a copy has it, with all of its ids: programs and published names find it as before."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from shared.errors import BackupError, ProjectNotFound
from shared.models.labelling.suggestions import Suggestion
from shared.operations.backup.vault import (
    BlobLine,
    Copy,
    Header,
    ImageLine,
    IterationLine,
    PredictionLine,
    Progress,
    SuggestionLine,
    TagLine,
    Vault,
)
from shared.storage.account import blobs
from shared.storage.account.contents import Blob
from shared.storage.account.store import Store
from shared.storage.serving import predictions
from shared.storage.training import iterations as stored_iterations
from shared.storage.workspace import catalog
from shared.storage.workspace import images as stored_images
from shared.storage.workspace import projects as stored_projects
from shared.storage.workspace import suggestions as stored_suggestions
from shared.storage.workspace import tags as stored_tags

# So much of each kind is written before the next is read.
PART = 512
# Pictures never change under their name.
CACHED = ("images", "predictions")

T = TypeVar("T")


class Restored(Struct, frozen=True, rename="camel"):
    """What there is again; of `missing` images the copy has no pictures."""

    project_id: UUID
    name: str
    copy: str
    images: int
    tags: int
    iterations: int
    blobs: int
    missing: list[UUID]


def restore(store: Store, vault: Vault, copy: Copy, report: Progress, *, force: bool) -> Restored:
    """It is listed when all of it is there. One that was cut off can be repeated.

    Raises BackupError where there is such a project, or (unless `force`) something that is left of one.
    """
    header = vault.header(copy)
    project_id = header.project.id
    _begin(store, project_id, copy.name, force=force)
    pointers, pictures = _put_blobs(store, vault, copy, project_id, report)
    missing = _put_documents(store, vault, copy, header, pictures)
    # Names answer when their models are there, and the project is listed when all of it is.
    for line in pointers:
        _write(store, vault, line)
    stored_projects.insert(store, header.project)
    blobs.delete(store, "catalog", _mark(project_id))
    found = catalog.read(store, project_id).columns.size
    written = sum(1 for _ in vault.lines(copy, BlobLine))
    there = len(stored_tags.records(store, project_id)), len(stored_iterations.list_all(store, project_id))
    return Restored(project_id, header.project.name, copy.name, found, *there, written, missing)


def _begin(store: Store, project_id: UUID, copy: str, *, force: bool) -> None:
    """Where nothing is, and where this very copy was being restored: a purge that goes on would delete it again."""
    with suppress(ProjectNotFound):
        there = stored_projects.get(store, project_id)
        raise BackupError(f"the project '{there.name}' ({project_id}) is there; delete it first if it is to go back.")
    mark = blobs.read(store, "catalog", _mark(project_id))
    if (mark is None or mark.data != copy.encode()) and stored_projects.leaves_something(store, project_id):
        if not force:
            raise BackupError(
                f"something is left of the project {project_id}, {_of_what(mark)}, or restore with --force, which "
                "clears it away first."
            )
        while not stored_projects.purge(store, project_id):
            pass
    blobs.write(store, "catalog", _mark(project_id), copy.encode())
    stored_projects.begin(store, project_id)


def _of_what(mark: Blob | None) -> str:
    """Why something is left, and how it goes."""
    if mark is None:
        return "which goes some minutes after its deletion; wait for that"
    return f"as a restore of its copy {mark.data.decode()} was broken off; go on with that one"


def _mark(project_id: UUID) -> str:
    """The blob that says which copy is being restored."""
    return f"{project_id}/restoring"


def _put_blobs(
    store: Store, vault: Vault, copy: Copy, project_id: UUID, report: Progress
) -> tuple[list[BlobLine], set[UUID]]:
    """All but the pointers; those, and the images that have a picture."""
    pointers: list[BlobLine] = []
    pictures: set[UUID] = set()
    written = 0
    for part in _parts(vault.lines(copy, BlobLine)):
        if strange := next((line.name for line in part if not line.name.startswith(f"{project_id}/")), None):
            raise BackupError(f"{copy.path} has '{strange}', which is not of its project; it was tampered with.")
        pointers += [line for line in part if line.container == "published"]
        others = [line for line in part if line.container != "published"]
        list(store.threads.map(lambda line: _write(store, vault, line), others))
        pictures |= {UUID(line.name.split("/")[1]) for line in others if line.container == "images"}
        report(written := written + len(part))
    return pointers, pictures


def _write(store: Store, vault: Vault, line: BlobLine) -> None:
    cache = blobs.PICTURE_CACHE if line.container in CACHED else None
    blobs.write(store, line.container, line.name, vault.get(line.digest), line.content_type, cache_control=cache)


def _put_documents(store: Store, vault: Vault, copy: Copy, header: Header, pictures: set[UUID]) -> list[UUID]:
    """The images that the copy has no pictures of."""
    project_id, missing = header.project.id, list[UUID]()
    for tag in vault.lines(copy, TagLine):
        stored_tags.insert(store, project_id, tag.tag.tag, tag.tag.created)
    present = {record.tag.id for record in stored_tags.records(store, project_id)}
    for found in _parts(line.image for line in vault.lines(copy, ImageLine)):
        missing += [image.id for image in found if image.id not in pictures]
        # A tag that went while the copy was taken is off its images, too.
        kept = [image.without_tags(image.tag_ids - present) for image in found if image.id in pictures]
        stored_images.insert_many(store, project_id, kept)
    for line in vault.lines(copy, IterationLine):
        stored_iterations.insert(store, line.iteration)
    stored_iterations.set_next_number(store, project_id, header.number)
    for part in _parts(vault.lines(copy, SuggestionLine)):
        for iteration_id, suggested in _by_iteration(part).items():
            stored_suggestions.put(store, project_id, iteration_id, suggested)
    for stored in _parts(line.prediction for line in vault.lines(copy, PredictionLine)):
        list(store.threads.map(lambda each: predictions.put(store, each), stored))
    return missing


def _by_iteration(lines: Iterable[SuggestionLine]) -> dict[UUID, list[Suggestion]]:
    found: dict[UUID, list[Suggestion]] = {}
    for line in lines:
        found.setdefault(line.iteration_id, []).append(line.suggestion)
    return found


def _parts(found: Iterable[T]) -> Iterator[list[T]]:
    left = iter(found)
    while part := list(islice(left, PART)):
        yield part
