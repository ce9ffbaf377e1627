"""Stored predictions and suggestions where a call is cut off, and what upkeep does with them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from shared.errors import BadImageFormat, ServiceUnavailable
from shared.events import Publisher
from shared.models.labelling.suggestions import SuggestedTagAndRegion, Suggestion
from shared.models.messages.tasks import ForgetIteration
from shared.models.serving.predictions import (
    GivenId,
    ImageIdCreateBatch,
    ImageIdCreateEntry,
    ImagePrediction,
    PredictionQueryToken,
    StoredPrediction,
)
from shared.models.wire import now
from shared.models.workspace.images import TaggingStatus
from shared.operations import upkeep
from shared.operations.serving import stored_predictions
from shared.operations.serving.prediction import Request, quick_test
from shared.prediction.sessions import Sessions
from shared.storage.account import blobs, queues, rows
from shared.storage.serving import predictions
from shared.storage.training import iterations
from shared.storage.workspace import images, suggestions
from tests.operations.making import record_of
from tests.pictures import picture
from tests.prediction.graphs import put_model


def stored_prediction(store, project_id, iteration_id=None, age=timedelta(0)) -> StoredPrediction:
    prediction = ImagePrediction(uuid4(), project_id, iteration_id or uuid4(), now() - age, [])
    predictions.put_picture(store, project_id, prediction.id, picture("leaf", 1), "image/jpeg")
    predictions.put(store, StoredPrediction(prediction, uuid4()))
    return StoredPrediction(prediction, uuid4())


def suggestion(store, project_id, iteration_id, age=timedelta(0)) -> None:
    suggested = SuggestedTagAndRegion(uuid4(), project_id, iteration_id, now() - age, [], 0.5)
    suggestions.put(store, project_id, iteration_id, [Suggestion(suggested, uuid4(), 1, 1)])


def keys(store, project_id) -> list[str]:
    return [row.key for row in rows.scan(store.predictions, str(project_id), " ", "~")]


def test_making_an_image_of_a_prediction_can_be_repeated_after_a_crash(store, settings, project_id, monkeypatch):
    prediction = stored_prediction(store, project_id).prediction
    batch = ImageIdCreateBatch(images=[GivenId(ImageIdCreateEntry(prediction.id))])

    def cut_off(*_: object) -> bool:
        raise ServiceUnavailable("cut off")

    with monkeypatch.context() as patch:
        patch.setattr(predictions, "delete", cut_off)
        with pytest.raises(ServiceUnavailable):
            stored_predictions.create_images_from_predictions(store, settings, project_id, batch)
    assert [kept.prediction for kept in predictions.each(store, project_id)] == [prediction]
    for status in ("OKDuplicate", "ErrorSource"):
        summary = stored_predictions.create_images_from_predictions(store, settings, project_id, batch)
        assert [result.status for result in summary.images] == [status]
    assert images.count(store, project_id, status=TaggingStatus.ALL, tag_ids=[]) == 1
    assert keys(store, project_id) == []


def test_a_picture_that_no_model_can_read_is_not_kept(store, settings, project_id):
    sessions = Sessions(store, settings)
    iteration_id = put_model(store, project_id, "apple")
    broken = Request(picture("leaf", 1)[:2000], uuid4(), "", keep=True)
    with pytest.raises(BadImageFormat):
        quick_test(store, sessions, settings.limits, broken, project_id, iteration_id)
    sessions.close()
    assert keys(store, project_id) == []
    assert list(blobs.names(store, "predictions", f"{project_id}/")) == []


def test_an_outage_while_the_picture_is_stored_fails_the_call(store, settings, project_id, monkeypatch):
    sessions = Sessions(store, settings)
    iteration_id = put_model(store, project_id, "apple")

    def out(*_: object) -> None:
        raise ServiceUnavailable("out")

    monkeypatch.setattr(predictions, "put_picture", out)
    request = Request(picture("leaf", 1), uuid4(), "", keep=True)
    with pytest.raises(ServiceUnavailable):
        quick_test(store, sessions, settings.limits, request, project_id, iteration_id)
    sessions.close()
    assert keys(store, project_id) == []


def test_what_a_deleted_iteration_left_is_forgotten_in_steps(store, settings, project_id, monkeypatch):
    record = record_of(project_id)
    gone = record.iteration.id
    iterations.insert(store, record)
    for iteration_id in (gone, gone, gone, uuid4()):
        suggestion(store, project_id, iteration_id)
        stored_prediction(store, project_id, iteration_id)
    everything = keys(store, project_id)
    monkeypatch.setattr(predictions, "LOOKED_THROUGH", 2)
    monkeypatch.setattr(suggestions, "FORGOTTEN", 2)

    def forget() -> int:
        """How many steps it takes."""
        tasks, steps = [ForgetIteration(project_id, gone)], 0
        monkeypatch.setattr(queues, "send", lambda store, task, delay=0.0: tasks.append(task))
        while tasks:
            upkeep.do(store, settings, Publisher.open(settings), tasks.pop())
            steps += 1
        return steps

    assert forget() == 1
    assert keys(store, project_id) == everything
    iterations.delete(store, project_id, gone)
    assert forget() == 4
    left = keys(store, project_id)
    # One tells which state the suggestions of the other iteration are in.
    assert len(left) == 3 + 3 + 1
    assert not any(str(gone) in key for key in left)


def test_the_predictions_of_an_iteration_that_is_gone_are_not_shown(store, settings, project_id):
    record = record_of(project_id)
    iterations.insert(store, record)
    shown = stored_prediction(store, project_id, record.iteration.id)
    stored_prediction(store, project_id)
    token = PredictionQueryToken()
    result = stored_predictions.query_predictions(store, settings.limits, project_id, token)
    assert [each.id for each in result.results] == [shown.prediction.id]


def test_suggestions_and_predictions_expire_together(store, settings, project_id):
    iteration_id = uuid4()
    old = stored_prediction(store, project_id, age=timedelta(days=31))
    for days in (31, 29):
        suggestion(store, project_id, iteration_id, timedelta(days=days))
    upkeep.expire(store, settings.limits)
    suggested = [key for key in keys(store, project_id) if not key.startswith("score:")]
    assert len(suggested) == 3
    assert not predictions.exists(store, project_id, old.prediction.id)
