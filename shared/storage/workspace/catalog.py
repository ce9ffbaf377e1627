"""What a project has at a moment: which images, how many, in which places. See docs/catalog.md."""

from collections.abc import Set
from typing import NamedTuple
from uuid import UUID

import msgspec

from shared.models.filters import Condition
from shared.models.images import ImageRecord, TaggingStatus
from shared.storage.account import rows
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change
from shared.storage.columns import snapshot
from shared.storage.columns.columns import Columns, Entry
from shared.storage.columns.ids import Flags
from shared.storage.columns.snapshot import Place
from shared.storage.workspace import ledger

LOG = "change:"
LIVE = "live:"
# Catalogs share their columns with the snapshots, which bound what they take.
REMEMBERED, REMEMBERED_SECONDS = 64, 3_600.0


class Catalog(NamedTuple):
    """The images of a project by columns, and its tags; an image may still have others, which were deleted."""

    revision: int
    columns: Columns
    live: frozenset[UUID]

    @property
    def images(self) -> int:
        return self.columns.size

    @property
    def tagged(self) -> int:
        return int(self.having(TaggingStatus.TAGGED).sum())

    @property
    def untagged(self) -> int:
        return self.images - self.tagged

    @property
    def regions(self) -> int:
        return int(self.columns.regions.sum())

    @property
    def per_tag(self) -> dict[UUID, int]:
        """How many images have each tag, deleted ones too."""
        return self.columns.tags.counts()

    @property
    def deleted(self) -> frozenset[UUID]:
        """Deleted tags that images may still have."""
        return frozenset(self.columns.tags.code_of.keys() - self.live)

    def having(
        self, status: TaggingStatus, tag_ids: Set[UUID] = frozenset(), condition: Condition | None = None
    ) -> Flags:
        """Which images have any of the tags (with none given: all of that status) and meet the condition."""
        return self.columns.having(status, tag_ids, condition, self.live)


remembered = Memory(REMEMBERED, REMEMBERED_SECONDS)


def read(store: Store, project_id: UUID) -> Catalog:
    """As it is now. Raises ProjectNotFound."""
    # Read first: what changes meanwhile is read again by the next one.
    revision = ledger.revision(store, project_id)
    known = remembered.get((store, project_id))
    if isinstance(known, Catalog) and known.revision == revision:
        return known
    columns = snapshot.read(store, _place(store, project_id), lambda: _built(store, project_id))
    # Read last: an image can't have a tag that comes later.
    live = rows.scan(store.catalog, str(project_id), LIVE, rows.after_prefix(LIVE), keys_only=True)
    found = Catalog(revision, columns, frozenset(UUID(row.key.removeprefix(LIVE)) for row in live))
    remembered.put((store, project_id), found)
    return found


def row(image_id: UUID, image: ImageRecord | None) -> Change:
    """What a transaction that changes an image has to do besides, so that the catalog knows. None for one that goes."""
    return Change("upsert", f"{LOG}{image_id}", rows.encode(Entry.of(image)) if image else "")


def begin() -> list[Change]:
    """The rows of a new project: one that is there and has no images."""
    return [Change("insert", ledger.WORKSPACE), Change("insert", LOG)]


def settle(store: Store, project_id: UUID, number: int) -> None:
    """After so many images were changed."""
    snapshot.settle(store, _place(store, project_id), number, lambda: _built(store, project_id))


def recount(store: Store, project_id: UUID) -> Catalog:
    """What the images themselves say."""
    return read(store, project_id)._replace(columns=_built(store, project_id))


def _place(store: Store, project_id: UUID) -> Place[Columns]:
    guard = (Change("touch", ledger.WORKSPACE),)
    return Place(Columns, store.catalog, str(project_id), LOG, "catalog", f"{project_id}/", guard)


def _built(store: Store, project_id: UUID) -> Columns:
    """Of a project from before there were columns."""
    decode = msgspec.json.Decoder(ImageRecord).decode
    found = (decode(row.doc) for row in rows.scan(store.catalog, str(project_id), "image:", "image;"))
    return Columns.of({image.id: Entry.of(image) for image in found})
