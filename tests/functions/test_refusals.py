"""Refusals that many operations share: a key of others, a project that is not there, a name that nothing serves."""

from uuid import uuid4

import pytest
from azure.cognitiveservices.vision.customvision.prediction.models import (
    CustomVisionErrorException as PredictionError,
)
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import CustomVisionErrorException
from msrest.authentication import ApiKeyCredentials

from tests.functions.flows import refused
from tests.pictures import picture


def test_a_stranger_sees_nothing(service):
    credentials = ApiKeyCredentials(in_headers={"Training-key": "guessed"})
    stranger = CustomVisionTrainingClient(service.endpoint, credentials)
    for read in (stranger.get_domains, stranger.get_projects):
        with pytest.raises(CustomVisionErrorException) as caught:
            read()
        assert caught.value.response.status_code == 401


def test_an_unknown_project_has_nothing_to_read(training):
    for read in (
        training.get_tags,
        training.get_iterations,
        training.get_tagged_images,
        training.get_tagged_image_count,
        training.get_untagged_images,
        training.get_untagged_image_count,
    ):
        with refused("NotFoundProject"):
            read(uuid4())


def test_an_unknown_iteration_has_no_performance(training, project):
    for read in (training.get_image_performances, training.get_image_performance_count):
        with refused("NotFoundIteration"):
            read(project.id, uuid4())


def test_create_images_from_data_refuses_unknown_projects_and_no_pictures(training, project):
    with refused("NotFoundProject"):
        training.create_images_from_data(uuid4(), picture("apple", 1))
    with refused("BadRequestInvalidIds"):
        training.create_images_from_data(project.id, picture("apple", 1), tag_ids=["no id"])


def test_quick_test_image_url_refuses_what_is_no_picture(training, trained, web):
    with refused("BadRequestImageUrl"):
        training.quick_test_image_url(trained.project.id, web.address + "/absent.jpg")
    with refused("BadRequestImageFormat"):
        training.quick_test_image_url(trained.project.id, web.serve(b"no picture"))


def test_nothing_predicts_under_an_unknown_name(prediction, trained, web):
    url, data = web.serve(picture("apple", 1)), picture("apple", 1)
    for predict, given in [
        (prediction.classify_image_with_no_store, data),
        (prediction.classify_image_url_with_no_store, url),
        (prediction.detect_image_with_no_store, data),
        (prediction.detect_image_url, url),
        (prediction.detect_image_url_with_no_store, url),
    ]:
        with pytest.raises(PredictionError) as caught:
            predict(trained.project.id, "nothing", given)
        assert caught.value.error.code == "NotFoundIteration"
