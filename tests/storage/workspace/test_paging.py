"""Pages of images at their boundaries, in both orders, by status and tags; and their counts."""

import random
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from shared.models.workspace.filters import Condition, parse
from shared.models.workspace.images import ImageRecord, OrderBy, TaggingStatus
from shared.models.workspace.projects import Project
from shared.storage.account import rows
from shared.storage.account.rows import Row
from shared.storage.account.store import Store
from shared.storage.columns import snapshot
from shared.storage.workspace import catalog, images, projects, tags
from tests.storage.making import (
    add_images,
    add_tag,
    delete_image,
    forget,
    insert_all,
    new_project,
    record,
    with_tags,
    without_tags,
)
from tests.storage.model import holds

ORDERS = list(OrderBy)


def page(
    store: Store,
    project_id: UUID,
    take: int,
    skip: int = 0,
    *,
    order: OrderBy = OrderBy.NEWEST,
    status: TaggingStatus = TaggingStatus.ALL,
    tag_ids: list[UUID] | None = None,
    keep: Condition | None = None,
) -> list[ImageRecord]:
    return images.page(
        store, project_id, status=status, tag_ids=tag_ids or [], order=order, take=take, skip=skip, keep=keep
    )


def in_order(made: list[ImageRecord], order: OrderBy) -> list[ImageRecord]:
    return made if order is OrderBy.NEWEST else made[::-1]


@pytest.fixture(scope="module")
def many(store: Store) -> tuple[UUID, list[ImageRecord]]:
    """A project of 520 images and the images, the newest first; every third is tagged."""
    project = new_project()
    projects.insert(store, project)
    tag = add_tag(store, project.id)
    # From the newest on every seventh is described.
    marked = {"seventh": "yes"}
    made = [record([tag.id] * (at % 3 == 0), metadata=marked if (519 - at) % 7 == 0 else {}) for at in range(520)]
    return project.id, insert_all(store, project.id, made)


@pytest.mark.parametrize("order", ORDERS)
def test_a_project_without_images_has_empty_pages(store: Store, project_id: UUID, order: OrderBy) -> None:
    assert page(store, project_id, 256, order=order) == []
    assert page(store, project_id, 256, 5, order=order) == []


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("take", [0, 1, 255, 256, 257, 519, 520, 521])
def test_a_page_ends_where_it_should(
    store: Store, many: tuple[UUID, list[ImageRecord]], order: OrderBy, take: int
) -> None:
    project_id, made = many
    assert page(store, project_id, take, order=order) == in_order(made, order)[:take]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("skip", [1, 255, 256, 257, 519, 520, 521, 9_999])
def test_a_page_begins_where_it_should_whether_the_place_is_remembered_or_not(
    store: Store, many: tuple[UUID, list[ImageRecord]], order: OrderBy, skip: int
) -> None:
    project_id, made = many
    forget()
    for _ in range(2):
        assert page(store, project_id, 3, skip, order=order) == in_order(made, order)[skip : skip + 3]


@pytest.mark.parametrize("status", list(TaggingStatus))
@pytest.mark.parametrize("order", ORDERS)
def test_pages_put_together_are_all_images_of_a_status(
    store: Store, many: tuple[UUID, list[ImageRecord]], order: OrderBy, status: TaggingStatus
) -> None:
    project_id, made = many
    tagged = {TaggingStatus.TAGGED: [True], TaggingStatus.UNTAGGED: [False]}.get(status, [True, False])
    expected = [image for image in in_order(made, order) if bool(image.tags) in tagged]
    found: list[ImageRecord] = []
    while part := page(store, project_id, 100, len(found), order=order, status=status):
        found += part
    assert found == expected
    assert images.count(store, project_id, status=status, tag_ids=[]) == len(expected)


@pytest.mark.parametrize("order", ORDERS)
def test_skip_counts_the_images_that_are_there_now(store: Store, project_id: UUID, order: OrderBy) -> None:
    made = add_images(store, project_id, 30)
    for _ in range(3):
        expected = in_order(made, order)
        for skip in (20, 0, 10, 29, 30):
            assert page(store, project_id, 10, skip, order=order) == expected[skip : skip + 10]
        delete_image(store, project_id, made.pop(12).id)
        made = add_images(store, project_id, 5) + made


def test_images_of_a_deleted_tag_are_untagged_before_it_is_swept(store: Store, project_id: UUID) -> None:
    gone, left = add_tag(store, project_id), add_tag(store, project_id)
    made = insert_all(store, project_id, [record(ids) for ids in [[gone.id], [left.id], [], [gone.id, left.id]] * 3])
    tags.delete(store, project_id, gone.id)
    for status, has in ((TaggingStatus.TAGGED, True), (TaggingStatus.UNTAGGED, False)):
        expected = [image for image in made if (left.id in image.tag_ids) is has]
        shown = partial(images.page, store, project_id, status=status, tag_ids=[])
        assert shown(order=OrderBy.NEWEST, take=9, skip=0) == expected
        assert shown(order=OrderBy.OLDEST, take=2, skip=3) == expected[::-1][3:5]
        assert images.count(store, project_id, status=status, tag_ids=[]) == len(expected)


@pytest.mark.parametrize("order", ORDERS)
def test_several_tags_are_merged_without_duplicates(store: Store, project_id: UUID, order: OrderBy) -> None:
    tag_ids = [add_tag(store, project_id).id for _ in range(4)]
    made = [record(random.sample(tag_ids, random.randint(0, 3))) for _ in range(40)]
    insert_all(store, project_id, made)
    wanted = tag_ids[:3]
    expected = [image for image in in_order(made[::-1], order) if image.tag_ids & set(wanted)]
    found: list[ImageRecord] = []
    while part := page(store, project_id, 7, len(found), order=order, tag_ids=[*wanted, wanted[0]]):
        found += part
    assert found == expected
    forget()
    assert page(store, project_id, 5, 6, order=order, tag_ids=wanted) == expected[6:11]
    for chosen in (wanted, wanted[:1], tag_ids[3:]):
        number = sum(1 for image in made if image.tag_ids & set(chosen))
        assert images.count(store, project_id, status=TaggingStatus.TAGGED, tag_ids=chosen) == number
        assert images.count(store, project_id, status=TaggingStatus.UNTAGGED, tag_ids=chosen) == 0
    assert page(store, project_id, 9, status=TaggingStatus.UNTAGGED, tag_ids=wanted) == []


@pytest.mark.parametrize("order", ORDERS)
def test_a_filter_keeps_what_it_names(store: Store, many: tuple[UUID, list[ImageRecord]], order: OrderBy) -> None:
    project_id, made = many
    keep = parse("seventh eq 'yes' or none eq 'x'")

    def some(take: int, skip: int) -> list[ImageRecord]:
        return images.page(
            store, project_id, status=TaggingStatus.ALL, tag_ids=[], order=order, take=take, skip=skip, keep=keep
        )

    expected = in_order(made[::7], order)
    assert some(10, 0) == expected[:10]
    assert some(10, 10) == expected[10:20]
    assert some(10, 33) == expected[33:43]
    assert some(999, 0) == expected
    assert images.count(store, project_id, status=TaggingStatus.ALL, tag_ids=[], keep=keep) == len(expected)


def test_the_oldest_come_first_while_the_project_grows_and_shrinks(store: Store, project_id: UUID) -> None:
    made: list[ImageRecord] = []
    for number in (1, 30, 70):
        made += add_images(store, project_id, number)[::-1]
        for _ in range(2):
            assert page(store, project_id, 25, order=OrderBy.OLDEST) == made[:25]
    for _ in range(5):
        doomed = page(store, project_id, 20, order=OrderBy.OLDEST)
        assert doomed == made[:20]
        for image in doomed:
            delete_image(store, project_id, image.id)
        made = made[20:]
    assert page(store, project_id, 25, order=OrderBy.OLDEST) == made
    assert catalog.read(store, project_id).images == 1


def test_an_image_that_is_tagged_later_takes_its_place_by_age(store: Store, project_id: UUID) -> None:
    tag = add_tag(store, project_id)
    made = add_images(store, project_id, 5)
    for image in (made[3], made[0], made[2]):
        images.update(store, project_id, image.id, lambda old: with_tags(old, [tag.id]))
        page(store, project_id, 9, order=OrderBy.OLDEST, status=TaggingStatus.TAGGED)
    tagged = [image.id for image in page(store, project_id, 9, status=TaggingStatus.TAGGED)]
    assert tagged == [made[0].id, made[2].id, made[3].id]
    oldest = page(store, project_id, 9, order=OrderBy.OLDEST, status=TaggingStatus.TAGGED)
    assert [image.id for image in oldest] == tagged[::-1]


def test_pages_of_one_project_hold_no_images_of_another(store: Store, project: Project) -> None:
    add_images(store, project.id, 2)
    other = new_project()
    projects.insert(store, other)
    made = add_images(store, other.id, 2)
    assert page(store, other.id, 9) == made


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of the image rows that are read, copies among them."""
    keys: list[str] = []

    def scan(*args: object, **options: object) -> Iterator[Row]:
        for row in rows_scan(*args, **options):  # type: ignore[arg-type]
            if row.key.startswith(("image:", "t:", "untagged:")):
                keys.append(row.key)
            yield row

    def alone(*args: object) -> Row | None:
        keys.append(str(args[-1]))
        return rows_read(*args)  # type: ignore[arg-type]

    rows_scan, rows_read = rows.scan, rows.read
    monkeypatch.setattr(rows, "scan", scan)
    monkeypatch.setattr(rows, "read", alone)
    return keys


@pytest.mark.parametrize("order", ORDERS)
def test_a_page_reads_little_more_than_its_images(
    store: Store, project_id: UUID, order: OrderBy, read: list[str]
) -> None:
    often, rare = add_tag(store, project_id).id, add_tag(store, project_id).id
    made = [
        record([often] if at % 2 else [rare] if at % 100 == 0 else [], metadata={"half": str(at // 200)})
        for at in range(400)
    ]
    images.insert_many(store, project_id, made)
    made.reverse()
    cases: list[tuple[dict[str, Any], list[ImageRecord]]] = [
        ({}, made),
        ({"tag_ids": [often]}, [image for image in made if often in image.tag_ids]),
        ({"tag_ids": [rare]}, [image for image in made if rare in image.tag_ids]),
        ({"status": TaggingStatus.UNTAGGED}, [image for image in made if not image.tags]),
        ({"status": TaggingStatus.TAGGED}, [image for image in made if image.tags]),
        ({"keep": parse("half eq '1'")}, [image for image in made if image.metadata["half"] == "1"]),
    ]
    for query, expected in cases:
        for skip in (0, len(expected) // 2):
            read.clear()
            found = page(store, project_id, 20, skip, order=order, **query)
            assert found == in_order(expected, order)[skip : skip + 20]
            # A revision, and where the images lie side by side the rows between them.
            assert len(read) <= 2 * len(found) + 2


@pytest.mark.parametrize("seed", range(4))
def test_places_are_right_after_any_changes(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(snapshot, "SHORTEST", 8)
    chance, tag_ids = random.Random(seed), [add_tag(store, project_id).id for _ in range(3)]
    even = parse("even eq 'yes'")

    def new(most: int) -> ImageRecord:
        some = chance.sample(tag_ids, chance.randrange(most))
        return record(some, metadata={"even": chance.choice(["yes", "no"])})

    made = [new(4) for _ in range(80)]
    images.insert_many(store, project_id, made)
    kept = {image.id: image for image in made}
    for _ in range(12):
        few = chance.sample(sorted(kept), min(len(kept), chance.choice([1, 2, 40])))
        news = chance.choice([None, with_tags, without_tags])
        images.change_many(store, project_id, few, lambda image: news and news(image, tag_ids[:2]))  # noqa: B023
        come = [new(3) for _ in range(chance.choice([0, 1, 30]))]
        images.insert_many(store, project_id, come)
        now = [*images.get_many(store, project_id, kept), *come]
        kept = {image.id: image for image in sorted(now, key=lambda image: image.id)}
        for order, keep in ((order, keep) for order in ORDERS for keep in (None, even)):
            two = [image for image in kept.values() if not image.tag_ids.isdisjoint(tag_ids[1:])]
            expected = in_order([image for image in two if keep is None or holds(keep, image)], order)
            skip = chance.randrange(len(expected) + 2)
            assert (
                page(store, project_id, 3, skip, order=order, tag_ids=tag_ids[1:], keep=keep)
                == (expected[skip : skip + 3])
            )
            assert images.count(store, project_id, status=TaggingStatus.ALL, tag_ids=tag_ids[1:], keep=keep) == (
                len(expected)
            )
