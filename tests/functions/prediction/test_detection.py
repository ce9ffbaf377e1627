"""Detection through the SDKs, by a model that finds the red, the green and the blue thing of a picture."""

from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from azure.cognitiveservices.vision.customvision.prediction.models import (
    CustomVisionErrorException as PredictionError,
)

from local.service import RESOURCE_ID
from shared.storage.account import blobs
from shared.storage.serving import predictions
from tests.functions.flows import refused
from tests.pictures import picture, rectangles
from tests.prediction.detectors import boxes_of, put_detector
from tests.prediction.graphs import DETECTION_DOMAIN, make_detector

RED, BLUE = (0.125, 0.25, 0.25, 0.5), (0.75, 0.0, 0.25, 0.125)
DATA = rectangles({"red": RED, "blue": BLUE})


@pytest.fixture(scope="module")
def detector(training, storage):
    """A detection project with a finished iteration, published as `colours`."""
    project = training.create_project(f"detection {uuid4()}", domain_id=str(DETECTION_DOMAIN))
    iteration = put_detector(storage, UUID(project.id))
    assert training.publish_iteration(project.id, iteration.id, "colours", RESOURCE_ID) is True
    yield SimpleNamespace(project=project, iteration=iteration)
    training.unpublish_iteration(project.id, iteration.id)


def test_detect_image(prediction, detector):
    result = prediction.detect_image(detector.project.id, "colours", DATA)
    assert (result.project, result.iteration) == (detector.project.id, str(detector.iteration.id))
    assert boxes_of(result) == {"red": pytest.approx(RED, abs=1 / 60), "blue": pytest.approx(BLUE, abs=1 / 60)}
    assert all(each.probability > 0.9 and each.tag_type == "Regular" for each in result.predictions)


def test_detect_image_answers_an_empty_list_where_nothing_is_seen(prediction, detector):
    assert prediction.detect_image(detector.project.id, "colours", rectangles({})).predictions == []


def test_every_way_to_detect_agrees(prediction, training, detector, web):
    project_id = detector.project.id
    results = [
        prediction.detect_image(project_id, "colours", DATA, application="tests"),
        prediction.detect_image_with_no_store(project_id, "COLOURS", DATA),
        prediction.detect_image_url(project_id, "colours", web.serve(DATA)),
        prediction.detect_image_url_with_no_store(project_id, "colours", web.serve(DATA)),
        training.quick_test_image(project_id, DATA, iteration_id=detector.iteration.id),
    ]
    first = boxes_of(results[0])
    assert [boxes_of(result) for result in results] == [first] * 5
    assert len({result.id for result in results}) == 5


def test_only_stored_detections_are_kept_with_their_boxes(prediction, detector, storage, web):
    project_id = UUID(detector.project.id)
    stored = [
        prediction.detect_image(project_id, "colours", DATA),
        prediction.detect_image_url(project_id, "colours", web.serve(DATA)),
    ]
    left = [
        prediction.detect_image_with_no_store(project_id, "colours", DATA),
        prediction.detect_image_url_with_no_store(project_id, "colours", web.serve(DATA)),
    ]
    kept = {str(each.prediction.id): each.prediction for each in predictions.each(storage, project_id)}
    for result in stored:
        assert boxes_of(kept[result.id]) == boxes_of(result)
    assert not kept.keys() & {result.id for result in left}


@pytest.mark.parametrize("store", ["", "_with_no_store"])
def test_detect_image_refuses(prediction, detector, store):
    operation = getattr(prediction, f"detect_image{store}")
    for project_id, name, data, code in [
        (detector.project.id, "nothing", DATA, "NotFoundIteration"),
        (uuid4(), "colours", DATA, "NotFoundIteration"),
        (detector.project.id, "colours", b"no picture", "BadRequestImageFormat"),
        (detector.project.id, "colours", DATA + bytes(4 * 1024 * 1024), "BadRequestImageSizeBytes"),
    ]:
        with pytest.raises(PredictionError) as caught:
            operation(project_id, name, data)
        assert caught.value.error.code == code


@pytest.mark.parametrize("store", ["", "_with_no_store"])
def test_detect_image_url_refuses(prediction, detector, web, store):
    operation = getattr(prediction, f"detect_image_url{store}")
    for name, url, code in [
        ("nothing", web.serve(DATA), "NotFoundIteration"),
        ("colours", web.address + "/absent.jpg", "BadRequestImageUrl"),
        ("colours", "file:///etc/passwd", "BadRequestImageUrl"),
    ]:
        with pytest.raises(PredictionError) as caught:
            operation(detector.project.id, name, url)
        assert caught.value.error.code == code


def test_classify_image_refuses_a_detector(prediction, detector):
    with pytest.raises(PredictionError) as caught:
        prediction.classify_image(detector.project.id, "colours", picture("apple", 1))
    assert caught.value.error.code == "BadRequestOperationNotSupported"
    assert "call detect instead" in caught.value.error.message


def test_a_detector_that_can_not_be_read_is_the_operators_fault(training, detector, storage):
    iteration = put_detector(storage, UUID(detector.project.id))
    blobs.model_write(storage, iteration.project_id, iteration.id, "model.onnx", make_detector()[:-50])
    with refused("ErrorPredictionModelNotFound", "train again"):
        training.quick_test_image(detector.project.id, DATA, iteration_id=iteration.id)
