"""Images one by one: kept, changed, found by their content, deleted."""

import random
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from shared.errors import ImageNotFound, TagNotFound
from shared.models.wire import now
from shared.models.workspace import filters
from shared.models.workspace.images import ImageRecord, OrderBy, TaggingStatus, TagMark
from shared.storage.account.store import Store
from shared.storage.workspace import catalog, images, ledger
from tests.storage.making import (
    add_images,
    add_tag,
    add_tags,
    assert_consistent,
    delete_image,
    insert_all,
    record,
    region,
    with_tags,
    without_tags,
)


def test_an_image_is_kept_changed_and_deleted(store: Store, project_id: UUID) -> None:
    tag = add_tag(store, project_id)
    image = record()
    assert images.insert(store, project_id, image) is None
    assert images.get(store, project_id, image.id) == image
    tagged = images.update(store, project_id, image.id, lambda old: with_tags(old, [tag.id]))
    assert images.get(store, project_id, image.id) == tagged
    assert catalog.read(store, project_id).per_tag == {tag.id: 1}
    assert_consistent(store, project_id)
    assert delete_image(store, project_id, image.id)
    assert not delete_image(store, project_id, image.id)
    with pytest.raises(ImageNotFound):
        images.get(store, project_id, image.id)
    with pytest.raises(ImageNotFound):
        images.update(store, project_id, image.id, lambda old: old)
    assert catalog.read(store, project_id).images == 0
    assert_consistent(store, project_id)


def test_a_change_that_changes_nothing_is_not_counted(store: Store, project_id: UUID) -> None:
    image = add_images(store, project_id, 1)[0]
    before = ledger.revision(store, project_id)
    assert images.update(store, project_id, image.id, lambda old: structs.replace(old)) == image
    assert ledger.revision(store, project_id) == before


def test_identical_content_is_one_image(store: Store, project_id: UUID) -> None:
    first = record(content="the same")
    assert images.insert(store, project_id, first) is None
    assert images.insert(store, project_id, first) is None
    assert images.insert(store, project_id, record(content="the same")) == first
    assert images.find(store, project_id, first.sha256) == first
    delete_image(store, project_id, first.id)
    assert images.find(store, project_id, first.sha256) is None
    assert images.insert(store, project_id, record(content="the same")) is None
    assert_consistent(store, project_id)


def test_one_of_many_with_the_same_content_is_kept(store: Store, project_id: UUID) -> None:
    made = [record(content="the same") for _ in range(16)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda image: images.insert(store, project_id, image), made))
    kept = [image for image, existing in zip(made, answers, strict=True) if existing is None]
    assert len(kept) == 1
    assert [existing for existing in answers if existing] == kept * 15
    assert catalog.read(store, project_id).images == 1
    assert_consistent(store, project_id)


@pytest.mark.parametrize("number", [0, 1, 7, 8, 40])
def test_many_are_got_at_once_in_the_order_asked_for(store: Store, project_id: UUID, number: int) -> None:
    made = add_images(store, project_id, 60)
    wanted = random.sample(made, number)
    ids = [image.id for image in wanted]
    assert images.get_many(store, project_id, [*ids[:5], uuid4(), *ids[5:], *ids[:2]]) == wanted


def test_an_image_with_many_regions_is_read_whole_wherever_it_is_listed(store: Store, project_id: UUID) -> None:
    tag = add_tag(store, project_id)
    small, large = add_images(store, project_id, 2, [tag.id])
    regions = [region(tag.id) for _ in range(300)]
    changed = images.update(store, project_id, large.id, lambda old: structs.replace(old, regions=regions))
    assert images.get(store, project_id, large.id) == changed
    assert list(images.each(store, project_id)) == [small, changed]
    assert_consistent(store, project_id)
    again = images.update(store, project_id, large.id, lambda old: structs.replace(old, regions=regions[:1]))
    assert list(images.each(store, project_id)) == [small, again]
    assert_consistent(store, project_id)


def test_no_change_of_an_image_is_lost(store: Store, project_id: UUID) -> None:
    tag_ids = [add_tag(store, project_id).id for _ in range(12)]
    image = add_images(store, project_id, 1)[0]

    def tag(tag_id: UUID) -> ImageRecord:
        return images.update(store, project_id, image.id, lambda old: with_tags(old, [tag_id]))

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(tag, tag_ids))
    assert images.get(store, project_id, image.id).tag_ids == set(tag_ids)
    assert catalog.read(store, project_id).per_tag == dict.fromkeys(tag_ids, 1)
    images.update(store, project_id, image.id, lambda old: without_tags(old, tag_ids))
    assert images.count(store, project_id, status=TaggingStatus.UNTAGGED, tag_ids=[]) == 1
    assert_consistent(store, project_id)


@pytest.mark.parametrize("number", [33, 34, 150])
def test_more_tags_than_a_transaction_holds_are_written_and_found(store: Store, project_id: UUID, number: int) -> None:
    tag_ids = add_tags(store, project_id, number)
    image = record(tag_ids[:number])
    with pytest.raises(TagNotFound):
        images.insert(store, project_id, structs.replace(image, tags=[*image.tags, TagMark(uuid4(), now())]))
    assert images.insert(store, project_id, image) is None
    assert images.with_tag(store, project_id, tag_ids[-1]) == [image.id]
    assert catalog.read(store, project_id).per_tag == dict.fromkeys(tag_ids, 1)
    assert list(images.each(store, project_id)) == [image]
    assert_consistent(store, project_id)
    bare = images.update(store, project_id, image.id, lambda old: without_tags(old, tag_ids[1:]))
    assert list(images.each(store, project_id)) == [bare]
    again = images.update(store, project_id, image.id, lambda old: with_tags(old, tag_ids))
    assert again.tag_ids == set(tag_ids)
    assert_consistent(store, project_id)
    assert delete_image(store, project_id, image.id)
    assert_consistent(store, project_id)


def test_more_metadata_than_a_transaction_has_rows_for_is_written_and_found(store: Store, project_id: UUID) -> None:
    tag_ids = add_tags(store, project_id, 20)
    image = record(tag_ids, metadata={f"key {number}": "old" for number in range(60)})
    assert images.insert(store, project_id, image) is None
    assert_consistent(store, project_id)
    new = {f"key {number}": "new" for number in range(30, 90)}
    changed = images.update(store, project_id, image.id, lambda old: structs.replace(old, tags=[], metadata=new))
    assert images.get(store, project_id, image.id) == changed
    assert (changed.tags, changed.metadata) == ([], new)
    assert_consistent(store, project_id)
    assert delete_image(store, project_id, image.id)
    assert_consistent(store, project_id)


def test_an_image_is_found_by_its_metadata_alone(store: Store, project_id: UUID) -> None:
    pear = add_tag(store, project_id).id
    made = [record([pear] * (at % 2), metadata={"file": f"{at}.jpg", "line": str(at % 2)}) for at in range(20)]
    insert_all(store, project_id, made)
    keep = filters.parse("file eq '7.jpg' and line eq '1' or file eq '8.jpg' and line eq '1'")
    found = images.page(
        store, project_id, status=TaggingStatus.ALL, tag_ids=[pear], order=OrderBy.OLDEST, take=9, skip=0, keep=keep
    )
    assert found == [made[7]]
