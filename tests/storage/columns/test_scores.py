"""Counting suggestions: after any changes, in any process, as many as a look at every row finds."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest

from shared.models.labelling.suggestions import SortBy, SuggestedTagAndRegion, Suggestion
from shared.models.serving.predictions import Prediction
from shared.models.wire import now
from shared.models.workspace.domains import GENERAL
from shared.models.workspace.images import ImageRecord
from shared.storage.account import blobs, rows
from shared.storage.account.store import Store
from shared.storage.columns import snapshot
from shared.storage.workspace import images, suggestions, tags
from shared.storage.workspace.suggestions import Wanted
from tests.storage.making import add_images, add_tag, forget, with_tags, without_tags

TAGS = [uuid4() for _ in range(3)]
THRESHOLDS = (0.0, 0.1, 0.3, 0.5, 0.9, 1.0)


def suggest(store: Store, project_id: UUID, iteration_id: UUID, image: ImageRecord, chance: random.Random) -> None:
    """Some tags, some of them more than once, with probabilities of float32 as models answer them."""
    probable = [float(np.float32(chance.choice([0.3, 0.9, chance.random()]))) for _ in range(chance.randrange(5))]
    predictions = [Prediction(probability, chance.choice(TAGS), "") for probability in probable]
    age = timedelta(days=chance.choice([0, 0, 40]))
    suggested = SuggestedTagAndRegion(image.id, project_id, iteration_id, now() - age, predictions, chance.random())
    suggestions.put(store, project_id, iteration_id, [Suggestion(suggested, GENERAL, 640, 480)])


def by_rows(store: Store, project_id: UUID, iteration_id: UUID) -> list[Suggestion]:
    """Those for untagged images, found by a look at every row."""
    made = list(suggestions.all_of(store, project_id, iteration_id))
    records = images.get_many(store, project_id, [each.suggested.id for each in made])
    untagged = {record.id for record in records if not record.tags}
    return [each for each in made if each.suggested.id in untagged]


def shows(wanted: Wanted, suggestion: Suggestion) -> bool:
    found = suggestion.suggested.predictions
    return any(each.tag_id in wanted.tag_ids and each.probability >= wanted.threshold for each in found)


def assert_counted(store: Store, project_id: UUID, iteration_id: UUID) -> None:
    made = [each.suggested.predictions for each in by_rows(store, project_id, iteration_id)]
    for threshold in THRESHOLDS:
        counted = suggestions.numbers(store, project_id, iteration_id, threshold)
        likely = [{each.tag_id for each in some if each.probability >= threshold} for some in made]
        expected = {tag_id: number for tag_id in TAGS if (number := sum(tag_id in some for some in likely))}
        assert {tag_id: number for tag_id, number in counted.items() if number} == expected


@pytest.mark.parametrize("seed", range(5))
def test_suggestions_are_counted_right_after_any_changes_and_in_any_process(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(snapshot, "SHORTEST", 6)
    monkeypatch.setattr(suggestions, "SPARSE", seed % 2 and 50)
    chance, iteration_id, tag_id = random.Random(seed), uuid4(), add_tag(store, project_id).id
    made = add_images(store, project_id, 40)

    def look(sort_by: SortBy) -> None:
        """A page, by other tags and thresholds than what comes next."""
        tag_ids, threshold = set(chance.sample(TAGS, chance.randrange(1, 4))), chance.choice(THRESHOLDS)
        wanted = Wanted(tag_ids, threshold)
        expected = {each.suggested.id for each in by_rows(store, project_id, iteration_id) if shows(wanted, each)}
        page = suggestions.query(store, project_id, iteration_id, sort_by, wanted, take=50)
        assert {each.suggested.id for each in page.items} == expected

    for _ in range(40):
        some = chance.sample(made, chance.choice([1, 1, 3, 12]))
        ids = [image.id for image in some]
        match chance.randrange(8):
            case 0 | 1 | 2:
                for image in some:
                    suggest(store, project_id, iteration_id, image, chance)
            case 3:
                images.change_many(store, project_id, ids, lambda image: with_tags(image, [tag_id]))
            case 4:
                images.change_many(store, project_id, ids, lambda image: without_tags(image, [tag_id]))
            case 5:
                look(chance.choice(list(SortBy)))
            case 6:
                images.change_many(store, project_id, ids[:2], lambda _: None)
            case 7:
                suggestions.expire(store, now() - timedelta(days=30))
        if chance.random() < 0.3:
            forget()
        if chance.random() < 0.6:
            assert_counted(store, project_id, iteration_id)
    assert_counted(store, project_id, iteration_id)
    forget()
    assert_counted(store, project_id, iteration_id)


def test_suggestions_are_counted_right_after_many_at_once(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "SHORTEST", 5)
    iteration_id, tag_id = uuid4(), add_tag(store, project_id).id
    made = add_images(store, project_id, 60)

    def work(at: int) -> None:
        suggest(store, project_id, iteration_id, made[at], random.Random(at))
        if at % 3 == 0:
            images.update(store, project_id, made[at].id, lambda image: with_tags(image, [tag_id]))
        suggestions.numbers(store, project_id, iteration_id, 0.5)
        if at % 6 == 0:
            images.update(store, project_id, made[at].id, lambda image: without_tags(image, [tag_id]))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(60)))
    assert_counted(store, project_id, iteration_id)
    forget()
    assert_counted(store, project_id, iteration_id)


def test_what_is_counted_from_can_be_lost_and_is_made_again(store: Store, project_id: UUID) -> None:
    iteration_id, chance = uuid4(), random.Random(0)
    for image in add_images(store, project_id, 6):
        suggest(store, project_id, iteration_id, image, chance)
    assert_counted(store, project_id, iteration_id)
    (name,) = blobs.names(store, "predictions", f"{project_id}/")
    blobs.delete(store, "predictions", name)
    forget()
    assert_counted(store, project_id, iteration_id)
    (other,) = blobs.names(store, "predictions", f"{project_id}/")
    assert other != name
    head = f"score:{iteration_id}:"
    found = rows.starting(store.predictions, str(project_id), head)
    assert [(row.key, row.doc) for row in found] == [(head, other)]


def test_a_forgotten_iteration_leaves_nothing(store: Store, project_id: UUID) -> None:
    iteration_id = uuid4()
    for image in add_images(store, project_id, 3):
        suggest(store, project_id, iteration_id, image, random.Random(1))
    assert_counted(store, project_id, iteration_id)
    assert suggestions.forget_iteration(store, project_id, iteration_id)
    assert not list(blobs.names(store, "predictions", f"{project_id}/"))
    assert not list(rows.scan(store.predictions, str(project_id), " ", "~"))


def test_images_left_by_deleted_tags_are_counted_before_these_are_swept(store: Store, project_id: UUID) -> None:
    iteration_id, (gone, left) = uuid4(), [add_tag(store, project_id).id for _ in range(2)]
    made = add_images(store, project_id, 12)
    answers = [Prediction(0.5, TAGS[0], "")]
    for image in made:
        suggested = SuggestedTagAndRegion(image.id, project_id, iteration_id, now(), answers, 0.5)
        suggestions.put(store, project_id, iteration_id, [Suggestion(suggested, GENERAL, 640, 480)])

    def number() -> int:
        return suggestions.numbers(store, project_id, iteration_id, 0.5)[TAGS[0]]

    assert number() == 12
    for some, tag_ids in ((made[:8], [gone]), (made[5:], [left])):
        ids = [image.id for image in some]
        images.change_many(store, project_id, ids, lambda image: with_tags(image, tag_ids))  # noqa: B023
    assert number() == 0
    tags.delete(store, project_id, gone)
    assert number() == 5
    images.change_many(store, project_id, [made[0].id], lambda image: without_tags(image, [gone]))
    assert number() == 5
