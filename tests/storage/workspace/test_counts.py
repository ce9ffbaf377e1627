"""Counts and the revision of a project: they follow every change, whoever made it."""

from itertools import combinations
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from shared.models.workspace.images import TaggingStatus
from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.workspace import catalog, images, ledger, tags
from tests.storage.making import (
    add_images,
    add_tag,
    assert_consistent,
    delete_image,
    forget,
    insert_all,
    record,
    region,
    with_tags,
    without_tags,
)


def numbers(store: Store, project_id: UUID) -> tuple[int, int, dict[UUID, int]]:
    """Of all images, of tagged ones, and by tag."""
    found = catalog.read(store, project_id)
    return found.images, found.tagged, found.per_tag


def test_a_new_project_counts_nothing(store: Store, project_id: UUID) -> None:
    assert numbers(store, project_id) == (0, 0, {})
    assert catalog.read(store, project_id).regions == 0
    assert_consistent(store, project_id)


def test_counts_follow_every_change(store: Store, project_id: UUID) -> None:
    apple, pear = add_tag(store, project_id).id, add_tag(store, project_id).id
    image = add_images(store, project_id, 1, [apple, pear])[0]
    add_images(store, project_id, 2)
    assert numbers(store, project_id) == (3, 1, {apple: 1, pear: 1})
    images.update(store, project_id, image.id, lambda old: without_tags(old, [apple]))
    assert numbers(store, project_id) == (3, 1, {pear: 1})
    images.update(store, project_id, image.id, lambda old: without_tags(old, [pear]))
    assert numbers(store, project_id) == (3, 0, {})
    assert images.count(store, project_id, status=TaggingStatus.UNTAGGED, tag_ids=[]) == 3
    delete_image(store, project_id, image.id)
    assert numbers(store, project_id) == (2, 0, {})
    assert_consistent(store, project_id)


def test_images_with_any_of_several_tags_are_counted_once(store: Store, project_id: UUID) -> None:
    apple, pear, fig = (add_tag(store, project_id).id for _ in range(3))
    made = [record(tag_ids) for tag_ids in ([], [apple], [apple], [apple, pear], [pear, apple], [pear, fig])]
    images.insert_many(store, project_id, made)

    def count(*tag_ids: UUID) -> int:
        return images.count(store, project_id, status=TaggingStatus.ALL, tag_ids=tag_ids)

    assert count(uuid4(), uuid4()) == 0
    assert count(apple) == count(apple, apple) == 4
    assert count(apple, pear) == count(apple, pear, fig, uuid4()) == 5
    assert count(apple, fig) == 5
    assert count(pear, fig) == 3
    assert set(images.with_other_tags(store, project_id, pear)) == {image.id for image in made[3:]}


def test_regions_are_counted(store: Store, project_id: UUID) -> None:
    tag = add_tag(store, project_id)
    image = structs.replace(record([tag.id]), regions=[region(tag.id)] * 3)
    images.insert_many(store, project_id, [image, record()])
    assert catalog.read(store, project_id).regions == 3
    images.update(store, project_id, image.id, lambda old: structs.replace(old, regions=old.regions[:1]))
    assert catalog.read(store, project_id).regions == 1
    assert_consistent(store, project_id)


def test_a_deleted_tag_leaves_its_images_untagged_at_once(store: Store, project_id: UUID) -> None:
    gone, left = add_tag(store, project_id).id, add_tag(store, project_id).id
    insert_all(store, project_id, [record(ids) for ids in ([gone], [left], [gone, left], [])])
    assert numbers(store, project_id) == (4, 3, {gone: 2, left: 2})
    tags.delete(store, project_id, gone)
    assert numbers(store, project_id) == (4, 2, {gone: 2, left: 2})
    assert catalog.read(store, project_id).columns.deleted == {gone}
    assert tags.sweep(store, project_id, gone)
    assert numbers(store, project_id) == (4, 2, {left: 2})
    assert_consistent(store, project_id)


def test_every_change_of_a_project_revises_it_and_nothing_else_does(store: Store, project_id: UUID) -> None:
    seen = [ledger.revision(store, project_id)]

    def revised() -> bool:
        seen.append(ledger.revision(store, project_id))
        return seen[-1] not in seen[:-1]

    tag = add_tag(store, project_id)
    assert revised()
    image = add_images(store, project_id, 1)[0]
    assert revised()
    images.update(store, project_id, image.id, lambda old: with_tags(old, [tag.id]))
    assert revised()
    tags.update(store, project_id, tag.id, lambda old: structs.replace(old, name="another"))
    assert revised()
    ledger.commit(store, project_id, [])
    images.update(store, project_id, image.id, lambda old: structs.replace(old))
    assert not revised()
    tags.delete(store, project_id, tag.id)
    assert revised()
    delete_image(store, project_id, image.id)
    assert revised()


@pytest.mark.parametrize("changed", [False, True])
def test_a_project_from_before_there_were_columns_is_read_in(store: Store, project_id: UUID, changed: bool) -> None:
    tag_ids = [add_tag(store, project_id).id for _ in range(3)]
    made = insert_all(store, project_id, [record(some) for size in range(4) for some in combinations(tag_ids, size)])
    log = rows.starting(store.catalog, str(project_id), catalog.LOG)
    rows.delete_all(store.catalog, str(project_id), [row.key for row in log])
    forget()
    if changed:
        # Whoever changes an image before anybody counts writes a row of the log, of which there is no head yet.
        images.update(store, project_id, made[0].id, lambda old: without_tags(old, tag_ids))
        delete_image(store, project_id, made[1].id)
    expected = (8, 7, dict.fromkeys(tag_ids, 4)) if not changed else numbers(store, project_id)
    assert numbers(store, project_id) == expected
    assert_consistent(store, project_id)
    forget()
    images.update(store, project_id, made[-1].id, lambda old: with_tags(old, tag_ids[:1]))
    assert catalog.read(store, project_id).tagged == expected[1] + 1
    assert_consistent(store, project_id)
