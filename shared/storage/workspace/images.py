"""Images: one primary row each, and index rows that carry copies of it, so that a page is one range query."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from shared.errors import ImageNotFound, TagNotFound
from shared.models.filters import Condition
from shared.models.images import ImageRecord, OrderBy, TaggingStatus
from shared.storage.account import rows
from shared.storage.account.memory import Memory
from shared.storage.account.rows import Row
from shared.storage.account.store import Store
from shared.storage.account.transactions import RowChanged, RowExists, RowMissing
from shared.storage.workspace import counts, image_rows, ledger
from shared.storage.workspace.counts import NEVER, Counts, Revision
from shared.storage.workspace.image_rows import Turn, decode, having, within_reach
from shared.storage.workspace.ranges import ALL, Ids, Keep, Range, View, between, keys, locate, size, walk
from shared.storage.workspace.selection import Selection

# Fewer ids than these are quicker read one by one than looked for in one range.
DENSE = 8
PART = 256
# So many images are held in memory while they are written many to a transaction.
BULK = 1_000
REMEMBERED = 16
REMEMBERED_SECONDS = 24 * 3600.0


class Gained(NamedTuple):
    """What uncounted metadata changed in a count: the images that it brought in (1) or out (-1) by then."""

    revision: Revision
    by_image: dict[UUID, int]


gained = Memory(REMEMBERED, REMEMBERED_SECONDS)


def insert(store: Store, project_id: UUID, record: ImageRecord) -> ImageRecord | None:
    """None, or the image that has the same content already. Raises ProjectNotFound, TagNotFound."""
    first = within_reach(None, record)
    if first is not record:
        _require_tags(store, project_id, record.tag_ids)
    for _ in rows.attempts():
        try:
            image_rows.commit(store, project_id, [image_rows.turn(None, first)])
            break
        except RowExists:
            if (existing := find(store, project_id, record.sha256)) is not None:
                if existing.id != record.id:
                    return existing
                break
        except RowMissing:
            _require_tags(store, project_id, record.tag_ids)
    if first is not record:
        _complete(store, project_id, record)
    return None


def get(store: Store, project_id: UUID, image_id: UUID) -> ImageRecord:
    """Raises ProjectNotFound, ImageNotFound."""
    row = rows.read(store.catalog, str(project_id), f"image:{image_id}")
    if row is None:
        raise _absent(store, project_id, image_id)
    return decode(row)


def get_many(store: Store, project_id: UUID, ids: Iterable[UUID]) -> list[ImageRecord]:
    """In the order of the ids, without those that are not there."""
    return [decode(row) for row in _rows(store, project_id, ids)]


def find(store: Store, project_id: UUID, sha256: str) -> ImageRecord | None:
    """The image with this content."""
    row = rows.read(store.catalog, str(project_id), f"hash:{sha256}")
    found = row and rows.read(store.catalog, str(project_id), f"image:{row.doc}")
    return decode(found) if found else None


def of_regions(store: Store, project_id: UUID, region_ids: Iterable[UUID]) -> dict[UUID, ImageRecord]:
    """The image of each region, without the regions that are not there."""
    wanted = set(region_ids)
    # A region's id begins as its image's does: with so many characters.
    prefixes = {f"image:{str(region_id)[:18]}" for region_id in wanted}

    def starting(prefix: str) -> list[Row]:
        return list(rows.scan(store.catalog, str(project_id), prefix, rows.after_prefix(prefix)))

    found = [decode(row) for part in store.threads.map(starting, sorted(prefixes)) for row in part]
    return {mark.region_id: record for record in found for mark in record.regions if mark.region_id in wanted}


def update(store: Store, project_id: UUID, image_id: UUID, change: Callable[[ImageRecord], ImageRecord]) -> ImageRecord:
    """Raises ProjectNotFound, ImageNotFound, TagNotFound.

    `change` is called again on what it finds then when others changed the image meanwhile, or when it turned so many
    tags that one transaction takes a part of them.
    """
    changed = _change(store, project_id, image_id, change)
    assert changed is not None
    return changed


def delete(store: Store, project_id: UUID, image_id: UUID) -> bool:
    """Whether it was there. Raises ProjectNotFound."""
    try:
        _change(store, project_id, image_id, lambda _: None)
    except ImageNotFound:
        return False
    return True


def insert_many(store: Store, project_id: UUID, records: Iterable[ImageRecord]) -> None:
    """Images with ids of their own, many to a transaction. Those whose id or content is there are passed over.

    Raises ProjectNotFound, TagNotFound.
    """

    def write(pack: list[Turn]) -> None:
        try:
            image_rows.commit(store, project_id, pack)
        except (RowExists, RowMissing):
            for turn in pack:
                insert(store, project_id, part[turn.image_id])

    left = iter(records)
    while part := {record.id: record for record in islice(left, BULK)}:
        large = {id: record for id, record in part.items() if within_reach(None, record) is not record}
        turns = (image_rows.turn(None, record) for id, record in part.items() if id not in large)
        list(store.bulk.map(write, image_rows.packs(turns)))
        list(store.bulk.map(lambda record: insert(store, project_id, record), large.values()))


def change_many(
    store: Store, project_id: UUID, image_ids: Sequence[UUID], change: Callable[[ImageRecord], ImageRecord | None]
) -> None:
    """Change images, many to a transaction; one by one those that others change meanwhile, and those that need several.

    `change` gives the new state of an image, None to delete it, and may be asked again. Absent images are passed over.
    Raises ProjectNotFound, TagNotFound.
    """

    def alone(image_id: UUID) -> None:
        with suppress(ImageNotFound):
            _change(store, project_id, image_id, change)

    def write(pack: list[Turn]) -> None:
        try:
            image_rows.commit(store, project_id, pack)
        except (RowExists, RowMissing, RowChanged):
            for turn in pack:
                alone(turn.image_id)

    for start in range(0, len(image_ids), BULK):
        turns, large = _turns(store, project_id, image_ids[start : start + BULK], change)
        list(store.bulk.map(write, image_rows.packs(turns)))
        list(store.bulk.map(alone, large))


def page(
    store: Store,
    project_id: UUID,
    *,
    status: TaggingStatus,
    tag_ids: Sequence[UUID],
    order: OrderBy,
    take: int,
    skip: int,
    keep: Keep | None = None,
    dead: frozenset[UUID] = frozenset(),
) -> list[ImageRecord]:
    """Images with any of the tags (with none given: all of that status), as they are now.

    Images with none but `dead` tags, deleted ones that are not swept yet, count as untagged.
    """
    wanted, backwards = Selection(status, frozenset(tag_ids), keep, dead), order is OrderBy.OLDEST
    view = _view(project_id, wanted, counts.read(store, project_id) if isinstance(keep, Condition) else None)
    if take <= 0 or not view.ranges:
        return []
    beyond = locate(store, view, _ids(store, view), skip, backwards=backwards) if skip > 0 else ""
    if beyond is None:
        return []
    at_once = take if view.keep is None else PART
    found = walk(store, view.ranges, backwards=backwards, beyond=beyond, page=at_once)
    return list(islice(filter(view.keep, _records(store, project_id, found, at_once)), take))


def count(
    store: Store,
    project_id: UUID,
    *,
    status: TaggingStatus,
    tag_ids: Sequence[UUID],
    keep: Keep | None = None,
    dead: frozenset[UUID] = frozenset(),
    counted: Counts | None = None,
) -> int:
    """How many images `page` would show, by the kept counts where these tell."""
    counted = counted or counts.read(store, project_id)
    wanted = Selection(status, frozenset(tag_ids), keep, dead)
    known = wanted.number(counted)
    if known is not None:
        return known + _uncounted(store, project_id, wanted, counted)
    view = _view(project_id, wanted, counted)
    return size(store, view, _ids(store, view)) if view.ranges else 0


def each(store: Store, project_id: UUID, status: TaggingStatus = TaggingStatus.TAGGED) -> Iterator[ImageRecord]:
    """All images of that status, the newest first; lazily."""
    found = walk(store, _view(project_id, Selection(status)).ranges)
    return _records(store, project_id, found, PART)


def with_any(store: Store, project_id: UUID, tag_ids: Iterable[UUID]) -> Iterator[ImageRecord]:
    """All images with one of the tags, whether these are still there or not; lazily."""
    ranges = tuple(Range(project_id, f"t:{tag_id}:") for tag_id in tag_ids)
    return _records(store, project_id, walk(store, ranges), PART)


def with_tag(store: Store, project_id: UUID, tag_id: UUID) -> Iterator[UUID]:
    """The ids of all images with this tag, whether the tag itself is still there or not."""
    return (UUID(row.key) for row in walk(store, (Range(project_id, f"t:{tag_id}:"),), keys_only=True))


def _change(
    store: Store, project_id: UUID, image_id: UUID, change: Callable[[ImageRecord], ImageRecord | None]
) -> ImageRecord | None:
    """The one way to change an image that is there. Raises ProjectNotFound, ImageNotFound, TagNotFound."""
    for _ in rows.attempts():
        row = rows.read(store.catalog, str(project_id), f"image:{image_id}")
        if row is None:
            raise _absent(store, project_id, image_id)
        old = decode(row)
        new = change(old)
        if new == old:
            return old
        target = within_reach(old, new)
        added = (new.tag_ids if new else set[UUID]()) - old.tag_ids
        if target is not new:
            _require_tags(store, project_id, added)
        try:
            image_rows.commit(store, project_id, [image_rows.turn(old, target, row.etag)])
        except RowMissing:
            _require_tags(store, project_id, added)
            # An image from before there was an index of metadata lacks the rows that this change would take away.
            with suppress(RowMissing, RowChanged):
                image_rows.repair(store, project_id, old, row.etag)
        except (RowChanged, RowExists):
            continue
        else:
            if target is new:
                return new
    raise AssertionError("attempts() raises")


def _turns(
    store: Store, project_id: UUID, image_ids: Sequence[UUID], change: Callable[[ImageRecord], ImageRecord | None]
) -> tuple[list[Turn], list[UUID]]:
    """What to write for images as they are now, and the ids of those that one transaction can't turn."""
    turns, large = [], []
    for row in _rows(store, project_id, image_ids):
        old = decode(row)
        new = change(old)
        if within_reach(old, new) is not new:
            large.append(old.id)
        elif new != old:
            turns.append(image_rows.turn(old, new, row.etag))
    return turns, large


def _complete(store: Store, project_id: UUID, record: ImageRecord) -> None:
    """Add the rest of an image's tags. Where one of them was deleted meanwhile, nothing of the image is left."""
    try:
        update(store, project_id, record.id, lambda _: record)
    except TagNotFound:
        delete(store, project_id, record.id)
        raise


def _rows(store: Store, project_id: UUID, ids: Iterable[UUID]) -> list[Row]:
    """The primary rows of those images that are there, in the order of the ids."""
    keys = [f"image:{image_id}" for image_id in dict.fromkeys(ids)]
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


def _view(project_id: UUID, wanted: Selection, counted: Counts | None = None) -> View:
    """The status of an image with dead tags is told by a look at it, all else by its index rows."""
    if counted and (anchor := wanted.anchor(counted)):
        return View(tuple(Range(project_id, having(*each)) for each in sorted(anchor)), wanted)
    status = wanted.status
    if wanted.tag_ids:
        shown = wanted.tag_ids if status is not TaggingStatus.UNTAGGED else frozenset[UUID]()
        return View(tuple(Range(project_id, f"t:{tag_id}:") for tag_id in sorted(shown)), wanted.keep)
    prefixes = {TaggingStatus.ALL: [ALL], TaggingStatus.TAGGED: ["tagged:"]}.get(status, ["untagged:"])
    looks = bool(wanted.dead) and status is not TaggingStatus.ALL
    if looks and status is TaggingStatus.UNTAGGED:
        prefixes += [f"t:{tag_id}:" for tag_id in sorted(wanted.dead)]
    return View(tuple(Range(project_id, prefix) for prefix in prefixes), wanted if looks else wanted.keep)


def _uncounted(store: Store, project_id: UUID, wanted: Selection, counted: Counts) -> int:
    """What the metadata that is not counted changes in the number of images: a look at all that have some of it.

    Later looks are at those that changed since the last one, where these are fewer.
    """
    pairs, key = wanted.uncounted(counted), (store, project_id, wanted)
    if not pairs:
        return 0
    known = gained.get(key)
    known = known if isinstance(known, Gained) else Gained(NEVER, {})
    if known.revision.changes != counted.changes:
        now, turned = counts.turned(store, project_id, known.revision)
        if turned is None or len(turned) > len(known.by_image):
            known, ranges = Gained(NEVER, {}), tuple(Range(project_id, having(*each)) for each in pairs)
            found = _records(store, project_id, walk(store, ranges), PART)
        else:
            found = iter(get_many(store, project_id, map(UUID, turned)))
        same = {image_id: gain for image_id, gain in known.by_image.items() if str(image_id) not in (turned or ())}
        known = Gained(now, same | wanted.gained(found, pairs))
        gained.put(key, known)
    return sum(known.by_image.values())


def _ids(store: Store, view: View) -> Ids:
    if view.keep is None:
        return keys(store, view.ranges)

    def ids(first: str, last: str) -> Iterator[str]:
        found = _records(store, view.project_id, between(store, view.ranges, first, last), PART)
        return (str(record.id) for record in filter(view.keep, found))

    return ids


def _records(store: Store, project_id: UUID, found: Iterator[Row], size: int) -> Iterator[ImageRecord]:
    """The images of index rows; those that carry no copy are read from the primary rows."""
    while part := list(islice(found, min(size, PART))):
        bare = [UUID(row.key) for row in part if not row.doc]
        read = {record.id: record for record in get_many(store, project_id, bare)} if bare else {}
        for row in part:
            if record := decode(row) if row.doc else read.get(UUID(row.key)):
                yield record


def _require_tags(store: Store, project_id: UUID, tag_ids: Iterable[UUID]) -> None:
    ledger.require_project(store, project_id)
    for tag_id in tag_ids:
        if rows.read(store.catalog, str(project_id), f"live:{tag_id}") is None:
            raise TagNotFound(f"There is no tag {tag_id} in this project.")


def _absent(store: Store, project_id: UUID, image_id: UUID) -> ImageNotFound:
    ledger.require_project(store, project_id)
    return ImageNotFound(f"There is no image {image_id} in this project.")
