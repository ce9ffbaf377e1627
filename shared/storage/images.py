"""Images: one primary row each, and index rows that carry copies of it, so that a page is one range query."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from uuid import UUID

import msgspec
from msgspec import structs

from shared.errors import ImageNotFound, TagNotFound
from shared.models.images import ImageRecord, OrderBy, TaggingStatus
from shared.storage import counts, rows
from shared.storage.ranges import Range, places, walk
from shared.storage.rows import Row
from shared.storage.store import Store
from shared.storage.transactions import Change, RowChanged, RowExists, RowMissing

# One transaction turns so many tags of an image on or off. With the copies it rewrites that stays under 100 rows:
# 6 for the image itself, 2 a tag, 1 a copy.
TAGS_AT_ONCE = 20
COPIES = 40
# Larger ones are read from the primary row; a page of copies stays small.
COPIED_LENGTH = 8_000
# Fewer ids than these are quicker read one by one than looked for in one range.
DENSE = 8
PART = 256

Keep = Callable[[ImageRecord], bool]


def insert(store: Store, project_id: UUID, record: ImageRecord) -> ImageRecord | None:
    """None, or the image that has the same content already. Raises ProjectNotFound, TagNotFound."""
    first = _step(None, record)
    if first is not record:
        _require_tags(store, project_id, record.tag_ids)
    for _ in rows.attempts():
        try:
            _write(store, project_id, None, first, None)
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
    return _record(row)


def get_many(store: Store, project_id: UUID, ids: Iterable[UUID]) -> list[ImageRecord]:
    """In the order of the ids, without those that are not there."""
    wanted = list(dict.fromkeys(ids))
    found = _near(store, project_id, wanted) if len(wanted) >= DENSE else {}
    rest = [image_id for image_id in wanted if image_id not in found]
    for row in store.threads.map(lambda id: rows.read(store.catalog, str(project_id), f"image:{id}"), rest):
        if row is not None:
            found[_record(row).id] = _record(row)
    return [record for image_id in wanted if (record := found.get(image_id))]


def find(store: Store, project_id: UUID, sha256: str) -> ImageRecord | None:
    """The image with this content."""
    row = rows.read(store.catalog, str(project_id), f"hash:{sha256}")
    found = row and rows.read(store.catalog, str(project_id), f"image:{row.doc}")
    return _record(found) if found else None


def update(store: Store, project_id: UUID, image_id: UUID, change: Callable[[ImageRecord], ImageRecord]) -> ImageRecord:
    """The one way to change an image. Raises ProjectNotFound, ImageNotFound, TagNotFound.

    `change` is called again on what it finds then when others changed the image meanwhile, or when it turned so many
    tags that one transaction takes a part of them.
    """
    for _ in rows.attempts():
        row = rows.read(store.catalog, str(project_id), f"image:{image_id}")
        if row is None:
            raise _absent(store, project_id, image_id)
        old = _record(row)
        new = change(old)
        if new == old:
            return old
        target = _step(old, new)
        if target is not new:
            _require_tags(store, project_id, new.tag_ids - old.tag_ids)
        try:
            _write(store, project_id, old, target, row.etag)
        except RowMissing:
            _require_tags(store, project_id, new.tag_ids - old.tag_ids)
        except (RowChanged, RowExists):
            continue
        else:
            if target is new:
                return new
    raise AssertionError("attempts() raises")


def delete(store: Store, project_id: UUID, image_id: UUID) -> bool:
    """Whether it was there. Raises ProjectNotFound."""
    for _ in rows.attempts():
        row = rows.read(store.catalog, str(project_id), f"image:{image_id}")
        if row is None:
            return False
        old = _record(row)
        target = _step(old, None)
        try:
            _write(store, project_id, old, target, row.etag)
        except (RowMissing, RowChanged):
            counts.require_project(store, project_id)
        else:
            if target is None:
                return True
    raise AssertionError("attempts() raises")


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
) -> list[ImageRecord]:
    """Images with any of the tags (with none given: all of that status).

    Where this page ends is remembered, so the next one begins there, whatever was uploaded or deleted meanwhile.
    """
    ranges, backwards = _ranges(project_id, status, tag_ids), order is OrderBy.OLDEST
    if take <= 0 or not ranges:
        return []
    view = (store, tuple(ranges), backwards, keep)
    beyond = _place(store, view, skip, ranges, backwards, keep)
    if beyond is None:
        return []
    size = take if keep is None else PART
    found = walk(store, ranges, backwards=backwards, beyond=beyond, page=size)
    records = list(islice(filter(keep, _records(store, project_id, found, size)), take))
    if records:
        places.put((view, skip + len(records)), str(records[-1].id))
    return records


def count(
    store: Store, project_id: UUID, *, status: TaggingStatus, tag_ids: Sequence[UUID], keep: Keep | None = None
) -> int:
    ranges = _ranges(project_id, status, tag_ids)
    if keep is not None:
        found = _records(store, project_id, walk(store, ranges), PART)
        return sum(1 for record in found if keep(record))
    if len(ranges) > 1:
        return sum(1 for _ in walk(store, ranges, keys_only=True))
    if not ranges:
        return 0
    kept = counts.read(store, project_id)
    if tag_ids:
        return kept.per_tag.get(tag_ids[0], 0)
    return {TaggingStatus.ALL: kept.images, TaggingStatus.TAGGED: kept.tagged}.get(status, kept.untagged)


def each(store: Store, project_id: UUID) -> Iterator[ImageRecord]:
    """All tagged images, the newest first."""
    found = walk(store, _ranges(project_id, TaggingStatus.TAGGED, []))
    return _records(store, project_id, found, PART)


def with_tag(store: Store, project_id: UUID, tag_id: UUID) -> Iterator[UUID]:
    """The ids of all images with this tag, whether the tag itself is still there or not."""
    return (UUID(row.key) for row in walk(store, [Range(project_id, f"t:{tag_id}:")], keys_only=True))


def _write(store: Store, project_id: UUID, old: ImageRecord | None, new: ImageRecord | None, etag: str | None) -> None:
    counts.commit(store, project_id, _changes(old, new, etag), counts.difference(old, new))


def _step(old: ImageRecord | None, new: ImageRecord | None) -> ImageRecord | None:
    """`new`, or where it changes too many tags for one transaction, a record on the way to it."""
    had, wanted = old.tag_ids if old else set[UUID](), new.tag_ids if new else set[UUID]()
    turned = sorted(had ^ wanted)
    model = new or old
    if len(turned) <= TAGS_AT_ONCE or model is None:
        return new
    tags = (had - set(turned[:TAGS_AT_ONCE])) | (wanted & set(turned[:TAGS_AT_ONCE]))
    marks = {mark.tag_id: mark for record in (old, new) if record for mark in record.tags}
    return structs.replace(
        model,
        tags=[mark for tag_id, mark in marks.items() if tag_id in tags],
        regions=[region for region in model.regions if region.tag_id in tags],
    )


def _changes(old: ImageRecord | None, new: ImageRecord | None, etag: str | None) -> list[Change]:
    """All rows that a change of one image touches. A tag that is added must be there."""
    before, after = index_rows(old), index_rows(new)
    added = (new.tag_ids if new else set[UUID]()) - (old.tag_ids if old else set[UUID]())
    return [
        *_primary(old, new, etag),
        *(Change("touch", f"live:{tag_id}") for tag_id in sorted(added)),
        *(Change("delete", key) for key in before if key not in after),
        *(Change("upsert", key, copy) for key, copy in after.items() if before.get(key) != copy),
    ]


def _primary(old: ImageRecord | None, new: ImageRecord | None, etag: str | None) -> list[Change]:
    if new is None:
        return [Change("delete", f"image:{old.id}", etag=etag), Change("delete", f"hash:{old.sha256}")] if old else []
    if old is None:
        hashed = Change("insert", f"hash:{new.sha256}", str(new.id))
        return [Change("insert", f"image:{new.id}", rows.encode(new)), hashed]
    return [Change("replace", f"image:{new.id}", rows.encode(new), etag)]


def index_rows(record: ImageRecord | None) -> dict[str, str]:
    """The index rows of an image and the copy that each carries; none where the copies would be many or large."""
    if record is None:
        return {}
    copy = rows.encode(record)
    if len(record.tags) > COPIES or len(copy) > COPIED_LENGTH:
        copy = ""
    state = "tagged" if record.tags else "untagged"
    return {f"{state}:{record.id}": copy, **{f"t:{tag_id}:{record.id}": copy for tag_id in record.tag_ids}}


def _complete(store: Store, project_id: UUID, record: ImageRecord) -> None:
    """Add the rest of an image's tags. Where one of them was deleted meanwhile, nothing of the image is left."""
    try:
        update(store, project_id, record.id, lambda _: record)
    except TagNotFound:
        delete(store, project_id, record.id)
        raise


def _near(store: Store, project_id: UUID, ids: Sequence[UUID]) -> dict[UUID, ImageRecord]:
    """Those of the ids that one range query finds. Ids of one page or one upload lie side by side."""
    wanted, limit = set(ids), 2 * len(ids)
    scan = rows.scan(store.catalog, str(project_id), f"image:{min(ids)}", f"image:{max(ids)}~", page=limit)
    records = (_record(row) for row in islice(scan, limit) if UUID(row.key[len("image:") :]) in wanted)
    return {record.id: record for record in records}


def _ranges(project_id: UUID, status: TaggingStatus, tag_ids: Sequence[UUID]) -> list[Range]:
    if not tag_ids:
        prefix = {TaggingStatus.ALL: "image:", TaggingStatus.TAGGED: "tagged:"}.get(status, "untagged:")
        return [Range(project_id, prefix)]
    if status is TaggingStatus.UNTAGGED:
        return []
    return [Range(project_id, f"t:{tag_id}:") for tag_id in sorted(set(tag_ids))]


def _place(
    store: Store, view: tuple[object, ...], skip: int, ranges: list[Range], backwards: bool, keep: Keep | None
) -> str | None:
    """The id after which a page begins: "" at the start, None beyond the end."""
    if skip <= 0:
        return ""
    if remembered := places.get((view, skip)):
        return str(remembered)
    if keep is None:
        keys = (row.key for row in walk(store, ranges, backwards=backwards, keys_only=True))
    else:
        found = _records(store, ranges[0].project_id, walk(store, ranges, backwards=backwards), PART)
        keys = (str(record.id) for record in found if keep(record))
    found_at = next(islice(keys, skip - 1, skip), None)
    if found_at is not None:
        places.put((view, skip), found_at)
    return found_at


def _records(store: Store, project_id: UUID, found: Iterator[Row], size: int) -> Iterator[ImageRecord]:
    """The images of index rows; those that carry no copy are read from the primary rows."""
    while part := list(islice(found, min(size, PART))):
        bare = [UUID(row.key) for row in part if not row.doc]
        read = {record.id: record for record in get_many(store, project_id, bare)} if bare else {}
        for row in part:
            if record := _record(row) if row.doc else read.get(UUID(row.key)):
                yield record


def _record(row: Row) -> ImageRecord:
    return msgspec.json.decode(row.doc, type=ImageRecord)


def _require_tags(store: Store, project_id: UUID, tag_ids: Iterable[UUID]) -> None:
    counts.require_project(store, project_id)
    for tag_id in tag_ids:
        if rows.read(store.catalog, str(project_id), f"live:{tag_id}") is None:
            raise TagNotFound(f"There is no tag {tag_id} in this project.")


def _absent(store: Store, project_id: UUID, image_id: UUID) -> ImageNotFound:
    counts.require_project(store, project_id)
    return ImageNotFound(f"There is no image {image_id} in this project.")
