"""The ledger of counts: what it adds up to, and that folding it changes nothing."""

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from shared.models.images import ImageRecord, TaggingStatus
from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.workspace import counts, images
from shared.storage.workspace.counts import Counts
from tests.storage.making import add_images, add_tag, assert_consistent, record, region, with_tags, without_tags


def ledger(store: Store, project_id: UUID) -> list[str]:
    return [row.key for row in rows.scan(store.catalog, str(project_id), "count:", "count;", keys_only=True)]


def test_a_new_project_counts_nothing(store: Store, project_id: UUID) -> None:
    assert counts.read(store, project_id) == Counts() == counts.recount(store, project_id)


def test_counts_follow_every_change(store: Store, project_id: UUID) -> None:
    apple, pear = add_tag(store, project_id).id, add_tag(store, project_id).id
    image = add_images(store, project_id, 1, [apple, pear])[0]
    add_images(store, project_id, 2)
    assert counts.read(store, project_id) == Counts(3, 1, 5, {apple: 1, pear: 1}, sets={frozenset({apple, pear}): 1})
    images.update(store, project_id, image.id, lambda old: without_tags(old, [apple]))
    assert counts.read(store, project_id) == Counts(3, 1, 6, {pear: 1}, sets={frozenset({pear}): 1})
    images.update(store, project_id, image.id, lambda old: without_tags(old, [pear]))
    assert counts.read(store, project_id) == Counts(3, 0, 7, {})
    assert counts.read(store, project_id).untagged == 3
    images.delete(store, project_id, image.id)
    assert counts.read(store, project_id) == Counts(2, 0, 8, {})


def test_images_with_any_of_several_tags_and_with_several_tags_are_known(store: Store, project_id: UUID) -> None:
    apple, pear, fig = sorted(add_tag(store, project_id).id for _ in range(3))
    made = [record(tag_ids) for tag_ids in ([], [apple], [apple], [apple, pear], [pear, apple], [pear, fig])]
    images.insert_many(store, project_id, made)
    counted = counts.read(store, project_id)
    assert counted.with_any([]) == counted.with_any([uuid4(), uuid4()]) == 0
    assert counted.with_any([apple]) == counted.with_any([apple, apple]) == 4
    assert counted.with_any([apple, pear]) == counted.with_any([apple, pear, fig, uuid4()]) == 5
    assert counted.with_any([apple, fig]) == 5
    assert counted.with_any([pear, fig]) == 3
    assert counted.several == 3


def test_regions_are_counted(store: Store, project_id: UUID) -> None:
    tag = add_tag(store, project_id)
    image = structs.replace(record([tag.id]), regions=[region(tag.id)] * 3)
    images.insert_many(store, project_id, [image, record()])
    assert counts.read(store, project_id).regions == 3
    images.update(store, project_id, image.id, lambda old: structs.replace(old, regions=old.regions[:1]))
    assert counts.read(store, project_id).regions == 1
    assert_consistent(store, project_id)


def test_too_many_sets_are_summed_up_and_the_rest_stays_exact(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "FOLD_CHANCE", 1)
    monkeypatch.setattr(counts, "SETS_LENGTH", 400)
    tag_ids = [add_tag(store, project_id).id for _ in range(4)]
    made = [record(some) for size in (0, 1, 2, 3, 4) for some in combinations(tag_ids, size)]
    for image in made[:5]:
        images.insert(store, project_id, image)
    assert counts.read(store, project_id).several == 0
    for image in made[5:]:
        images.insert(store, project_id, image)
    counted = counts.read(store, project_id)
    assert (counted.images, counted.tagged, counted.sets, counted.several) == (16, 15, None, None)
    assert counted.per_tag == dict.fromkeys(tag_ids, 8)
    assert counted.with_any(tag_ids[:2]) is None
    assert counted.with_any(tag_ids[:1]) == 8
    assert images.count(store, project_id, status=TaggingStatus.ALL, tag_ids=tag_ids[:2]) == 12
    assert_consistent(store, project_id)
    images.change_many(store, project_id, [image.id for image in made], lambda _: None)
    assert structs.replace(counts.read(store, project_id), changes=0) == Counts(sets=None)
    assert_consistent(store, project_id)


def test_a_ledger_from_before_sets_were_counted_goes_on(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def weight(image: ImageRecord | None) -> dict[str, int]:
        return {"images": 1, "tagged": 1, **{f"tag:{tag_id}": 1 for tag_id in image.tag_ids}} if image else {}

    apple, pear = add_tag(store, project_id).id, add_tag(store, project_id).id
    with monkeypatch.context() as before:
        before.setattr(counts, "weight", weight)
        made = add_images(store, project_id, 3, [apple])
    images.update(store, project_id, made[0].id, lambda old: with_tags(old, [pear]))
    for chance in (0, 1):
        monkeypatch.setattr(counts, "FOLD_CHANCE", chance)
        add_images(store, project_id, 1, [pear])
        assert_consistent(store, project_id)
    counted = counts.read(store, project_id)
    assert (counted.tagged, counted.per_tag, counted.sets) == (5, {apple: 3, pear: 3}, None)


def test_folding_keeps_the_ledger_short_and_the_counts_as_they_are(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "FOLD_CHANCE", 0)
    add_images(store, project_id, 150)
    assert len(ledger(store, project_id)) == 150
    assert counts.read(store, project_id).images == 150
    assert len(ledger(store, project_id)) == 53
    assert counts.read(store, project_id).images == 150
    monkeypatch.setattr(counts, "FOLD_CHANCE", 1)
    add_images(store, project_id, 3)
    assert len(ledger(store, project_id)) < 10
    assert counts.read(store, project_id).images == 153
    assert_consistent(store, project_id)


def test_a_ledger_of_several_pages_is_read_as_of_one_moment(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "FOLD_CHANCE", 0)
    monkeypatch.setattr(rows, "PAGE", 20)
    monkeypatch.setattr(counts, "FOLD", 10)
    made = add_images(store, project_id, 60)
    with ThreadPoolExecutor(4) as pool:
        found = [read.images for read in pool.map(lambda _: counts.read(store, project_id), range(40))]
    assert set(found) == {len(made)}


def test_folders_that_race_change_nothing(store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "FOLD_CHANCE", 0.5)
    apple = add_tag(store, project_id).id

    def work(_: int) -> None:
        image = record([apple])
        images.insert(store, project_id, image)
        if random.random() < 0.5:
            images.delete(store, project_id, image.id)
        read = counts.read(store, project_id)
        assert read.images == read.tagged == read.per_tag.get(apple, 0)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(120)))
    assert_consistent(store, project_id)
