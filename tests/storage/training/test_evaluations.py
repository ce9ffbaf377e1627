"""What a model was judged by, and the index that finds a page of it."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec import structs

from shared.errors import NotFound, ServiceUnavailable
from shared.models.training.evaluations import EvaluatedImage, Evaluation
from shared.models.training.model_spec import ModelTag
from shared.models.wire import now
from shared.models.workspace.images import OrderBy
from shared.models.workspace.projects import ClassificationType
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.columns.ids import positions
from shared.storage.training import evaluations
from tests.storage.making import emptied

Ids = tuple[UUID, UUID]
APPLE, LEAF, RARE, UNSEEN = (ModelTag(uuid4(), name) for name in ("apple", "leaf", 'rare "images":[', "unseen"))


def mixed() -> list[EvaluatedImage]:
    """The newest first: 30 apples, every third of them a leaf too, one rare one, 2 that carry nothing."""
    carried = [[APPLE.id, LEAF.id] if at % 3 == 0 else [APPLE.id] for at in range(30)] + [[RARE.id], [], []]
    time = now()
    return [
        EvaluatedImage(uuid4(), time - timedelta(seconds=at), 640, 480, tags, [0.1, 0.2, 1 / (at + 1), 0.0])
        for at, tags in enumerate(carried)
    ]


def evaluation_of(images: list[EvaluatedImage]) -> Evaluation:
    shuffled = Random(3).sample(images, len(images))
    return Evaluation([APPLE, LEAF, RARE, UNSEEN], ClassificationType.MULTILABEL, shuffled)


@pytest.fixture
def ids() -> Ids:
    return uuid4(), uuid4()


@pytest.fixture(params=["written with its index", "written before there were any", "known to this process"])
def stored(request: pytest.FixtureRequest, store: Store, ids: Ids) -> Iterator[list[EvaluatedImage]]:
    images = mixed()
    if request.param == "written before there were any":
        blobs.model_write(store, *ids, "performance.json", msgspec.json.encode(evaluation_of(images)))
    else:
        evaluations.write(store, *ids, evaluation_of(images))
    if request.param == "known to this process":
        evaluations.index(store, *ids)
    yield images
    assert blobs.exists(store, "models", f"{ids[0]}/{ids[1]}/performance.columns")


@pytest.mark.parametrize("order", OrderBy)
@pytest.mark.parametrize("tags", [[], [APPLE], [LEAF], [RARE, LEAF], [RARE, RARE], [UNSEEN]])
def test_pages_are_those_of_the_images(
    store: Store, ids: Ids, stored: list[EvaluatedImage], tags: list[ModelTag], order: OrderBy
) -> None:
    tag_ids = [tag.id for tag in tags]
    expected = [image for image in stored if not tags or set(tag_ids) & set(image.tags)]
    having = evaluations.index(store, *ids).having(tag_ids)
    assert having.sum() == len(expected)
    places = positions(having, oldest=order is OrderBy.OLDEST, skip=0).tolist()
    found = [image for skip in range(0, 40, 7) for image in evaluations.at(store, *ids, places[skip : skip + 7])]
    assert found == (expected if order is OrderBy.NEWEST else expected[::-1])


def test_each_reads_all_images_in_parts(store: Store, ids: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluations, "PART", 10)
    images = mixed()
    evaluations.write(store, *ids, evaluation_of(images))
    assert list(evaluations.each(store, *ids)) == images


def test_the_index_says_what_the_model_was_trained_on(store: Store, ids: Ids) -> None:
    evaluations.write(store, *ids, evaluation_of([]))
    index = evaluations.index(store, *ids)
    assert (index.size, index.tags[:2], index.classification_type) == (0, [APPLE, LEAF], ClassificationType.MULTILABEL)
    assert evaluations.at(store, *ids, []) == []


def test_an_index_of_another_version_is_made_anew(store: Store, ids: Ids) -> None:
    images = mixed()
    evaluations.write(store, *ids, evaluation_of(images))
    evaluations.index(store, *ids)
    later = [structs.replace(image, probabilities=[0.5] * 4) for image in images[3:]]
    blobs.model_write(store, *ids, "performance.json", msgspec.json.encode(evaluation_of(later)))
    with pytest.raises(ServiceUnavailable, match="try again"):
        list(evaluations.each(store, *ids))
    assert list(evaluations.each(store, *ids)) == later
    emptied(evaluations.indexes)
    assert list(evaluations.each(store, *ids)) == later


def test_an_iteration_that_was_never_judged_has_no_evaluation(store: Store, ids: Ids) -> None:
    with pytest.raises(NotFound):
        evaluations.index(store, *ids)
