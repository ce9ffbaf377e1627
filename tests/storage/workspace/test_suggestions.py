"""Suggestions: their pages by uncertainty, and their end."""

from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from shared.models.labelling.suggestions import SortBy, SuggestedTagAndRegion, Suggestion
from shared.models.serving.predictions import Prediction
from shared.models.wire import now
from shared.models.workspace.domains import GENERAL
from shared.storage.account import rows
from shared.storage.account.store import Store
from shared.storage.workspace import images, projects, suggestions
from shared.storage.workspace.suggestions import Wanted
from tests.storage.making import add_images, add_tag, delete_image, with_tags, without_tags

ITERATION, TAG = uuid4(), uuid4()


def suggest(
    store: Store,
    project_id: UUID,
    image_id: UUID,
    uncertainty: float = 0.5,
    age: timedelta = timedelta(0),
    tags: int = 1,
) -> Suggestion:
    predictions = [Prediction(uncertainty, TAG, "apple")] * tags
    suggested = SuggestedTagAndRegion(image_id, project_id, ITERATION, now() - age, predictions, uncertainty)
    suggestion = Suggestion(suggested, GENERAL, 640, 480)
    suggestions.put(store, project_id, ITERATION, [suggestion])
    return suggestion


def query(store: Store, project_id: UUID, sort_by: SortBy, take: int, least: float = 0) -> list[UUID]:
    """The images of all pages, which must be full but for the last."""
    found: list[UUID] = []
    place: str | None = ""
    while place is not None:
        page = suggestions.query(
            store,
            project_id,
            ITERATION,
            sort_by,
            Wanted({TAG}, least),
            take=take,
            beyond=place,
        )
        assert len(page.items) == take or page.place is None
        found, place = found + [each.suggested.id for each in page.items], page.place
    return found


def kept(store: Store, project_id: UUID) -> list[str]:
    """The rows of suggestions."""
    found = rows.scan(store.predictions, str(project_id), " ", "~")
    return [row.key for row in found if not row.key.startswith("score:")]


def test_pages_by_uncertainty_show_untagged_images_alone(store: Store, project_id: UUID) -> None:
    random, tag = Random(0), add_tag(store, project_id)
    made = add_images(store, project_id, 12)
    unsure = {image.id: random.random() for image in made}
    for number, image in enumerate(made):
        suggest(store, project_id, image.id, unsure[image.id], tags=200 if number == 3 else 1)
    for gone in (add_images(store, project_id, 1, [tag.id])[0].id, uuid4()):
        suggest(store, project_id, gone)
    ascending = sorted(unsure, key=lambda image_id: unsure[image_id])
    assert query(store, project_id, SortBy.UNCERTAINTY_ASCENDING, 5) == ascending
    assert query(store, project_id, SortBy.UNCERTAINTY_DESCENDING, 3) == ascending[::-1]
    some = [image_id for image_id in ascending if unsure[image_id] >= 0.5]
    assert query(store, project_id, SortBy.UNCERTAINTY_ASCENDING, 2, least=0.5) == some


def test_suggestions_are_counted_beside_the_untagged_images(store: Store, project_id: UUID) -> None:
    tag, made = add_tag(store, project_id), add_images(store, project_id, 9)

    def number(threshold: float) -> int:
        return suggestions.numbers(store, project_id, ITERATION, threshold).get(TAG, 0)

    assert suggestions.numbers(store, project_id, ITERATION, 0) == {}
    for at, image in enumerate(made[1::2]):
        suggest(store, project_id, image.id, at / 4)
        assert number(0) == at + 1
    for gone in (add_images(store, project_id, 1, [tag.id])[0].id, uuid4(), UUID(int=0)):
        suggest(store, project_id, gone, 0.9)
    assert [number(threshold) for threshold in (0, 0.25, 0.26, 0.75, 0.76, 1)] == [4, 3, 2, 1, 0, 0]
    images.update(store, project_id, made[3].id, lambda old: with_tags(old, [tag.id]))
    assert [number(threshold) for threshold in (0, 0.5)] == [3, 2]
    assert len(query(store, project_id, SortBy.UNCERTAINTY_ASCENDING, 9)) == 3
    images.update(store, project_id, made[3].id, lambda old: without_tags(old, [tag.id]))
    assert [number(threshold) for threshold in (0, 0.5)] == [4, 2]
    assert len(query(store, project_id, SortBy.UNCERTAINTY_ASCENDING, 9)) == 4
    delete_image(store, project_id, made[7].id)
    assert [number(threshold) for threshold in (0, 0.5)] == [3, 1]
    assert suggestions.numbers(store, project_id, uuid4(), 0) == {}


def test_suggestions_of_several_tags_are_counted_by_tag(store: Store, project_id: UUID) -> None:
    apple, pear, fig = uuid4(), uuid4(), uuid4()
    judged = [{apple: 0.5}, {pear: 0.75, apple: 0.25}, {fig: 0.0}, {}]
    for image, probabilities in zip(add_images(store, project_id, 4), judged, strict=True):
        predictions = [Prediction(value, tag_id, "") for tag_id, value in probabilities.items()]
        predictions += [Prediction(value / 2, tag_id, "") for tag_id, value in probabilities.items()]
        suggested = SuggestedTagAndRegion(image.id, project_id, ITERATION, now(), predictions, 0.5)
        suggestions.put(store, project_id, ITERATION, [Suggestion(suggested, GENERAL, 640, 480)])
    assert suggestions.numbers(store, project_id, ITERATION, 0) == {apple: 2, pear: 1, fig: 1}
    assert suggestions.numbers(store, project_id, ITERATION, 0.5) == {apple: 1, pear: 1, fig: 0}


def test_the_first_suggestion_for_an_image_stays(store: Store, project_id: UUID) -> None:
    (image,) = add_images(store, project_id, 1)
    first = suggest(store, project_id, image.id, 0.25)
    suggest(store, project_id, image.id, 0.75)
    assert suggestions.get_many(store, project_id, ITERATION, [image.id, uuid4()]) == {image.id: first}
    assert query(store, project_id, SortBy.UNCERTAINTY_DESCENDING, 9) == [image.id]
    delete_image(store, project_id, image.id)
    assert query(store, project_id, SortBy.UNCERTAINTY_DESCENDING, 9) == []


def test_a_forged_place_leads_nowhere_else(store: Store, project_id: UUID) -> None:
    (image,) = add_images(store, project_id, 1)
    suggest(store, project_id, image.id)
    for place in ("a", "id:", "least:", "since:", "zz"):
        for order in SortBy:
            page = suggestions.query(store, project_id, ITERATION, order, Wanted({TAG}, 0), take=9, beyond=place)
            assert [each.suggested.id for each in page.items] in ([], [image.id])


def test_suggestions_expire(store: Store, project_id: UUID) -> None:
    old, young = add_images(store, project_id, 2)
    suggest(store, project_id, old.id, age=timedelta(days=31))
    suggest(store, project_id, young.id, age=timedelta(days=29))
    assert suggestions.numbers(store, project_id, ITERATION, 0) == {TAG: 2}
    assert suggestions.expire(store, now() - timedelta(days=30)) >= 1
    assert suggestions.numbers(store, project_id, ITERATION, 0) == {TAG: 1}
    assert query(store, project_id, SortBy.UNCERTAINTY_ASCENDING, 9) == [young.id]
    assert not any(str(old.id) in key for key in kept(store, project_id))


def test_an_expiry_that_was_cut_off_can_be_repeated(store: Store, project_id: UUID) -> None:
    (image,) = add_images(store, project_id, 1)
    suggest(store, project_id, image.id, age=timedelta(days=31))
    whole = kept(store, project_id)
    for key in whole:
        if not key.startswith("since:"):
            rows.delete_all(store.predictions, str(project_id), [key])
    suggestions.expire(store, now() - timedelta(days=30))
    assert kept(store, project_id) == []


def test_a_deleted_iteration_takes_its_suggestions_along(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    for image in add_images(store, project_id, 5):
        suggest(store, project_id, image.id)
    monkeypatch.setattr(suggestions, "FORGOTTEN", 3)
    assert suggestions.forget_iteration(store, project_id, uuid4())
    assert suggestions.numbers(store, project_id, ITERATION, 0) == {TAG: 5}
    assert not suggestions.forget_iteration(store, project_id, ITERATION)
    assert suggestions.forget_iteration(store, project_id, ITERATION)
    assert kept(store, project_id) == []


def test_a_deleted_project_takes_its_suggestions_along(store: Store, project_id: UUID) -> None:
    suggest(store, project_id, uuid4())
    projects.delete(store, project_id)
    while not projects.purge(store, project_id):
        pass
    assert kept(store, project_id) == []


def test_what_is_put_together_stays_as_it_was_where_it_was_there(store: Store, project_id: UUID) -> None:
    made = add_images(store, project_id, 45)
    first = suggest(store, project_id, made[30].id, 0.25)
    news = [structs.replace(first, suggested=structs.replace(first.suggested, id=each.id), width=5) for each in made]
    suggestions.put(store, project_id, ITERATION, news)
    expected = {each.suggested.id: each for each in news} | {made[30].id: first}
    assert suggestions.get_many(store, project_id, ITERATION, [each.id for each in made]) == expected
    assert suggestions.numbers(store, project_id, ITERATION, 0.25) == {TAG: 45}
