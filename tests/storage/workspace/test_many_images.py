"""Many images to a transaction: inserted, changed and deleted, also while others change them."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from shared.errors import ProjectNotFound, TagNotFound
from shared.models.workspace.images import ImageRecord, TaggingStatus, new_region_id
from shared.storage.account.store import Store
from shared.storage.account.transactions import LIMIT, transact
from shared.storage.workspace import catalog, image_rows, images, ledger, tags
from tests.storage.making import (
    add_images,
    add_tag,
    assert_consistent,
    delete_image,
    record,
    region,
    with_tags,
    without_tags,
)


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each transaction had."""
    sizes: list[int] = []

    def counted(*args: object) -> None:
        sizes.append(len(args[2]))  # type: ignore[arg-type]
        transact(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger, "transact", counted)
    return sizes


def test_many_images_are_inserted_in_few_transactions(store: Store, project_id: UUID, sizes: list[int]) -> None:
    tag_ids = [add_tag(store, project_id).id for _ in range(3)]
    made = [record(tag_ids[: at % 4]) for at in range(150)]
    sizes.clear()
    images.insert_many(store, project_id, iter(made))
    assert max(sizes) <= LIMIT
    assert len(sizes) < 10
    assert list(images.each(store, project_id, TaggingStatus.ALL)) == made[::-1]
    assert_consistent(store, project_id)


def test_an_insert_that_is_repeated_adds_what_is_missing(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "BULK", 7)
    made = [record() for _ in range(20)]
    images.insert_many(store, project_id, [*made[:3], *made[9:11]])
    images.insert_many(store, project_id, [*made, record(content=str(made[0].id))])
    assert list(images.each(store, project_id, TaggingStatus.ALL)) == made[::-1]
    assert_consistent(store, project_id)


def test_inserting_many_needs_the_project_and_the_tags(store: Store, project_id: UUID) -> None:
    with pytest.raises(ProjectNotFound):
        images.insert_many(store, uuid4(), [record()])
    with pytest.raises(TagNotFound):
        images.insert_many(store, project_id, [record(), record([uuid4()])])
    images.insert_many(store, project_id, [])
    assert_consistent(store, project_id)


def test_images_with_more_or_larger_marks_than_a_transaction_holds_are_inserted_and_changed(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_rows, "LENGTH", 30_000)
    tag_ids = [add_tag(store, project_id).id for _ in range(30)]
    regions = [region(tag_ids[0]) for _ in range(100)]
    made = [record(tag_ids), *(structs.replace(record(tag_ids[:1]), regions=regions) for _ in range(4)), record()]
    images.insert_many(store, project_id, made)
    assert list(images.get_many(store, project_id, [image.id for image in made])) == made
    assert_consistent(store, project_id)
    ids = [image.id for image in made]
    images.change_many(store, project_id, ids, lambda old: without_tags(old, old.tag_ids))
    assert images.count(store, project_id, status=TaggingStatus.UNTAGGED, tag_ids=[]) == 6
    assert_consistent(store, project_id)
    images.change_many(store, project_id, ids, lambda old: with_tags(old, tag_ids))
    images.change_many(store, project_id, ids, lambda _: None)
    assert catalog.read(store, project_id).images == 0
    assert_consistent(store, project_id)


def test_many_images_are_changed_and_deleted_in_few_transactions(
    store: Store, project_id: UUID, sizes: list[int]
) -> None:
    apple, pear = add_tag(store, project_id).id, add_tag(store, project_id).id
    made = add_images(store, project_id, 60, [apple])
    doomed = {image.id for image in made[::3]}
    kept = {image.id for image in made[1::3]}

    def change(old: ImageRecord) -> ImageRecord | None:
        return None if old.id in doomed else old if old.id in kept else with_tags(old, [pear])

    sizes.clear()
    images.change_many(store, project_id, [*(image.id for image in made), uuid4()], change)
    assert max(sizes) <= LIMIT
    assert len(sizes) < 5
    found = {image.id: image for image in images.each(store, project_id)}
    assert found.keys() == {image.id for image in made} - doomed
    assert {image.id for image in found.values() if image.tag_ids == {apple}} == kept
    assert_consistent(store, project_id)


@pytest.mark.parametrize("other", ["updates", "deletes", "drops the tag"])
def test_what_others_do_meanwhile_is_neither_lost_nor_in_the_way(
    store: Store, project_id: UUID, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    apple, pear = add_tag(store, project_id).id, add_tag(store, project_id).id
    made = add_images(store, project_id, 12)
    others: dict[str, Callable[[], object]] = {
        "updates": lambda: images.update(store, project_id, made[5].id, lambda old: with_tags(old, [pear])),
        "deletes": lambda: delete_image(store, project_id, made[5].id),
        "drops the tag": lambda: tags.delete(store, project_id, apple),
    }
    commit = image_rows.commit

    def overtaken(*args: object) -> None:
        monkeypatch.setattr(image_rows, "commit", commit)
        others[other]()
        commit(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(image_rows, "commit", overtaken)
    ids = [image.id for image in made]
    if other == "drops the tag":
        with pytest.raises(TagNotFound):
            images.change_many(store, project_id, ids, lambda old: with_tags(old, [apple]))
    else:
        images.change_many(store, project_id, ids, lambda old: with_tags(old, [apple]))
        expected = {"updates": 12, "deletes": 11}[other]
        assert catalog.read(store, project_id).per_tag[apple] == expected
    assert catalog.read(store, project_id).per_tag.get(pear, 0) == (1 if other == "updates" else 0)
    assert_consistent(store, project_id)


def test_the_image_of_a_region_is_found_by_the_regions_id(store: Store, project_id: UUID) -> None:
    tag = add_tag(store, project_id)
    first, second, _ = add_images(store, project_id, 3, [tag.id])

    def marked(old: ImageRecord) -> ImageRecord:
        return structs.replace(old, regions=[region(tag.id, new_region_id(old.id)) for _ in range(2)])

    first, second = (images.update(store, project_id, image.id, marked) for image in (first, second))
    one, two = first.regions[1].region_id, second.regions[0].region_id
    absent = [uuid4(), new_region_id(first.id)]
    assert images.of_regions(store, project_id, [one, two, *absent]) == {one: first, two: second}
    assert images.of_regions(store, project_id, []) == {}
