"""The rows that make up an image, and what takes them from one state of it to another."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from shared.models.wire import now
from shared.models.workspace.images import ImageRecord, TrashedImage
from shared.storage.account import rows
from shared.storage.account.rows import COPIED_LENGTH
from shared.storage.account.store import Store
from shared.storage.account.transactions import LIMIT, Change, RowMissing
from shared.storage.workspace import catalog, ledger

# Images with more tags, and larger ones, have no copies: they are read one by one.
COPIES = 33
# A transaction looks at so many of the tags that its images take: with the workspace, an image's own three rows, and
# the copies that go and come, that stays under 100 rows.
TOUCHED = 25
# Changes that a transaction has room for beside the workspace.
ROOM = LIMIT - 1
# A transaction holds 4 MiB, of which a row's frame takes some 500 bytes.
LENGTH = 2_000_000
HASH = "hash:"
UNTAGGED = "untagged:"
TRASH = "trash:"


class Turn(NamedTuple):
    """What takes one image from one state to another: the tags that must be there, and the rows to write."""

    image_id: UUID
    needs: set[UUID]
    changes: list[Change]


def copies(image: ImageRecord | None) -> dict[str, str]:
    """The rows that show an image on the pages of each of its tags, or on those of untagged images."""
    if image is None:
        return {}
    copy = rows.encode(image)
    prefixes = [of_tag(tag_id) for tag_id in image.tag_ids] or [UNTAGGED]
    if len(prefixes) > COPIES or len(copy) > COPIED_LENGTH:
        return {}
    return {f"{prefix}{image.id}": copy for prefix in prefixes}


def of_tag(tag_id: UUID) -> str:
    """The prefix of the copies of images with this tag."""
    return f"t:{tag_id}:"


def turn(old: ImageRecord | None, new: ImageRecord | None, etag: str | None = None, *, trash: bool = False) -> Turn:
    """The ETag is that of the primary row as it was read; not needed for a new image.

    With `trash` an image that goes is kept there as it was.
    """
    model = new or old
    assert model is not None
    before, after = copies(old), copies(new)
    needs = (new.tag_ids if new else set[UUID]()) - (old.tag_ids if old else set[UUID]())
    changes = [
        *_primary(old, new, etag),
        *([_trashed(model)] if trash and new is None else []),
        catalog.row(model.id, new),
        *(Change("delete", key) for key in before if key not in after),
        *(Change("upsert", key, copy) for key, copy in after.items() if before.get(key) != copy),
    ]
    return Turn(model.id, needs, changes)


def in_trash(image_id: UUID) -> str:
    """The key of an image that was deleted."""
    return f"{TRASH}{image_id}"


def packs(turns: Iterable[Turn]) -> Iterator[list[Turn]]:
    """As many turns together as one transaction holds."""
    pack: list[Turn] = []
    for turn in turns:
        if pack and not _fit([*pack, turn]):
            yield pack
            pack = []
        pack.append(turn)
    if pack:
        yield pack


def commit(store: Store, project_id: UUID, pack: Sequence[Turn]) -> None:
    """All turns or none, each of another image. A tag that an image takes must be there.

    Raises RowMissing (also when the project is gone), RowExists or RowChanged.
    """
    needs = [f"{catalog.LIVE}{tag_id}" for tag_id in sorted(_needs(pack))]
    # Where an image takes more tags at once, one that is deleted at this very moment is swept off by upkeep.
    if not all(rows.read(store.catalog, str(project_id), key) for key in needs[TOUCHED:]):
        raise RowMissing
    touches = [Change("touch", key) for key in needs[:TOUCHED]]
    ledger.revise(store, project_id, [*touches, *(change for turn in pack for change in turn.changes)])
    catalog.tidy(store, project_id, len(pack))


def _fit(pack: Sequence[Turn]) -> bool:
    changes, needs = [change for turn in pack for change in turn.changes], len(_needs(pack))
    length = sum(len(change.doc) for change in changes)
    return needs <= TOUCHED and needs + len(changes) <= ROOM and length <= LENGTH


def _needs(pack: Sequence[Turn]) -> set[UUID]:
    return set[UUID]().union(*(turn.needs for turn in pack))


def _primary(old: ImageRecord | None, new: ImageRecord | None, etag: str | None) -> list[Change]:
    model = new or old
    assert model is not None
    key, digest = f"{catalog.IMAGE}{model.id}", f"{HASH}{model.sha256}"
    if new is None:
        return [Change("delete", key, etag=etag), Change("delete", digest)]
    if old is None:
        return [Change("insert", key, rows.encode(new)), Change("insert", digest, str(new.id))]
    return [Change("replace", key, rows.encode(new), etag)]


def _trashed(image: ImageRecord) -> Change:
    return Change("upsert", in_trash(image.id), rows.encode(TrashedImage(now(), image)))
