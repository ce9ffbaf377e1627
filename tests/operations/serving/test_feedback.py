"""Results of cameras that become stored predictions: which, how many a day, and each of them once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from shared.errors import NotFound
from shared.events import Publisher
from shared.models.limits import Limits
from shared.models.serving.camera import CameraResult, Frame, Outcome, Upload
from shared.models.serving.predictions import CameraFeedback, PredictionOrder, StoredPrediction
from shared.models.wire import now
from shared.operations.serving import camera
from shared.prediction.sessions import Sessions
from shared.storage.account import blobs, queues
from shared.storage.serving import feedback, predictions, published, results
from tests.pictures import picture, rectangles
from tests.prediction.detectors import put_detector
from tests.prediction.graphs import DETECTION_DOMAIN, publish, put_model

# The classifiers here are as sure as this of their first tag, and a little more.
SURE = 0.95
EVERYTHING = CameraFeedback(0, 1, 0, per_day=1_000)


class Line:
    """A project's camera, whose frames are predicted when the test says so."""

    def __init__(self, store, settings, frames: list[Frame], project_id: UUID) -> None:
        self.store, self.project_id = store, project_id
        self._settings, self._frames = settings, frames
        self.sessions, self._publisher = Sessions(store, settings), Publisher.open(settings)

    def set(self, wanted: CameraFeedback) -> None:
        published.update(self.store, self.project_id, "live", lambda pointer: replace(pointer, camera_feedback=wanted))
        # Those that are open may take two seconds to know.
        self.sessions.close()
        self.sessions = Sessions(self.store, self._settings)

    def frame(self, data: bytes = b"") -> Frame:
        path = f"{self.project_id}/live/{uuid4()}.jpg"
        blobs.write(self.store, "uploads", path, data or picture("apple", 1))
        camera.preprocess(self.store, self._publisher, Limits(), Upload(path, "any"))
        return self._frames[-1]

    def predict(self, frame: Frame) -> None:
        camera.predict(self.store, self._publisher, self.sessions, frame)

    def results(self) -> list[CameraResult]:
        return list(results.list_all(self.store, self.project_id, Outcome.RESULT))

    def kept(self) -> list[StoredPrediction]:
        newest = PredictionOrder.NEWEST
        return predictions.query(
            self.store, self.project_id, newest, since=None, until=None, keep=lambda _: True, take=100
        ).items


@pytest.fixture
def line_of(store, settings, monkeypatch):
    lines: list[Line] = []

    def line_of(project_id: UUID) -> Line:
        frames: list[Frame] = []
        monkeypatch.setattr(queues, "send", lambda store, frame: frames.append(frame))
        lines.append(Line(store, settings, frames, project_id))
        return lines[-1]

    yield line_of
    for line in lines:
        line.sessions.close()


@pytest.fixture
def line(store, line_of, project_id) -> Line:
    publish(store, project_id, put_model(store, project_id, "apple"))
    return line_of(project_id)


def test_without_a_setting_nothing_is_kept(line):
    line.predict(line.frame())
    assert len(line.results()) == 1
    assert line.kept() == []


@pytest.mark.parametrize(
    ("lowest", "highest", "kept"),
    [(0.5, SURE, 0), (SURE, 1, 1), (0, 0, 0)],
)
def test_a_classifier_is_unsure_by_its_most_probable_tag(line, lowest, highest, kept):
    line.set(CameraFeedback(lowest, highest, 0, per_day=10))
    line.predict(line.frame())
    (result,) = line.results()
    assert SURE < result.predictions[0].probability < 1
    assert len(line.kept()) == kept


def test_a_detector_is_unsure_by_its_surest_box_and_by_none(store, create_project, line_of):
    project_id = create_project(DETECTION_DOMAIN).id
    publish(store, project_id, put_detector(store, project_id).id)
    line = line_of(project_id)
    frames = [line.frame(rectangles(things)) for things in ({"red": (0.125, 0.25, 0.25, 0.5)}, {})]
    line.set(CameraFeedback(0, 0, 0, per_day=10))
    for frame in frames:
        line.predict(frame)
    found, empty = sorted(line.results(), key=lambda result: -len(result.predictions))
    assert (len(found.predictions), empty.predictions) == (1, [])
    assert [stored.prediction.id for stored in line.kept()] == [UUID(empty.id)]


def test_what_is_kept_is_the_frame_and_what_was_said_of_it(line):
    line.set(EVERYTHING)
    frame = line.frame(picture("apple", 2))
    data = results.read_frame(line.store, frame.blob)
    line.predict(frame)
    (result,), (stored,) = line.results(), line.kept()
    assert (stored.application, stored.published_name) == ("camera", "live")
    assert (stored.prediction.iteration, stored.prediction.created) == (result.iteration_id, result.created)
    assert stored.prediction.predictions == result.predictions
    assert predictions.picture(line.store, line.project_id, stored.prediction.id) == data
    with pytest.raises(NotFound):
        results.read_frame(line.store, frame.blob)


def test_a_share_of_the_others_is_drawn_and_always_the_same(line):
    line.set(CameraFeedback(0, 0, 0.5, per_day=100))
    frames = [line.frame() for _ in range(24)]
    for frame in frames:
        line.predict(frame)
    drawn = {stored.prediction.id for stored in line.kept()}
    # Of 24 fair coins as few or as many fall on one side once in a million times.
    assert 1 <= len(drawn) <= 23
    assert drawn == {UUID(result.id) for result in line.results() if UUID(result.id).int < 2**127}


def test_a_frame_that_comes_again_is_kept_once(line):
    line.set(EVERYTHING)
    frame = line.frame()
    data = results.read_frame(line.store, frame.blob)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(line.predict, [frame] * 4))
    assert len(line.kept()) == len(line.results()) == 1
    # Cut off before the frame was deleted.
    results.write_frame(line.store, frame.blob, data)
    line.predict(frame)
    assert len(line.kept()) == 1


def test_a_frame_whose_turn_was_cut_off_after_its_result_is_kept_when_it_comes_again(line):
    frame = line.frame()
    data = results.read_frame(line.store, frame.blob)
    line.predict(frame)
    (result,) = line.results()
    line.set(EVERYTHING)
    results.write_frame(line.store, frame.blob, data)
    line.predict(frame)
    assert line.results() == [result]
    assert [stored.prediction.created for stored in line.kept()] == [result.created]


def test_what_cant_be_kept_leaves_the_result_as_it_is(line, caplog):
    line.set(EVERYTHING)
    frame = line.frame()
    line.predict(frame)
    (result,), (stored,) = line.results(), line.kept()
    predictions.delete(line.store, line.project_id, stored.prediction.id)
    # Its frame is gone.
    line.predict(frame)
    assert line.results() == [result]
    assert line.kept() == []
    assert f"The result {result.id} is not kept for labelling" in caplog.text


def test_a_day_is_full_for_all_at_once_and_the_next_begins_anew(line, monkeypatch):
    line.set(replace(EVERYTHING, per_day=3))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(line.predict, [line.frame() for _ in range(8)]))
    assert (len(line.results()), len(line.kept())) == (8, 3)
    # What somebody has labelled since makes no room.
    predictions.delete(line.store, line.project_id, line.kept()[0].prediction.id)
    line.predict(line.frame())
    assert len(line.kept()) == 2
    monkeypatch.setattr(feedback, "now", lambda: now() + timedelta(days=1))
    for _ in range(2):
        line.predict(line.frame())
    # Where the clock is behind it is that day, too.
    monkeypatch.setattr(feedback, "now", now)
    for _ in range(2):
        line.predict(line.frame())
    assert len(line.kept()) == 2 + 3


def test_what_is_published_next_under_the_name_keeps_as_before(store, line):
    line.set(EVERYTHING)
    publish(store, line.project_id, put_model(store, line.project_id, "leaf"))
    pointer, _ = published.get(store, line.project_id, "live")
    assert (pointer.camera_feedback, len(pointer.history)) == (EVERYTHING, 1)
