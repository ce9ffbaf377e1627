"""Projects, images and tags as the tests make them, and the check that a catalog agrees with itself."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import msgspec
from msgspec import structs

from shared.models.wire import now
from shared.models.workspace.domains import GENERAL
from shared.models.workspace.images import ImageRecord, RegionMark, TagMark, new_image_id
from shared.models.workspace.projects import ClassificationType, Project, ProjectSettings
from shared.models.workspace.tags import Tag, TagType
from shared.storage.account import rows
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.columns import snapshot
from shared.storage.columns.columns import Columns, Entry
from shared.storage.columns.ids import uuids
from shared.storage.columns.terms import Terms
from shared.storage.workspace import catalog, image_rows, images, ledger, tags
from shared.storage.workspace.catalog import Catalog

# New tags of a transaction, each of which has four rows.
TOGETHER = 20


def new_project() -> Project:
    settings = ProjectSettings(GENERAL, ClassificationType.MULTILABEL)
    return Project(uuid4(), "fruit", None, settings, now(), now())


def record(
    tag_ids: Iterable[UUID] = (), *, content: str = "", metadata: Mapping[str, str] = MappingProxyType({})
) -> ImageRecord:
    image_id = new_image_id()
    digest = sha256((content or str(image_id)).encode()).hexdigest()
    tags = [TagMark(tag_id, now()) for tag_id in tag_ids]
    return ImageRecord(image_id, now(), 640, 480, digest, tags, metadata=dict(metadata))


def add_images(store: Store, project_id: UUID, number: int, tag_ids: Iterable[UUID] = ()) -> list[ImageRecord]:
    """The newest first, as a page lists them."""
    return insert_all(store, project_id, [record(tag_ids) for _ in range(number)])


def insert_all(store: Store, project_id: UUID, made: list[ImageRecord]) -> list[ImageRecord]:
    """The newest first."""
    images.insert_many(store, project_id, made)
    return made[::-1]


def delete_image(store: Store, project_id: UUID, image_id: UUID) -> bool:
    """Whether it was there."""
    there = bool(images.get_many(store, project_id, [image_id]))
    images.change_many(store, project_id, [image_id], lambda _: None)
    return there


def add_tag(store: Store, project_id: UUID, name: str = "", type: TagType = TagType.REGULAR) -> Tag:
    tag = Tag(uuid4(), name or f"tag {uuid4()}", None, type)
    tags.insert(store, project_id, tag)
    return tag


def add_tags(store: Store, project_id: UUID, number: int) -> list[UUID]:
    """Their ids; many to a transaction, unlike those that people make."""
    made = [Tag(uuid4(), f"tag {at}", None) for at in range(number)]
    for start in range(0, number, TOGETHER):
        new = [tags.changes(tag, now()) for tag in made[start : start + TOGETHER]]
        ledger.revise(store, project_id, [change for changes in new for change in changes])
    return [tag.id for tag in made]


def with_tags(image: ImageRecord, tag_ids: Iterable[UUID]) -> ImageRecord:
    """With these tags besides its own."""
    new = [TagMark(tag_id, now()) for tag_id in tag_ids if tag_id not in image.tag_ids]
    return structs.replace(image, tags=[*image.tags, *new])


def without_tags(image: ImageRecord, tag_ids: Iterable[UUID]) -> ImageRecord:
    gone = set(tag_ids)
    kept = [region for region in image.regions if region.tag_id not in gone]
    return structs.replace(image, tags=[mark for mark in image.tags if mark.tag_id not in gone], regions=kept)


def region(tag_id: UUID, region_id: UUID | None = None) -> RegionMark:
    return RegionMark(region_id or uuid4(), tag_id, now(), 0.1, 0.2, 0.3, 0.4)


def forget() -> None:
    """What a process knows that never read a catalog."""
    for memory in (catalog.remembered, snapshot.remembered, snapshot.changed):
        emptied(memory)


def emptied(memory: Memory) -> None:
    """As it is in a process that just began; one that runs only forgets what it is told of."""
    memory._kept.clear()


def recount(store: Store, project_id: UUID) -> Catalog:
    """What the images and tags themselves say, whatever is kept of them besides."""
    found = rows.starting(store.catalog, str(project_id), catalog.IMAGE)
    columns = Columns.of({image.id: Entry.of(image) for image in (row.decode(ImageRecord) for row in found)})
    deleted = columns.tags.code_of.keys() - tags.names(store, project_id).keys()
    return catalog.read(store, project_id)._replace(columns=columns._replace(deleted=frozenset(deleted)))


def assert_consistent(store: Store, project_id: UUID) -> Catalog:
    """The counts are those of a recount, and every index row is what the primary rows call for, and no other."""
    counted = catalog.read(store, project_id)
    assert_same(counted, recount(store, project_id))
    held = {row.key: row.doc for row in rows.scan(store.catalog, str(project_id), " ", "~")}
    expected: dict[str, str] = {}
    for key, doc in held.items():
        if key.startswith("image:"):
            image = msgspec.json.decode(doc, type=ImageRecord)
            expected |= {f"hash:{image.sha256}": str(image.id)} | image_rows.copies(image)
    found = {key: doc for key, doc in held.items() if key.split(":")[0] in ("hash", "untagged", "t")}
    assert found == expected
    return counted


def assert_same(one: Catalog, other: Catalog) -> None:
    """The same images with the same tags, metadata and numbers of regions."""
    assert entries(one.columns) == entries(other.columns)
    assert (one.images, one.tagged, one.regions, one.per_tag) == (
        other.images,
        other.tagged,
        other.regions,
        other.per_tag,
    )


def entries(columns: Columns) -> list[tuple[UUID, Entry]]:
    """What the columns keep of each image."""

    def terms_of(terms: Terms[Any]) -> list[list[Any]]:
        found, names = [list[Any]() for _ in range(columns.size)], list(terms.code_of)
        for code, at in zip(terms.codes.tolist(), terms.images.tolist(), strict=True):
            found[at].append(names[code])
        return [sorted(each) for each in found]

    each = zip(uuids(columns.ids), terms_of(columns.tags), terms_of(columns.pairs), columns.regions, strict=True)
    return [(image_id, Entry(tag_ids, dict(pairs), int(regions))) for image_id, tag_ids, pairs, regions in each]
