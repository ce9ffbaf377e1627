"""What a camera's picture leaves in `results`: its result, and with the setting a copy that shows the boxes."""

from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec.structs import replace

from shared.events import Publisher
from shared.models.limits import Limits
from shared.models.serving.camera import CameraResult, Frame, Upload
from shared.models.wire import now
from shared.operations.serving import camera
from shared.prediction.sessions import Sessions
from shared.storage.account import blobs, queues
from shared.storage.serving import results
from tests.pictures import rectangles
from tests.prediction.detectors import put_detector
from tests.prediction.graphs import DETECTION_DOMAIN, publish, put_model

RED = (0.125, 0.25, 0.25, 0.5)


@pytest.fixture
def end(store, settings, monkeypatch):
    """Take a picture through the pipeline under the published name; what became of it."""

    def end(project_id: UUID, draw_boxes: bool, times: int = 1) -> CameraResult:
        frames: list[Frame] = []
        monkeypatch.setattr(queues, "send", lambda store, frame: frames.append(frame))
        sessions, publisher = Sessions(store, settings), Publisher.open(settings)
        path = f"{project_id}/live/{uuid4()}.jpg"
        blobs.write(store, "uploads", path, rectangles({"red": RED}))
        for _ in range(times):
            camera.preprocess(store, publisher, Limits(), Upload(path, "any"))
        for frame in frames:
            camera.predict(store, publisher, sessions, frame, draw_boxes=draw_boxes)
        (result,) = results.list_all(store, project_id)
        return result

    return end


def pictures(store, project_id) -> list[str]:
    return [name for name in blobs.names(store, "results", f"{project_id}/") if name.endswith(".jpg")]


@pytest.fixture
def detector_id(store, create_project) -> UUID:
    project_id = create_project(DETECTION_DOMAIN).id
    publish(store, project_id, put_detector(store, project_id).id)
    return project_id


def test_boxes_are_drawn_once_however_often_the_event_comes(store, end, detector_id):
    result = end(detector_id, True, times=2)
    assert pictures(store, detector_id) == [result.drawn] == [f"{detector_id}/{result.id}.jpg"]
    assert [each.tag_name for each in result.predictions] == ["red"]


def test_without_the_setting_nothing_is_drawn(store, end, detector_id):
    assert end(detector_id, False).drawn is None
    assert pictures(store, detector_id) == []


def test_a_classifier_has_nothing_to_draw(store, end):
    project_id = uuid4()
    publish(store, project_id, put_model(store, project_id, "apple"))
    assert end(project_id, True).drawn is None
    assert pictures(store, project_id) == []


def test_results_are_kept_unless_a_limit_says_for_how_long(store, end, detector_id, monkeypatch):
    result = end(detector_id, False)
    monkeypatch.setattr(camera, "now", lambda: now() + timedelta(days=7, minutes=5))
    for days in (0, 8):
        camera.expire(store, Limits(camera_result_retention_days=days))
        assert list(results.list_all(store, detector_id)) == [result]
    camera.expire(store, Limits(camera_result_retention_days=7))
    assert list(results.list_all(store, detector_id)) == []


def test_results_of_earlier_days_can_be_read(store, end, detector_id):
    known = msgspec.to_builtins(replace(end(detector_id, False), drawn=None))
    del known["drawn"]
    assert msgspec.convert(known, CameraResult).drawn is None
