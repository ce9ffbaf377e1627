"""The rows that make up an image, and what takes them from one state of it to another."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec import structs

from shared.models.images import ImageRecord
from shared.storage.account import rows
from shared.storage.account.rows import Row
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change
from shared.storage.workspace import counts
from shared.storage.workspace.tally import pair

# One transaction turns so many tags of an image on or off, and so many keys of metadata. With the copies it rewrites
# that stays under 100 rows: 6 for the image itself, 2 a tag and a key, 1 a copy.
TAGS_AT_ONCE = 20
KEYS_AT_ONCE = 10
COPIES = 33
# Larger ones are read from the primary row; a page of copies stays small.
COPIED_LENGTH = 8_000
# A transaction holds 4 MiB, of which a row's frame takes some 500 bytes.
LENGTH = 2_000_000


class Turn(NamedTuple):
    """What takes one image from one state to another: the tags that must be there, its rows, its part in the counts."""

    image_id: UUID
    needs: set[UUID]
    changes: list[Change]
    deltas: dict[str, int]


def decode(row: Row) -> ImageRecord:
    return msgspec.json.decode(row.doc, type=ImageRecord)


def copies(record: ImageRecord | None) -> dict[str, str]:
    """The index rows of an image and the copy that each carries; none where the copies would be many or large."""
    if record is None:
        return {}
    copy = rows.encode(record)
    state = "tagged:" if record.tags else "untagged:"
    pairs = (having(*item) for item in record.metadata.items())
    prefixes = [state, *(f"t:{tag_id}:" for tag_id in record.tag_ids), *pairs]
    if len(prefixes) > COPIES or len(copy) > COPIED_LENGTH:
        copy = ""
    return {f"{prefix}{record.id}": copy for prefix in prefixes}


def having(key: str, value: str) -> str:
    """The prefix of the index rows of images with this pair of metadata."""
    return f"m:{pair(key, value)}:"


def within_reach(old: ImageRecord | None, new: ImageRecord | None) -> ImageRecord | None:
    """`new`, or where it changes too many tags or keys for one transaction, a record on the way to it."""
    model = new or old
    assert model is not None
    had, wanted = old.tag_ids if old else set[UUID](), new.tag_ids if new else set[UUID]()
    before, after = old.metadata if old else {}, new.metadata if new else {}
    turned = sorted(had ^ wanted)
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    if len(turned) <= TAGS_AT_ONCE and len(changed) <= KEYS_AT_ONCE:
        return new
    tags = (had - set(turned[:TAGS_AT_ONCE])) | (wanted & set(turned[:TAGS_AT_ONCE]))
    marks = {mark.tag_id: mark for record in (old, new) if record for mark in record.tags}
    later = set(changed[KEYS_AT_ONCE:])
    return structs.replace(
        model,
        tags=[mark for tag_id, mark in marks.items() if tag_id in tags],
        regions=[region for region in model.regions if region.tag_id in tags],
        metadata={key: value for key, value in after.items() if key not in later}
        | {key: value for key, value in before.items() if key in later},
    )


def turn(old: ImageRecord | None, new: ImageRecord | None, etag: str | None = None) -> Turn:
    """The ETag is that of the primary row as it was read; not needed for a new image."""
    model = new or old
    assert model is not None
    before, after = copies(old), copies(new)
    needs = (new.tag_ids if new else set[UUID]()) - (old.tag_ids if old else set[UUID]())
    changes = [
        *_primary(old, new, etag),
        *(Change("delete", key) for key in before if key not in after),
        *(Change("upsert", key, copy) for key, copy in after.items() if before.get(key) != copy),
    ]
    return Turn(model.id, needs, changes, counts.difference(old, new))


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
    deltas = Counter[str]()
    for turn in pack:
        deltas.update(turn.deltas)
    touches = [Change("touch", f"live:{tag_id}") for tag_id in sorted(_needs(pack))]
    changes = chain.from_iterable(turn.changes for turn in pack)
    counts.commit(store, project_id, [*touches, *changes], {name: value for name, value in deltas.items() if value})


def repair(store: Store, project_id: UUID, record: ImageRecord, etag: str) -> None:
    """Write the index rows that the image should have: before there was an index of metadata it got none.

    Raises RowMissing, or RowChanged where the image is another by now.
    """
    copied = (Change("upsert", key, copy) for key, copy in copies(record).items() if key.startswith("m:"))
    counts.commit(store, project_id, [Change("touch", f"image:{record.id}", etag=etag), *copied])


def _fit(pack: Sequence[Turn]) -> bool:
    changes = [change for turn in pack for change in turn.changes]
    return len(changes) + len(_needs(pack)) <= counts.ROOM and sum(len(change.doc) for change in changes) <= LENGTH


def _needs(pack: Sequence[Turn]) -> set[UUID]:
    return set[UUID]().union(*(turn.needs for turn in pack))


def _primary(old: ImageRecord | None, new: ImageRecord | None, etag: str | None) -> list[Change]:
    if new is None:
        return [Change("delete", f"image:{old.id}", etag=etag), Change("delete", f"hash:{old.sha256}")] if old else []
    if old is None:
        hashed = Change("insert", f"hash:{new.sha256}", str(new.id))
        return [Change("insert", f"image:{new.id}", rows.encode(new)), hashed]
    return [Change("replace", f"image:{new.id}", rows.encode(new), etag)]
