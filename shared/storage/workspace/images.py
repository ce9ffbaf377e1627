"""Images: one primary row each, and copies of it by tag, so that a page is one range query."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from uuid import UUID

import numpy as np

from shared.errors import ImageNotFound, TagNotFound
from shared.models.workspace.filters import Condition
from shared.models.workspace.images import ImageRecord, OrderBy, TaggingStatus, TrashedImage
from shared.storage.account import rows
from shared.storage.account.rows import Row
from shared.storage.account.store import Store
from shared.storage.account.transactions import RowChanged, RowExists, RowMissing
from shared.storage.columns.columns import Columns
from shared.storage.columns.ids import Positions, positions, uuids
from shared.storage.workspace import catalog, image_rows, ledger
from shared.storage.workspace.image_rows import HASH, TRASH, UNTAGGED, Turn, of_tag

# Fewer ids than these are quicker read one by one than looked for in one range.
DENSE = 8
# So many images are held in memory while they are written many to a transaction, or read one after the other.
BULK = 1_000
# A query costs as much as this many rows of its answer, and reading a row by itself as much as so many.
QUERY, ALONE = 50, 16


def insert(store: Store, project_id: UUID, image: ImageRecord) -> ImageRecord | None:
    """None, or the image that has the same content already. Raises ProjectNotFound, TagNotFound."""
    for _ in rows.attempts():
        try:
            image_rows.commit(store, project_id, [image_rows.turn(None, image)])
            return None
        except RowExists:
            if (existing := find(store, project_id, image.sha256)) is not None:
                return existing if existing.id != image.id else None
        except RowMissing:
            _require_tags(store, project_id, image.tag_ids)
    raise AssertionError("attempts() raises")


def get(store: Store, project_id: UUID, image_id: UUID) -> ImageRecord:
    """Raises ProjectNotFound, ImageNotFound."""
    row = rows.read(store.catalog, str(project_id), f"{catalog.IMAGE}{image_id}")
    if row is None:
        raise _absent(store, project_id, image_id)
    return row.decode(ImageRecord)


def get_many(store: Store, project_id: UUID, ids: Iterable[UUID]) -> list[ImageRecord]:
    """In the order of the ids, without those that are not there."""
    return [row.decode(ImageRecord) for row in _rows(store, project_id, ids)]


def find(store: Store, project_id: UUID, sha256: str) -> ImageRecord | None:
    """The image with this content."""
    row = rows.read(store.catalog, str(project_id), f"{HASH}{sha256}")
    found = row and rows.read(store.catalog, str(project_id), f"{catalog.IMAGE}{row.doc}")
    return found.decode(ImageRecord) if found else None


def digests(store: Store, project_id: UUID) -> set[str]:
    """The contents of all images, and of those that can be restored."""
    present = {
        row.key.removeprefix(HASH) for row in rows.starting(store.catalog, str(project_id), HASH, keys_only=True)
    }
    # Afterwards, so that one that goes there meanwhile is found.
    trashed = rows.starting(store.catalog, str(project_id), TRASH)
    return present | {row.decode(TrashedImage).image.sha256 for row in trashed}


def of_regions(store: Store, project_id: UUID, region_ids: Iterable[UUID]) -> dict[UUID, ImageRecord]:
    """The image of each region, without the regions that are not there."""
    wanted = set(region_ids)
    # A region's id begins as its image's does: with so many characters.
    prefixes = {f"{catalog.IMAGE}{str(region_id)[:18]}" for region_id in wanted}

    def starting(prefix: str) -> list[Row]:
        return list(rows.starting(store.catalog, str(project_id), prefix))

    found = [row.decode(ImageRecord) for part in store.threads.map(starting, sorted(prefixes)) for row in part]
    return {mark.region_id: record for record in found for mark in record.regions if mark.region_id in wanted}


def update(store: Store, project_id: UUID, image_id: UUID, change: Callable[[ImageRecord], ImageRecord]) -> ImageRecord:
    """Raises ProjectNotFound, ImageNotFound, TagNotFound.

    `change` is called again on what it finds then when others changed the image meanwhile.
    """
    changed = _change(store, project_id, image_id, change)
    assert changed is not None
    return changed


def insert_many(store: Store, project_id: UUID, images: Iterable[ImageRecord]) -> None:
    """Images with ids of their own, many to a transaction. Those whose id or content is there are passed over.

    Raises ProjectNotFound, TagNotFound.
    """

    def write(pack: list[Turn]) -> None:
        try:
            image_rows.commit(store, project_id, pack)
        except (RowExists, RowMissing):
            for turn in pack:
                insert(store, project_id, part[turn.image_id])

    left = iter(images)
    while part := {image.id: image for image in islice(left, BULK)}:
        for pack in image_rows.packs(image_rows.turn(None, image) for image in part.values()):
            write(pack)


def change_many(
    store: Store,
    project_id: UUID,
    image_ids: Sequence[UUID],
    change: Callable[[ImageRecord], ImageRecord | None],
    *,
    trash: bool = False,
) -> None:
    """Change images, many to a transaction; one by one those that others change meanwhile.

    `change` gives the new state of an image, None to delete it, and may be asked again. Absent images are passed over.
    With `trash` those that are deleted can be restored. Raises ProjectNotFound, TagNotFound.
    """

    def write(pack: list[Turn]) -> None:
        try:
            image_rows.commit(store, project_id, pack)
        except (RowExists, RowMissing, RowChanged):
            for turn in pack:
                with suppress(ImageNotFound):
                    _change(store, project_id, turn.image_id, change, trash=trash)

    for start in range(0, len(image_ids), BULK):
        found = ((row, row.decode(ImageRecord)) for row in _rows(store, project_id, image_ids[start : start + BULK]))
        changed = ((row, old, new) for row, old in found if (new := change(old)) != old)
        turns = (image_rows.turn(old, new, row.etag, trash=trash) for row, old, new in changed)
        # One after the other, so that others' calls find room between them.
        for pack in image_rows.packs(turns):
            write(pack)


def page(
    store: Store,
    project_id: UUID,
    *,
    status: TaggingStatus,
    tag_ids: Sequence[UUID],
    order: OrderBy,
    take: int,
    skip: int,
    keep: Condition | None = None,
) -> list[ImageRecord]:
    """Images with any of the tags (with none given: all of that status), as they are now.

    Images with none but deleted tags, which are not swept yet, are untagged.
    """
    columns = catalog.read(store, project_id).columns
    found = columns.having(status, frozenset(tag_ids), keep)
    chosen = positions(found, oldest=order is OrderBy.OLDEST, skip=skip, take=take)
    return _shown(store, project_id, columns, chosen, status, tag_ids)


def count(
    store: Store, project_id: UUID, *, status: TaggingStatus, tag_ids: Sequence[UUID], keep: Condition | None = None
) -> int:
    """How many images `page` would show."""
    return int(np.count_nonzero(catalog.read(store, project_id).columns.having(status, frozenset(tag_ids), keep)))


def each(store: Store, project_id: UUID, status: TaggingStatus = TaggingStatus.TAGGED) -> Iterator[ImageRecord]:
    """All images that have that status now, the newest first; lazily."""
    columns = catalog.read(store, project_id).columns
    found = positions(columns.having(status), oldest=False, skip=0)
    for start in range(0, len(found), BULK):
        yield from _shown(store, project_id, columns, found[start : start + BULK], status, [])


def with_tag(store: Store, project_id: UUID, tag_id: UUID) -> list[UUID]:
    """The ids of all images with this tag, whether the tag itself is still there or not."""
    columns = catalog.read(store, project_id).columns
    return uuids(columns.ids[columns.tags.having([tag_id], columns.size)])


def with_other_tags(store: Store, project_id: UUID, tag_id: UUID) -> list[UUID]:
    """The ids of the images that have this tag and at least one more that is there."""
    columns = catalog.read(store, project_id).columns
    others = columns.tags.code_of.keys() - columns.deleted - {tag_id}
    having = columns.tags.having([tag_id], columns.size) & columns.tags.having(others, columns.size)
    return uuids(columns.ids[having])


def _change(
    store: Store,
    project_id: UUID,
    image_id: UUID,
    change: Callable[[ImageRecord], ImageRecord | None],
    *,
    trash: bool = False,
) -> ImageRecord | None:
    """The one way to change an image that is there. Raises ProjectNotFound, ImageNotFound, TagNotFound."""
    for _ in rows.attempts():
        row = rows.read(store.catalog, str(project_id), f"{catalog.IMAGE}{image_id}")
        if row is None:
            raise _absent(store, project_id, image_id)
        old = row.decode(ImageRecord)
        new = change(old)
        if new == old:
            return old
        try:
            image_rows.commit(store, project_id, [image_rows.turn(old, new, row.etag, trash=trash)])
        except RowMissing:
            _require_tags(store, project_id, (new.tag_ids if new else set[UUID]()) - old.tag_ids)
        except (RowChanged, RowExists):
            continue
        else:
            return new
    raise AssertionError("attempts() raises")


def _rows(store: Store, project_id: UUID, ids: Iterable[UUID]) -> list[Row]:
    """The primary rows of those images that are there, in the order of the ids."""
    keys = [f"{catalog.IMAGE}{image_id}" for image_id in dict.fromkeys(ids)]
    found = _near(store, project_id, keys) if len(keys) >= DENSE else {}
    rest = [key for key in keys if key not in found]
    for row in store.threads.map(lambda key: rows.read(store.catalog, str(project_id), key), rest):
        if row is not None:
            found[row.key] = row
    return [row for key in keys if (row := found.get(key))]


def _near(store: Store, project_id: UUID, keys: Sequence[str]) -> dict[str, Row]:
    """Those of the rows that one range query finds. Ids of one page or one upload lie side by side."""
    wanted, limit = set(keys), 2 * len(keys)
    scan = rows.scan(store.catalog, str(project_id), min(keys), f"{max(keys)}~", page=limit)
    return {row.key: row for row in islice(scan, limit) if row.key in wanted}


def _shown(
    store: Store,
    project_id: UUID,
    columns: Columns,
    chosen: Positions,
    status: TaggingStatus,
    tag_ids: Sequence[UUID],
) -> list[ImageRecord]:
    """The images at these positions: from a range of primary rows or of copies, or one by one, whatever is least."""
    if not len(chosen):
        return []
    ids, (first, last) = uuids(columns.ids[chosen]), sorted((int(chosen[0]), int(chosen[-1])))
    costs: dict[tuple[str, ...], int] = {(catalog.IMAGE,): QUERY + last - first + 1, (): ALONE * len(ids)}
    if prefixes := _prefixes(columns, status, tag_ids):
        among = columns.having(status, frozenset(tag_ids))[first : last + 1]
        costs[prefixes] = QUERY * len(prefixes) + int(np.count_nonzero(among))
    found = _between(store, project_id, min(costs, key=lambda ranges: costs[ranges]), ids)
    rest = get_many(store, project_id, [image_id for image_id in ids if image_id not in found])
    found |= {image.id: image for image in rest}
    return [found[image_id] for image_id in ids if image_id in found]


def _prefixes(columns: Columns, status: TaggingStatus, tag_ids: Sequence[UUID]) -> tuple[str, ...]:
    """Those of the copies of these images, if all of them may have one."""
    if tag_ids:
        return tuple(map(of_tag, dict.fromkeys(tag_ids)))
    if status is not TaggingStatus.UNTAGGED:
        return ()
    return (UNTAGGED, *map(of_tag, sorted(columns.deleted & columns.tags.code_of.keys())))


def _between(store: Store, project_id: UUID, prefixes: tuple[str, ...], ids: Sequence[UUID]) -> dict[UUID, ImageRecord]:
    """Those of the images that the ranges between the first and the last of them have."""
    wanted = {str(image_id): image_id for image_id in ids}
    first, last = min(wanted), max(wanted)

    def scan(prefix: str) -> dict[UUID, ImageRecord]:
        found = rows.scan(store.catalog, str(project_id), f"{prefix}{first}", f"{prefix}{last}~")
        named = ((wanted.get(row.key[len(prefix) :]), row) for row in found)
        return {image_id: row.decode(ImageRecord) for image_id, row in named if image_id and row.doc}

    return {image_id: image for part in store.threads.map(scan, prefixes) for image_id, image in part.items()}


def _require_tags(store: Store, project_id: UUID, tag_ids: Iterable[UUID]) -> None:
    ledger.require_project(store, project_id)
    for tag_id in tag_ids:
        if rows.read(store.catalog, str(project_id), f"{catalog.LIVE}{tag_id}") is None:
            raise TagNotFound(f"There is no tag {tag_id} in this project.")


def _absent(store: Store, project_id: UUID, image_id: UUID) -> ImageNotFound:
    ledger.require_project(store, project_id)
    return ImageNotFound(f"There is no image {image_id} in this project.")
