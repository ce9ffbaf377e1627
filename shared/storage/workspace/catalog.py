"""What a project has at a moment: which images, how many, in which places. See docs/catalog.md."""

from typing import NamedTuple, cast
from uuid import UUID

from shared.models.workspace.images import ImageRecord, TaggingStatus
from shared.storage.account import rows
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change
from shared.storage.columns import snapshot
from shared.storage.columns.columns import DELETED_TAG, NEW_TAG, Columns, Entry
from shared.storage.columns.snapshot import Place
from shared.storage.workspace import ledger

LOG = "change:"
IMAGE = "image:"
LIVE = "live:"
# A process keeps so many bytes of catalogs, most of which are the columns that snapshots keep, too.
REMEMBERED, REMEMBERED_SECONDS = 256 * 2**20, 3_600.0


class Catalog(NamedTuple):
    """The images of a project, by columns."""

    revision: int
    columns: Columns

    @property
    def images(self) -> int:
        return self.columns.size

    @property
    def tagged(self) -> int:
        return int(self.columns.having(TaggingStatus.TAGGED).sum())

    @property
    def regions(self) -> int:
        return int(self.columns.regions.sum())

    @property
    def per_tag(self) -> dict[UUID, int]:
        """How many images have each tag, deleted ones too."""
        return self.columns.tags.counts()


remembered = Memory(REMEMBERED, REMEMBERED_SECONDS, lambda known: cast(Catalog, known).columns.nbytes)


def read(store: Store, project_id: UUID) -> Catalog:
    """As it is now. Raises ProjectNotFound."""
    # Read first: what changes meanwhile is read again by the next one.
    revision = ledger.revision(store, project_id)
    known = remembered.get((store, project_id))
    if isinstance(known, Catalog) and known.revision == revision:
        return known
    found = Catalog(revision, snapshot.read(store, _place(store, project_id), lambda: _built(store, project_id)))
    remembered.put((store, project_id), found)
    return found


def row(image_id: UUID, image: ImageRecord | None) -> Change:
    """What a transaction that changes an image has to do besides, so that the catalog knows. None for one that goes."""
    return Change("upsert", f"{LOG}{image_id}", rows.encode(Entry.of(image)) if image else "")


def tag_row(tag_id: UUID, *, deleted: bool) -> Change:
    """What a transaction that makes or deletes a tag has to do besides."""
    return Change("upsert", f"{LOG}{tag_id}", DELETED_TAG if deleted else NEW_TAG)


def begin() -> list[Change]:
    """The rows of a new project: one that is there and has no images."""
    return [Change("insert", ledger.WORKSPACE), Change("insert", LOG)]


def tidy(store: Store, project_id: UUID, number: int) -> None:
    """After so many images were changed."""
    snapshot.tidy(store, _place(store, project_id), lambda: _built(store, project_id), number)


def _place(store: Store, project_id: UUID) -> Place[Columns]:
    guard = (Change("touch", ledger.WORKSPACE),)
    return Place(Columns, store.catalog, str(project_id), LOG, "catalog", f"{project_id}/", guard)


def _built(store: Store, project_id: UUID) -> Columns:
    """The columns of a project that has none, or whose checkpoint is lost: made of its images."""
    partition = str(project_id)
    images = (row.decode(ImageRecord) for row in rows.starting(store.catalog, partition, IMAGE))
    columns = Columns.of({image.id: Entry.of(image) for image in images})
    # Read last: an image can't have a tag that comes later.
    live = rows.starting(store.catalog, partition, LIVE, keys_only=True)
    deleted = columns.tags.code_of.keys() - {UUID(row.key.removeprefix(LIVE)) for row in live}
    return columns._replace(deleted=frozenset(deleted))
