"""Datasets, and the index that finds a page of one."""

from collections.abc import Callable
from random import Random
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec import structs

from shared.errors import NotFound
from shared.models.training.datasets import DatasetHeader
from shared.models.workspace import filters
from shared.models.workspace.domains import GENERAL
from shared.models.workspace.images import ImageRecord, OrderBy, TaggingStatus
from shared.models.workspace.tags import Tag
from shared.storage.account import blobs
from shared.storage.account.memory import Memory
from shared.storage.account.store import Store
from shared.storage.columns import arrays
from shared.storage.training import datasets, parts
from shared.storage.training.dataset_index import DatasetIndex
from tests.storage.making import record
from tests.storage.model import holds

ALL, TAGGED, UNTAGGED = TaggingStatus.ALL, TaggingStatus.TAGGED, TaggingStatus.UNTAGGED
APPLE, LEAF, RARE = (Tag(uuid4(), name, None) for name in ("apple", "leaf", "rare"))


def header_of(project_id: UUID) -> DatasetHeader:
    return DatasetHeader(project_id, uuid4(), GENERAL, None, [APPLE, LEAF, RARE])


def index_of(store: Store, header: DatasetHeader) -> DatasetIndex:
    index = datasets.index(store, header.project_id, header.iteration_id)
    assert index is not None
    return index


def mixed() -> list[ImageRecord]:
    """The oldest first: 30 apples, every third of them a leaf too, one rare one, 5 untagged."""
    images = [record([APPLE.id, LEAF.id] if at % 3 == 0 else [APPLE.id]) for at in range(30)]
    return [*images, record([RARE.id]), *(record() for _ in range(5))]


def pages(
    store: Store, index: DatasetIndex, status: TaggingStatus, tag_ids: list[UUID], order: OrderBy
) -> list[ImageRecord]:
    def page(skip: int) -> list[ImageRecord]:
        return datasets.page(store, index, status=status, tag_ids=tag_ids, order=order, take=7, skip=skip)

    return [image for skip in range(0, 49, 7) for image in page(skip)]


def with_any(tag_ids: list[UUID]) -> Callable[[ImageRecord], bool]:
    return lambda image: not tag_ids or bool(image.tag_ids & set(tag_ids))


@pytest.mark.parametrize("gap", [0, parts.GAP])
@pytest.mark.parametrize("tags", [[], [APPLE], [LEAF], [RARE], [LEAF, RARE]])
@pytest.mark.parametrize("status", TaggingStatus)
def test_pages_of_a_dataset_are_those_of_its_images(
    store: Store, monkeypatch: pytest.MonkeyPatch, status: TaggingStatus, tags: list[Tag], gap: int
) -> None:
    monkeypatch.setattr(parts, "GAP", gap)
    images, header, ids = mixed(), header_of(uuid4()), [tag.id for tag in tags]
    Random(1).shuffle(shuffled := list(images))
    datasets.write(store, header, shuffled)
    fits = {ALL: lambda _: True, TAGGED: lambda image: image.tags, UNTAGGED: lambda image: not image.tags}[status]
    wanted = [image for image in images if fits(image) and with_any(ids)(image)]
    index = index_of(store, header)
    assert pages(store, index, status, ids, OrderBy.OLDEST) == wanted
    assert pages(store, index, status, ids, OrderBy.NEWEST) == wanted[::-1]
    assert datasets.count(index, status=status, tag_ids=ids) == len(wanted)


def test_images_of_a_dataset_are_found_by_their_ids(store: Store) -> None:
    images, header = mixed(), header_of(uuid4())
    datasets.write(store, header, images)
    ids = [images[30].id, uuid4(), images[0].id, new_id_after(images[-1]), images[30].id]
    assert datasets.get_many(store, index_of(store, header), ids) == [images[30], images[0]]
    assert datasets.read(store, header.project_id, header.iteration_id).images == images  # type: ignore[union-attr]


def new_id_after(image: ImageRecord) -> UUID:
    return UUID(int=image.id.int - 1)


def test_an_empty_dataset_has_empty_pages(store: Store) -> None:
    header = header_of(uuid4())
    datasets.write(store, header, [])
    index = index_of(store, header)
    assert index.columns.size == 0
    assert index.header == header
    assert pages(store, index, ALL, [], OrderBy.NEWEST) == pages(store, index, ALL, [APPLE.id], OrderBy.OLDEST) == []
    assert datasets.get_many(store, index, [uuid4()]) == []


@pytest.mark.parametrize("text", ["n eq '7'", "n ne '7'", "even eq '1' and (n ne '4' or n eq '2')", "odd ne '1'"])
def test_an_index_tells_what_a_filter_keeps(store: Store, text: str) -> None:
    header, keep = header_of(uuid4()), filters.parse(text)
    images = [
        structs.replace(image, metadata={"n": str(at), "even" if at % 2 == 0 else "odd": "1"})
        for at, image in enumerate(mixed()[:-2])
    ] + mixed()[-2:]
    datasets.write(store, header, images)
    datasets.drop(store, header.project_id, header.iteration_id, [images[6].id])
    del images[6]
    index = index_of(store, header)
    for status, tag_ids in [(ALL, []), (TAGGED, [LEAF.id]), (UNTAGGED, [])]:
        chosen = [image for image in images if bool(image.tags) or status is not TAGGED]
        chosen = [image for image in chosen if not image.tags or status is not UNTAGGED]
        wanted = [image for image in chosen if with_any(tag_ids)(image) and holds(keep, image)]
        assert datasets.count(index, status=status, tag_ids=tag_ids, keep=keep) == len(wanted)
        found = datasets.page(
            store, index, status=status, tag_ids=tag_ids, order=OrderBy.OLDEST, take=7, skip=2, keep=keep
        )
        assert found == wanted[2:9]


def test_an_index_is_derived_where_there_is_none(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    images, header = mixed(), header_of(uuid4())
    place = f"{header.project_id}/{header.iteration_id}/{datasets.INDEX}"
    datasets.write(store, header, images)
    written = index_of(store, header)
    monkeypatch.setattr(datasets, "indexes", Memory(8, 60))
    blobs.delete(store, "models", place)
    assert arrays.encode(index_of(store, header)) == arrays.encode(written)
    assert blobs.exists(store, "models", place)
    assert datasets.index(store, header.project_id, uuid4()) is None


def test_what_a_former_version_dropped_stays_dropped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    images, header = mixed(), header_of(uuid4())
    folder = f"{header.project_id}/{header.iteration_id}"
    datasets.write(store, header, images)
    monkeypatch.setattr(datasets, "indexes", Memory(8, 60))
    blobs.delete(store, "models", f"{folder}/{datasets.INDEX}")
    left = sorted(image.id.bytes for image in images[5:])
    former = msgspec.msgpack.encode({"header": {}, "ids": b"".join(left), "untagged": b""})
    blobs.write(store, "models", f"{folder}/{datasets.FORMER_INDEX}", former)
    assert pages(store, index_of(store, header), ALL, [], OrderBy.OLDEST) == images[5:]


def test_a_dataset_is_frozen_by_the_first_who_writes_it(store: Store) -> None:
    first, second, header = mixed(), mixed(), header_of(uuid4())
    assert not datasets.frozen(store, header.project_id, header.iteration_id)
    datasets.write(store, header, first)
    datasets.write(store, header, second)
    assert datasets.frozen(store, header.project_id, header.iteration_id)
    assert datasets.get_many(store, index_of(store, header), [second[0].id, first[0].id]) == [first[0]]


def test_a_dataset_that_goes_while_it_is_read_is_not_found(store: Store) -> None:
    header = header_of(uuid4())
    datasets.write(store, header, mixed())
    index = index_of(store, header)
    blobs.delete_model(store, header.project_id, header.iteration_id)
    with pytest.raises(NotFound):
        pages(store, index, ALL, [], OrderBy.NEWEST)


def test_images_that_are_dropped_leave_all_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    images, header = mixed(), header_of(uuid4())
    datasets.write(store, header, images)
    before, elsewhere = index_of(store, header), Memory(8, 60)
    monkeypatch.setattr(datasets, "indexes", elsewhere)
    assert arrays.encode(index_of(store, header)) == arrays.encode(before)
    datasets.drop(store, header.project_id, header.iteration_id, [images[3].id, images[35].id, uuid4()])
    left = [image for image in images if image not in (images[3], images[35])]
    index = index_of(store, header)
    assert pages(store, index, ALL, [], OrderBy.OLDEST) == left
    assert pages(store, index, UNTAGGED, [], OrderBy.OLDEST) == left[-4:]
    assert index.tags[APPLE.id].image_count == 29
    assert index.tags[LEAF.id].image_count == 9
    assert datasets.get_many(store, index, [images[3].id, images[4].id]) == [images[4]]
    monkeypatch.undo()
    assert arrays.encode(index_of(store, header)) == arrays.encode(index)
    datasets.drop(store, header.project_id, uuid4(), [images[4].id])
