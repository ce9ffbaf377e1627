"""Stored predictions: their three orders, paging, expiry, and what a crash leaves of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from azure.data.tables import TableClient

from shared.errors import NotFound, ServiceUnavailable
from shared.models.serving.predictions import (
    ImagePrediction,
    Prediction,
    PredictionOrder,
    StoredPrediction,
    uncertainty,
)
from shared.models.wire import now
from shared.models.workspace.domains import GENERAL
from shared.models.workspace.tags import TagType
from shared.storage.account import blobs, pages, rows
from shared.storage.account.contents import Blob
from shared.storage.account.store import Store
from shared.storage.account.transactions import Change, transact
from shared.storage.serving import predictions

TAG = uuid4()


def stored(
    project_id: UUID, age: timedelta = timedelta(0), probability: float = 0.5, tags: int = 2, iteration: UUID = TAG
) -> StoredPrediction:
    shown = [Prediction(probability, TAG, "äpfel", TagType.REGULAR) for _ in range(tags)]
    return StoredPrediction(ImagePrediction(uuid4(), project_id, iteration, now() - age, shown), GENERAL)


def put(store: Store, *made: StoredPrediction) -> list[StoredPrediction]:
    def one(each: StoredPrediction) -> None:
        predictions.put_picture(store, each.prediction.project, each.prediction.id, b"picture", "image/jpeg")
        predictions.put(store, each)

    list(store.threads.map(one, made))
    return list(made)


def query(
    store: Store,
    project_id: UUID,
    order: PredictionOrder = PredictionOrder.NEWEST,
    take: int = 100,
    since: datetime | None = None,
    until: datetime | None = None,
    keep: predictions.Keep = lambda _: True,
) -> list[StoredPrediction]:
    """All pages of a query, which must be full but for the last."""
    found: list[StoredPrediction] = []
    place: str | None = ""
    while place is not None:
        page = predictions.query(store, project_id, order, since=since, until=until, keep=keep, take=take, beyond=place)
        assert len(page.items) == take or page.place is None
        found, place = found + page.items, page.place
    return found


def picture(store: Store, made: StoredPrediction) -> Blob | None:
    return blobs.read(store, "predictions", predictions.picture_name(made.prediction.project, made.prediction.id))


def test_a_prediction_is_stored_with_its_picture_and_deleted(store: Store, project_id: UUID) -> None:
    small, large = put(store, stored(project_id), stored(project_id, tags=500))
    for made in put(store, small, large):
        assert made in predictions.each(store, project_id)
        assert predictions.picture(store, project_id, made.prediction.id) == b"picture"
        assert predictions.delete(store, project_id, made.prediction.id)
        assert not predictions.delete(store, project_id, made.prediction.id)
        assert not predictions.exists(store, project_id, made.prediction.id)
        with pytest.raises(NotFound):
            predictions.picture(store, project_id, made.prediction.id)
        assert picture(store, made) is None
    assert not list(rows.scan(store.predictions, str(project_id), " ", "~"))


@pytest.mark.parametrize("take", [3, 7, 100])
def test_every_order_pages_through_all(store: Store, project_id: UUID, take: int) -> None:
    random = Random(0)
    made = put(
        store,
        *(
            stored(project_id, timedelta(minutes=random.randint(0, 90)), random.random(), tags=500 if n == 5 else 1)
            for n in range(20)
        ),
    )
    newest = sorted(made, key=lambda each: (each.prediction.created, -each.prediction.id.int), reverse=True)
    assert query(store, project_id, PredictionOrder.NEWEST, take) == newest
    assert query(store, project_id, PredictionOrder.OLDEST, take) == newest[::-1]
    unsure = [uncertainty(each.prediction.predictions) for each in query(store, project_id, PredictionOrder.SUGGESTED)]
    assert len(unsure) == 20
    assert unsure == pytest.approx(sorted(unsure, reverse=True), abs=1e-8)


def test_the_oldest_are_found_among_many(store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions, "BLOCK", 3)
    random, moment = Random(1), now()
    ages = [timedelta(days=29), *(timedelta(seconds=random.expovariate(1e-3)) for _ in range(30))]
    made = put(store, *(stored(project_id, age + (now() - moment)) for age in ages + [timedelta(0)] * 8))
    found = query(store, project_id, PredictionOrder.OLDEST, 5)
    assert found == query(store, project_id)[::-1]
    assert {each.prediction.id for each in found} == {each.prediction.id for each in made}


@pytest.mark.parametrize("order", PredictionOrder)
def test_a_query_keeps_to_its_times_and_its_filter(store: Store, project_id: UUID, order: PredictionOrder) -> None:
    made = put(store, *(stored(project_id, timedelta(hours=hours), 0.1 * hours) for hours in range(6)))
    since, until = made[4].prediction.created, made[1].prediction.created
    assert set_of(query(store, project_id, order, 2, since, until)) == set_of(made[1:5])
    assert set_of(query(store, project_id, order, 2, since)) == set_of(made[:5])
    assert set_of(query(store, project_id, order, 2, None, until)) == set_of(made[1:])
    some = query(store, project_id, order, 2, keep=lambda each: each.prediction.predictions[0].probability > 0.25)
    assert set_of(some) == set_of(made[3:])
    far = datetime.min.replace(tzinfo=since.tzinfo)
    assert set_of(query(store, project_id, order, 2, far, datetime.max)) == set_of(made)
    assert query(store, project_id, order, 2, datetime.max) == query(store, project_id, order, 2, None, far) == []


def set_of(found: list[StoredPrediction]) -> set[UUID]:
    return {each.prediction.id for each in found}


def test_a_page_looks_no_further_than_its_bound(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = put(store, *(stored(project_id, timedelta(hours=hours)) for hours in range(5)))
    monkeypatch.setattr(pages, "EXAMINED", 2)
    found: list[StoredPrediction] = []
    place: str | None = ""
    turns = 0
    while place is not None:
        page = predictions.query(
            store,
            project_id,
            PredictionOrder.NEWEST,
            since=None,
            until=None,
            keep=lambda each: each == made[4],
            take=9,
            beyond=place,
        )
        found, place, turns = found + page.items, page.place, turns + 1
    assert (found, turns) == ([made[4]], 3)


def test_what_was_stored_before_there_was_an_index_is_found_by_time_and_deleted(store: Store, project_id: UUID) -> None:
    (made,) = put(store, stored(project_id))
    key, index = next(rows.scan(store.predictions, str(project_id), "id:", "id;")).doc.split()
    transact(
        store.predictions,
        str(project_id),
        [Change("delete", index), Change("upsert", f"id:{made.prediction.id}", key)],
    )
    assert (
        query(store, project_id, PredictionOrder.NEWEST) == query(store, project_id, PredictionOrder.OLDEST) == [made]
    )
    assert query(store, project_id, PredictionOrder.SUGGESTED) == []
    assert predictions.delete(store, project_id, made.prediction.id)
    assert not list(rows.scan(store.predictions, str(project_id), " ", "~"))


def test_a_forged_place_leads_nowhere_else(store: Store, project_id: UUID) -> None:
    (made,) = put(store, stored(project_id))
    for order in PredictionOrder:
        for place in ("a", "at:", "id:", "zz", "0", "unsure:x"):
            page = predictions.query(
                store, project_id, order, since=None, until=None, keep=lambda _: True, take=9, beyond=place
            )
            assert page.items in ([], [made])


def test_predictions_expire(store: Store, project_id: UUID) -> None:
    old, young = put(store, stored(project_id, timedelta(days=31)), stored(project_id, timedelta(days=29)))
    assert predictions.expire(store, now() - timedelta(days=30)) >= 1
    assert query(store, project_id) == query(store, project_id, PredictionOrder.SUGGESTED) == [young]
    assert picture(store, old) is None


def test_a_picture_that_a_crash_left_without_a_row_is_unseen_and_expires(store: Store, project_id: UUID) -> None:
    made = stored(project_id)
    predictions.put_picture(store, project_id, made.prediction.id, b"picture", "image/jpeg")
    with pytest.raises(NotFound):
        predictions.picture(store, project_id, made.prediction.id)
    predictions.expire(store, now() - timedelta(days=30))
    assert picture(store, made)
    assert not predictions.delete(store, project_id, made.prediction.id)
    assert picture(store, made) is None


def test_an_expiry_that_is_cut_off_has_made_progress(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, *(stored(project_id, timedelta(days=31)) for _ in range(5)))
    really = rows.scan_all

    def cut_off(table: TableClient, first: str, last: str) -> Iterator[tuple[str, str]]:
        yield from (place for place in really(table, first, last) if place[0] == str(project_id))
        raise ServiceUnavailable("cut off")

    monkeypatch.setattr(predictions, "BATCH", 2)
    monkeypatch.setattr(rows, "scan_all", cut_off)
    with pytest.raises(ServiceUnavailable):
        predictions.expire(store, now() - timedelta(days=30))
    assert len(query(store, project_id)) == 1
    monkeypatch.setattr(rows, "scan_all", really)
    assert predictions.expire(store, now() - timedelta(days=30)) >= 1
    assert query(store, project_id) == []


def test_a_deleted_iteration_takes_its_predictions_along_step_by_step(
    store: Store, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = uuid4()
    ages = [timedelta(minutes=minutes) for minutes in range(7)]
    made = put(store, *(stored(project_id, age, iteration=gone if n % 2 else TAG) for n, age in enumerate(ages)))
    monkeypatch.setattr(predictions, "LOOKED_THROUGH", 3)
    place: str | None = ""
    for _ in range(3):
        assert place is not None
        place = predictions.forget_iteration(store, project_id, gone, place)
    assert place is None
    assert set_of(query(store, project_id)) == set_of(made[::2])
