"""The camera pipeline, from a blob in `uploads` to its result, through the running service."""

import json
import time
from copy import copy
from io import BytesIO
from uuid import UUID, uuid4

import numpy as np
import pytest
from azure.cognitiveservices.vision.customvision.training.models import (
    ImageIdCreateBatch,
    ImageIdCreateEntry,
    PredictionQueryToken,
)
from azure.storage.blob import BlobBlock, ContainerClient, ContentSettings
from msgspec.structs import astuple
from PIL import Image

from shared.events import Publisher
from shared.models.serving.camera import CameraResult, Outcome
from shared.operations.serving.camera import reject_dead_letters
from shared.settings import Settings
from shared.storage.account import blobs
from shared.storage.account.store import Store
from shared.storage.serving import results
from tests.commands import ocellus
from tests.functions.flows import import_project
from tests.pictures import encoded, picture, rectangles
from tests.prediction.detectors import put_detector
from tests.prediction.graphs import DETECTION_DOMAIN


class Camera:
    """Uploads pictures as a camera would, and reads what became of them."""

    def __init__(self, connection_string: str, project_id: str) -> None:
        self.uploads = ContainerClient.from_connection_string(connection_string, "uploads")
        self.store = Store.open(Settings(storage_connection_string=connection_string))
        self.project_id = project_id

    def upload(self, data: bytes, name: str, published_name: str = "gate") -> str:
        path = f"{self.project_id}/{published_name}/{name}"
        self.uploads.upload_blob(path, data, overwrite=True)
        return path

    def ended(self, path: str) -> list[CameraResult]:
        return [result for result in results.list_all(self.store) if result.upload.path == path]


@pytest.fixture(scope="module")
def camera(service, training, trained):
    training.publish_iteration(trained.project.id, trained.iteration.id, "gate", "resource")
    camera = Camera(service.connection_string, str(trained.project.id))
    yield camera
    camera.uploads.close()
    camera.store.close()
    training.unpublish_iteration(trained.project.id, trained.iteration.id)


def test_a_picture_gets_its_result(camera, trained, eventually):
    path = camera.upload(picture("apple", 200), "a/b c/ü.jpg")
    eventually(lambda: len(camera.ended(path)) == 1)
    result = camera.ended(path)[0]
    assert result.outcome == Outcome.RESULT
    assert result.predictions[0].tag_name == "apple"
    assert str(result.iteration_id) == str(trained.iteration.id)
    blob = camera.store.containers["results"].download_blob(results.blob_name(result.project_id, result.id))
    assert json.loads(blob.readall())["predictions"][0]["tagName"] == "apple"
    eventually(lambda: not list(camera.store.containers["frames"].list_blob_names(name_starts_with=result.id)))


def test_a_detectors_result_has_boxes_and_a_picture_of_them(camera, training, eventually):
    project = training.create_project(f"camera {uuid4()}", domain_id=str(DETECTION_DOMAIN))
    iteration = put_detector(camera.store, UUID(project.id))
    training.publish_iteration(project.id, iteration.id, "colours", "resource")
    box = (0.125, 0.25, 0.25, 0.5)
    path = f"{project.id}/colours/a.jpg"
    camera.uploads.upload_blob(path, rectangles({"red": box}))
    eventually(lambda: len(camera.ended(path)) == 1)
    (result,) = camera.ended(path)
    (found,) = result.predictions
    assert found.tag_name == "red"
    assert astuple(found.bounding_box) == pytest.approx(box, abs=1 / 60)
    drawn = blobs.read(camera.store, "results", result.drawn)
    assert drawn
    assert drawn.content_type == "image/jpeg"
    with Image.open(BytesIO(drawn.data)) as picture:
        assert picture.size == (640, 320)
        # The label above the box, where the upload is white.
        assert np.asarray(picture)[72, 90].min() < 128
    training.unpublish_iteration(project.id, iteration.id)


def test_what_the_model_is_unsure_of_can_be_labelled(camera, training, trained, ask, eventually):
    project_id = import_project(training, training.export_project(trained.project.id).token).id
    training.publish_iteration(project_id, trained.iteration.id, "gate", "resource")
    camera = copy(camera)
    camera.project_id = str(project_id)
    token = PredictionQueryToken(order_by="Newest", application="camera")
    paths: list[str] = []

    def keep(per_day: int) -> int:
        body = json.dumps({"lowest": 0, "highest": 1, "share": 0, "perDay": per_day})
        return ask("PUT", f"/ocellus/v1/projects/{project_id}/publishednames/gate/camerafeedback", body.encode()).status

    def kept():
        """The camera's side knows of it after two seconds at most."""
        paths.append(camera.upload(picture("leaf", 300), f"unsure/{len(paths)}.jpg"))
        return training.query_predictions(project_id, token).results

    assert keep(100) == 200
    eventually(kept)
    stored = kept()[0]
    assert keep(0) == 200
    results_by_id = {result.id: result for path in paths for result in camera.ended(path)}
    assert results_by_id[stored.id].predictions[0].tag_name == stored.predictions[0].tag_name
    entry = ImageIdCreateEntry(id=stored.id, tag_ids=[stored.predictions[0].tag_id])
    summary = training.create_images_from_predictions(project_id, ImageIdCreateBatch(images=[entry]))
    assert [tag.tag_id for tag in summary.images[0].image.tags] == entry.tag_ids
    assert stored.id not in {each.id for each in training.query_predictions(project_id, token).results}
    training.unpublish_iteration(project_id, trained.iteration.id)
    training.delete_project(project_id)


def test_new_content_at_the_same_path_is_a_new_result(camera, eventually):
    path = camera.upload(picture("apple", 201), "same.jpg")
    eventually(lambda: len(camera.ended(path)) == 1)
    camera.upload(picture("leaf", 201), "same.jpg")
    eventually(lambda: len(camera.ended(path)) == 2)
    assert {result.predictions[0].tag_name for result in camera.ended(path)} == {"apple", "leaf"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"not a picture", "BadRequestImageFormat"),
        (picture("apple", 1)[:3000], "BadRequestImageFormat"),
        (encoded(Image.new("1", (10_300, 500)), "PNG"), "BadRequestImageDimensions"),
    ],
)
def test_a_hostile_file_ends_as_a_rejection(camera, eventually, data, code):
    path = camera.upload(data, f"{uuid4()}.jpg")
    eventually(lambda: len(camera.ended(path)) == 1)
    rejection = camera.ended(path)[0]
    assert (rejection.outcome, rejection.code) == (Outcome.REJECTED, code)
    assert len(rejection.reason) > 10


def test_an_upload_is_read_as_it_lies_there_and_not_before_there_is_any(camera, eventually):
    data = picture("leaf", 202)
    empty, labelled = camera.upload(b"", "filled later.jpg"), f"{camera.project_id}/gate/labelled.jpg"
    marker = camera.upload(b"", "folder/")
    settings = ContentSettings(content_encoding="gzip")
    camera.uploads.upload_blob(labelled, data, content_settings=settings)
    eventually(lambda: len(camera.ended(labelled)) == 1)
    camera.upload(data, "filled later.jpg")
    eventually(lambda: len(camera.ended(empty)) == 1)
    for path in (labelled, empty):
        (result,) = camera.ended(path)
        assert (result.outcome, result.predictions[0].tag_name) == (Outcome.RESULT, "leaf")
    assert camera.ended(marker) == []


def test_a_picture_that_is_copied_or_comes_in_blocks_gets_its_result(camera, eventually):
    source = camera.upload(picture("apple", 203), "source.jpg")
    copied, blocks = (camera.uploads.get_blob_client(f"{camera.project_id}/gate/{name}.jpg") for name in "ab")
    copied.start_copy_from_url(camera.uploads.get_blob_client(source).url)
    data = picture("apple", 204)
    for number in range(2):
        blocks.stage_block(str(number), (data[:3000], data[3000:])[number])
    blocks.commit_block_list([BlobBlock("0"), BlobBlock("1")])
    for path in (source, copied.blob_name, blocks.blob_name):
        eventually(lambda path=path: [result.outcome for result in camera.ended(path)] == [Outcome.RESULT])


def test_paths_that_name_no_model_are_rejected(camera, eventually):
    unpublished = camera.upload(picture("apple", 1), "a.jpg", published_name="nothing")
    camera.uploads.upload_blob(f"{uuid4()}/gate/a.jpg", picture("apple", 1))
    camera.uploads.upload_blob("stray.jpg", picture("apple", 2), overwrite=True)
    eventually(lambda: len(camera.ended(unpublished)) == 1 and len(camera.ended("stray.jpg")) == 1)
    assert camera.ended(unpublished)[0].code == "NotFoundIteration"
    assert camera.ended("stray.jpg")[0].project_id is None


def test_a_model_that_can_not_be_read_ends_as_a_rejection(camera, training, eventually):
    project = training.create_project(f"unread {uuid4()}", domain_id=str(DETECTION_DOMAIN))
    iteration = put_detector(camera.store, UUID(project.id))
    blobs.model_write(camera.store, UUID(project.id), iteration.id, "model.onnx", b"no graph")
    training.publish_iteration(project.id, iteration.id, "broken", "resource")
    path = f"{project.id}/broken/a.jpg"
    camera.uploads.upload_blob(path, picture("apple", 1))
    eventually(lambda: len(camera.ended(path)) == 1)
    (rejection,) = camera.ended(path)
    assert (rejection.outcome, rejection.code) == (Outcome.REJECTED, "ErrorPredictionModelNotFound")
    assert "train again" in rejection.reason
    training.unpublish_iteration(project.id, iteration.id)


def test_an_event_that_was_given_up_ends_as_a_rejection(camera):
    path = f"{camera.project_id}/gate/never.jpg"
    event = {
        "id": "1",
        "subject": f"/blobServices/default/containers/uploads/blobs/{path}",
        "data": {"eTag": "0x1"},
        "deadLetterReason": "MaxDeliveryAttemptsExceeded",
        "lastDeliveryOutcome": "GenericError",
    }
    camera.store.containers["deadletters"].upload_blob("camera_preprocess/1.json", json.dumps([event]))
    reject_dead_letters(camera.store, Publisher.open(Settings()))
    (rejection,) = camera.ended(path)
    assert (rejection.outcome, rejection.code) == (Outcome.REJECTED, "ErrorUnknown")
    assert "GenericError" in rejection.reason
    assert list(camera.store.containers["deadletters"].list_blob_names()) == []


def test_a_rejected_picture_can_be_replayed(camera, training, trained, service, eventually, monkeypatch):
    path = camera.upload(picture("leaf", 300), "early.jpg", published_name="soon")
    eventually(lambda: len(camera.ended(path)) == 1)
    training.unpublish_iteration(trained.project.id, trained.iteration.id)
    training.publish_iteration(trained.project.id, trained.iteration.id, "soon", "resource")
    try:
        for name, value in service.settings().items():
            monkeypatch.setenv(name, value)

        def replayed() -> bool:
            # Again and again: for a second the host remembers that nothing was published under this name.
            assert ocellus("replay", "--project", str(trained.project.id)) == 0
            time.sleep(0.5)
            return camera.ended(path)[0].outcome == Outcome.RESULT

        eventually(replayed)
        assert len(camera.ended(path)) == 1
    finally:
        training.unpublish_iteration(trained.project.id, trained.iteration.id)
        training.publish_iteration(trained.project.id, trained.iteration.id, "gate", "resource")
