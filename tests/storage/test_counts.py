"""The ledger of counts: what it adds up to, and that folding it changes nothing."""

import random
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from shared.storage import counts, images, rows
from shared.storage.counts import Counts
from shared.storage.store import Store
from tests.storage.making import add_images, add_tag, assert_consistent, record, without_tags


def ledger(store: Store, project_id: UUID) -> list[str]:
    return [row.key for row in rows.scan(store.catalog, str(project_id), "count:", "count;", keys_only=True)]


def test_a_new_project_counts_nothing(store: Store, project_id: UUID) -> None:
    assert counts.read(store, project_id) == Counts() == counts.recount(store, project_id)


def test_counts_follow_every_change(store: Store, project_id: UUID) -> None:
    apple, pear = add_tag(store, project_id).id, add_tag(store, project_id).id
    image = add_images(store, project_id, 1, [apple, pear])[0]
    add_images(store, project_id, 2)
    assert counts.read(store, project_id) == Counts(3, 1, 5, {apple: 1, pear: 1})
    images.update(store, project_id, image.id, lambda old: without_tags(old, [apple]))
    assert counts.read(store, project_id) == Counts(3, 1, 6, {pear: 1})
    images.update(store, project_id, image.id, lambda old: without_tags(old, [pear]))
    assert counts.read(store, project_id) == Counts(3, 0, 7, {})
    assert counts.read(store, project_id).untagged == 3
    images.delete(store, project_id, image.id)
    assert counts.read(store, project_id) == Counts(2, 0, 8, {})


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
