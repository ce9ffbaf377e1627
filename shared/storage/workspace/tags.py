"""Tags: a row each, a row for its name, and a row that every image taking the tag needs to be there."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec import Struct, structs

from shared.errors import MultipleGeneralProductTags, MultipleNegativeTags, TagNameNotUnique, TagNotFound
from shared.models.wire import now
from shared.models.workspace.tags import Tag, TagType
from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, RowChanged, RowExists, RowMissing
from shared.storage.workspace import catalog, images, ledger

# The types that one tag of a project may have, each with the key of its claim.
SINGLE = {TagType.NEGATIVE: "negative", TagType.GENERAL_PRODUCT: "generalproduct"}
# So many images lose a deleted tag in one step: some seconds of work.
SWEPT = 2_000


class TagRecord(Struct, frozen=True):
    """A tag with its place in the order of creation."""

    tag: Tag
    created: datetime


def insert(store: Store, project_id: UUID, tag: Tag, created: datetime | None = None) -> None:
    """Raises ProjectNotFound, TagNameNotUnique, MultipleNegativeTags, MultipleGeneralProductTags."""
    for _ in rows.attempts():
        try:
            return ledger.revise(store, project_id, changes(tag, created or now()))
        except RowMissing:
            ledger.require_project(store, project_id)
        except RowExists:
            if rows.read(store.catalog, str(project_id), f"tag:{tag.id}"):
                return None
            _require_unclaimed(store, project_id, tag)
    return None


def changes(tag: Tag, created: datetime) -> list[Change]:
    """The rows that a new tag is stored by."""
    record = TagRecord(structs.replace(tag, image_count=0), created)
    return [
        Change("insert", f"tag:{tag.id}", rows.encode(record)),
        Change("insert", f"{catalog.LIVE}{tag.id}"),
        catalog.tag_row(tag.id, deleted=False),
        *_claims(tag),
    ]


def get(store: Store, project_id: UUID, tag_id: UUID) -> Tag:
    """With its image count. Raises ProjectNotFound, TagNotFound."""
    row = rows.read(store.catalog, str(project_id), f"tag:{tag_id}")
    if row is None:
        raise _absent(store, project_id, tag_id)
    per_tag = catalog.read(store, project_id).per_tag
    return structs.replace(row.decode(TagRecord).tag, image_count=per_tag.get(tag_id, 0))


def list_all(store: Store, project_id: UUID) -> list[Tag]:
    """With their image counts, in the order of their creation. Raises ProjectNotFound."""
    per_tag = catalog.read(store, project_id).per_tag
    tags = names(store, project_id).values()
    return [structs.replace(tag, image_count=per_tag.get(tag.id, 0)) for tag in tags]


def names(store: Store, project_id: UUID) -> dict[UUID, Tag]:
    """All tags in the order of their creation, without their image counts."""
    return {record.tag.id: record.tag for record in records(store, project_id)}


def records(store: Store, project_id: UUID) -> list[TagRecord]:
    """All tags in the order of their creation."""
    found = [row.decode(TagRecord) for row in rows.starting(store.catalog, str(project_id), "tag:")]
    return sorted(found, key=lambda record: (record.created, record.tag.id))


def update(store: Store, project_id: UUID, tag_id: UUID, change: Callable[[Tag], Tag]) -> Tag:
    """Raises ProjectNotFound, TagNotFound, TagNameNotUnique, MultipleNegativeTags."""
    for _ in rows.attempts():
        row = rows.read(store.catalog, str(project_id), f"tag:{tag_id}")
        if row is None:
            raise _absent(store, project_id, tag_id)
        record = row.decode(TagRecord)
        new = structs.replace(change(record.tag), image_count=0)
        if new == record.tag:
            return get(store, project_id, tag_id)
        replaced = Change("replace", row.key, rows.encode(structs.replace(record, tag=new)), row.etag)
        try:
            moved = _moved_claims(_claimed(store, project_id, record.tag), new)
            ledger.revise(store, project_id, [replaced, *moved])
        except RowExists:
            _require_unclaimed(store, project_id, new)
            continue
        except (RowMissing, RowChanged):
            continue
        return get(store, project_id, tag_id)
    raise AssertionError("attempts() raises")


def delete(store: Store, project_id: UUID, tag_id: UUID) -> None:
    """At once no image can take the tag any more; `sweep` takes it off those that have it.

    Raises ProjectNotFound, TagNotFound.
    """
    for attempt in rows.attempts():
        row = rows.read(store.catalog, str(project_id), f"tag:{tag_id}")
        if row is None and attempt:
            return None
        if row is None:
            raise _absent(store, project_id, tag_id)
        tag = row.decode(TagRecord).tag
        gone = [Change("delete", row.key, etag=row.etag), Change("delete", f"{catalog.LIVE}{tag_id}")]
        claims = [Change("delete", key) for key in _claimed(store, project_id, tag)]
        try:
            return ledger.revise(store, project_id, [*gone, *claims, catalog.tag_row(tag_id, deleted=True)])
        except (RowMissing, RowChanged):
            continue
    return None


def sweep(store: Store, project_id: UUID, tag_id: UUID, most: int | None = None) -> bool:
    """One step of taking a deleted tag, and its regions, off so many images; repeat until it says True."""
    if rows.read(store.catalog, str(project_id), f"{catalog.LIVE}{tag_id}"):
        return True
    most = most or SWEPT
    ids = images.with_tag(store, project_id, tag_id)
    images.change_many(store, project_id, ids[:most], lambda record: record.without_tags({tag_id}))
    return len(ids) < most


def _claims(tag: Tag) -> list[Change]:
    """The rows that keep others from having the same name, or from being the one Negative or GeneralProduct tag."""
    keys = [f"tagname:{rows.name_key(tag.name)}", *([SINGLE[tag.type]] if tag.type in SINGLE else [])]
    return [Change("insert", key, str(tag.id)) for key in keys]


def _claimed(store: Store, project_id: UUID, tag: Tag) -> list[str]:
    """The keys of its claims, its name's maybe under the key of before."""
    name, *others = (claim.key for claim in _claims(tag))
    former = f"tagname:{rows.former_name_key(tag.name)}"
    held = rows.read(store.catalog, str(project_id), former) if former != name else None
    return [former if held and held.doc == str(tag.id) else name, *others]


def _moved_claims(before: list[str], new: Tag) -> list[Change]:
    after = {claim.key: claim for claim in _claims(new)}
    given_up = [Change("delete", key) for key in before if key not in after]
    return [*given_up, *(claim for key, claim in after.items() if key not in before)]


def _require_unclaimed(store: Store, project_id: UUID, tag: Tag) -> None:
    holders = {claim.key: rows.read(store.catalog, str(project_id), claim.key) for claim in _claims(tag)}
    for key, row in holders.items():
        if row is None or row.doc == str(tag.id):
            continue
        if key == SINGLE[TagType.NEGATIVE]:
            raise MultipleNegativeTags("This project has a Negative tag already; a project can have one.")
        if key == SINGLE[TagType.GENERAL_PRODUCT]:
            raise MultipleGeneralProductTags("This project has a GeneralProduct tag already; a project can have one.")
        raise TagNameNotUnique(f"A tag named '{tag.name}' already exists in this project; choose another name.")


def _absent(store: Store, project_id: UUID, tag_id: UUID) -> TagNotFound:
    ledger.require_project(store, project_id)
    return TagNotFound(f"There is no tag {tag_id} in this project.")
