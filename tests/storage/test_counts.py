"""The ledger of counts: what it adds up to, and that folding it changes nothing."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from shared.errors import Conflict, ServiceError, ServiceUnavailable
from shared.models import filters
from shared.models.images import ImageRecord, TaggingStatus
from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.workspace import counts, image_rows, images
from shared.storage.workspace.counts import Counts, Kinds
from tests.storage.making import (
    add_images,
    add_tag,
    assert_consistent,
    insert_all,
    record,
    region,
    with_tags,
    without_tags,
)


def ledger(store: Store, project_id: UUID) -> list[str]:
    return [row.key for row in rows.scan(store.catalog, str(project_id), "count:", "count;", keys_only=True)]


def tagged(store: Store, project_id: UUID) -> Counts:
    """Without what is counted by metadata."""
    return structs.replace(counts.read(store, project_id), kinds=Kinds())


def test_a_new_project_counts_nothing(store: Store, project_id: UUID) -> None:
    assert counts.read(store, project_id) == Counts() == counts.recount(store, project_id)


def test_counts_follow_every_change(store: Store, project_id: UUID) -> None:
    apple, pear = add_tag(store, project_id).id, add_tag(store, project_id).id
    image = add_images(store, project_id, 1, [apple, pear])[0]
    add_images(store, project_id, 2)
    assert tagged(store, project_id) == Counts(3, 1, 5, {apple: 1, pear: 1}, sets={frozenset({apple, pear}): 1})
    images.update(store, project_id, image.id, lambda old: without_tags(old, [apple]))
    assert tagged(store, project_id) == Counts(3, 1, 6, {pear: 1}, sets={frozenset({pear}): 1})
    images.update(store, project_id, image.id, lambda old: without_tags(old, [pear]))
    assert tagged(store, project_id) == Counts(3, 0, 7, {})
    assert counts.read(store, project_id).untagged == 3
    images.delete(store, project_id, image.id)
    assert tagged(store, project_id) == Counts(2, 0, 8, {})
    assert_consistent(store, project_id)


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
    monkeypatch.setattr(counts, "BASE_LENGTH", 280)
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
    assert structs.replace(tagged(store, project_id), changes=0) == Counts(sets=None)
    assert_consistent(store, project_id)


@pytest.mark.parametrize("summed", [True, False])
def test_a_ledger_from_before_metadata_was_counted_goes_on(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch, summed: bool
) -> None:
    """Older ones had sums of tags, later ones sets of them; images had no index rows for their metadata."""

    def weight(image: ImageRecord | None) -> dict[str, int]:
        if image is None or not image.tags:
            return {"images": 1} if image else {}
        tags = {f"tag:{tag_id}": 1 for tag_id in image.tag_ids} | {"tagged": 1}
        return {"images": 1} | (tags if summed else {"set:" + "+".join(sorted(map(str, image.tag_ids))): 1})

    def copies(image: ImageRecord | None) -> dict[str, str]:
        return {key: copy for key, copy in present(image).items() if not key.startswith("m:")}

    apple, pear, present = add_tag(store, project_id).id, add_tag(store, project_id).id, image_rows.copies
    made = [record(tag_ids, metadata={"line": str(at)}) for at in range(2) for tag_ids in ([apple], [apple, pear], [])]
    with monkeypatch.context() as before:
        before.setattr(counts, "weight", weight)
        before.setattr(image_rows, "copies", copies)
        insert_all(store, project_id, made)
    for chance in (0, 1):
        monkeypatch.setattr(counts, "FOLD_CHANCE", chance)
        made.append(record([pear], metadata={"line": "1"}))
        images.insert(store, project_id, made[-1])
        made[chance] = images.update(store, project_id, made[chance].id, lambda old: with_tags(old, [pear]))
        images.change_many(store, project_id, [made[2 + chance].id], lambda old: structs.replace(old, metadata={}))
        images.delete(store, project_id, made.pop(4).id)
        made = images.get_many(store, project_id, [image.id for image in made])
        counted = counts.read(store, project_id)
        assert (counted.images, counted.per_tag) == (len(made), per_tag(made))
        assert (counted.sets is None, counted.kinds) == (summed, None)
        for text in ("line eq '1'", "line ne '1'"):
            keep = filters.parse(text)
            found = images.count(store, project_id, status=TaggingStatus.ALL, tag_ids=[], keep=keep)
            assert found == sum(map(keep, made))


@pytest.mark.parametrize("chance", [0, 0.3, 1])
def test_it_is_known_which_images_changed_since_a_revision(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch, chance: float
) -> None:
    monkeypatch.setattr(counts, "FOLD_CHANCE", chance)
    monkeypatch.setattr(counts, "FOLDS", 5)
    tag_id = add_tag(store, project_id).id
    made = add_images(store, project_id, 40)
    seen, changed = [counts.revision(store, project_id)], list[dict[str, bool]]()

    def change(some: Sequence[ImageRecord], new: Callable[[ImageRecord], ImageRecord | None]) -> None:
        images.change_many(store, project_id, [image.id for image in some], new)
        there = {image.id: not image.tags for image in images.get_many(store, project_id, [each.id for each in some])}
        seen.append(counts.revision(store, project_id))
        changed.append({str(image.id): there.get(image.id, False) for image in some})

    for at in range(0, 20, 2):
        change(made[at : at + 2], lambda image: with_tags(image, [tag_id]))
    counts.bump(store, project_id)
    change(made[:1], lambda _: None)
    change(made[1:4], lambda image: without_tags(image, [tag_id]))
    for at, since in enumerate(seen):
        now, turned = counts.turned(store, project_id, since)
        assert now == seen[-1]
        if turned is None:
            assert chance
            assert at < len(seen) - counts.FOLDS + 1
        else:
            states = {key: {each[key] for each in changed[at:] if key in each} for each in changed[at:] for key in each}
            assert turned == {key: state.pop() if len(state) == 1 else None for key, state in states.items()}
    assert counts.turned(store, project_id, seen[0])[1] is None or chance < 1
    assert counts.turned(store, project_id, counts.NEVER)[1] is None


def per_tag(made: list[ImageRecord]) -> dict[UUID, int]:
    return Counter(tag_id for image in made for tag_id in image.tag_ids)


def test_folding_keeps_the_ledger_short_and_the_counts_as_they_are(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "FOLD_CHANCE", 0)
    add_images(store, project_id, 150)
    assert len(ledger(store, project_id)) == 150
    assert counts.read(store, project_id).images == 150
    assert len(ledger(store, project_id)) == 150 - counts.FOLD + 1
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


@pytest.mark.parametrize("error", [Conflict("Too many at once."), ServiceUnavailable("Storage is away.")])
def test_a_fold_that_fails_after_the_change_is_nobodys_concern(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch, error: ServiceError
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(counts, "FOLD_CHANCE", 1)
    for broken in (rows, "together"), (counts, "_fold"):
        with monkeypatch.context() as broken_off:
            broken_off.setattr(*broken, fails)
            made = add_images(store, project_id, 1)[0]
            images.update(store, project_id, made.id, lambda old: structs.replace(old, metadata={"line": "7"}))
            counts.bump(store, project_id)
    with monkeypatch.context() as broken_off:
        broken_off.setattr(counts, "FOLD", 0)
        broken_off.setattr(counts, "_fold", fails)
        assert (counts.read(store, project_id).images, counts.read(store, project_id).changes) == (2, 6)
    assert_consistent(store, project_id)


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
