"""The steps of Microsoft's Python quickstart for image classification, on its own photographs."""

import time

import pytest
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import ImageFileCreateBatch, ImageFileCreateEntry
from msrest.authentication import ApiKeyCredentials

from tests.pictures import PHOTOS


def test_the_quickstart_runs_with_only_endpoint_keys_and_paths_set(service):
    photos = PHOTOS / "customvision-sample"
    if not photos.is_dir():
        pytest.skip(f"needs the sample photographs in {photos}")
    credentials = ApiKeyCredentials(in_headers={"Training-key": service.training_key})
    trainer = CustomVisionTrainingClient(service.endpoint, credentials)
    prediction_credentials = ApiKeyCredentials(in_headers={"Prediction-key": service.prediction_key})
    predictor = CustomVisionPredictionClient(service.endpoint, prediction_credentials)

    project = trainer.create_project("quickstart")
    hemlock = trainer.create_tag(project.id, "Hemlock")
    cherry = trainer.create_tag(project.id, "Japanese Cherry")
    images = []
    for tag, folder in ((hemlock, "hemlock"), (cherry, "japanese_cherry")):
        for path in sorted((photos / folder).iterdir()):
            images.append(ImageFileCreateEntry(name=path.name, contents=path.read_bytes(), tag_ids=[tag.id]))
    upload = trainer.create_images_from_files(project.id, ImageFileCreateBatch(images=images))
    assert upload.is_batch_successful
    assert len(upload.images) == 20

    iteration = trainer.train_project(project.id)
    while iteration.status != "Completed":
        assert iteration.status == "Training", iteration.training_error_details
        time.sleep(0.2)
        iteration = trainer.get_iteration(project.id, iteration.id)

    trainer.publish_iteration(project.id, iteration.id, "classifyModel", "resource")
    with (photos / "test" / "test_image.jpg").open("rb") as file:
        results = predictor.classify_image(project.id, "classifyModel", file.read())
    assert results.predictions[0].tag_name == "Hemlock"
    assert results.predictions[0].probability > 0.7

    shown = trainer.get_image_performances(project.id, iteration.id, take=256)
    right = [image.tags[0].tag_id == image.predictions[0].tag_id for image in shown]
    assert right.count(False) == 0

    trainer.unpublish_iteration(project.id, iteration.id)
    trainer.delete_project(project.id)
