"""What many tests do with the SDK: upload pictures of a kind, train to the end, expect a refusal, import a project."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import (
    CustomVisionErrorException,
    ImageFileCreateBatch,
    ImageFileCreateEntry,
    Iteration,
    Project,
    Tag,
)

from local.service import Service
from shared.models.training.model_spec import ModelTag
from tests.pictures import picture

DETECTION = "da2e3a8a-40a5-4171-82f4-58522f70fbc1"


@contextmanager
def refused(code: str, message: str = "") -> Iterator[None]:
    """The block must end in the API's error of that code, with a message that contains `message`."""
    with pytest.raises(CustomVisionErrorException) as caught:
        yield
    error = caught.value.error
    assert error.code == code, f"{error.code}: {error.message}"
    assert message in error.message
    assert len(error.message) > 10


def upload(training: CustomVisionTrainingClient, project_id: str, kind: str, seeds: Iterable[int]) -> Tag:
    """A tag named after the kind with one picture for each seed."""
    tag = training.create_tag(project_id, kind)
    entries = [ImageFileCreateEntry(name=f"{kind}{seed}.jpg", contents=picture(kind, seed)) for seed in seeds]
    summary = training.create_images_from_files(project_id, ImageFileCreateBatch(images=entries, tag_ids=[tag.id]))
    assert summary.is_batch_successful, [image.status for image in summary.images]
    return tag


def model_tags(tags: Iterable[Tag]) -> list[ModelTag]:
    """As a model has them."""
    return [ModelTag(UUID(tag.id), tag.name) for tag in tags]


def train(training: CustomVisionTrainingClient, project_id: str, **options: object) -> Iteration:
    """Train, and wait for the end."""
    iteration = training.train_project(project_id, **options)
    deadline = time.monotonic() + 300
    while iteration.status == "Training" and time.monotonic() < deadline:
        # Each question takes the service some 10 ms.
        time.sleep(0.5)
        iteration = training.get_iteration(project_id, iteration.id)
    assert iteration.status == "Completed", iteration.training_error_details
    return iteration


def import_project(training: CustomVisionTrainingClient, token: str, name: str | None = None) -> Project:
    """Import, and wait for the end."""
    project = training.import_project(token, name=name)
    assert project.status == "Importing"
    deadline = time.monotonic() + 60
    while project.status == "Importing" and time.monotonic() < deadline:
        time.sleep(0.2)
        project = training.get_project(project.id)
    assert project.status == "Succeeded", project.description
    return project


def post(service: Service, path: str, body: object) -> tuple[int, Any]:
    """The status and the answer to JSON that the SDK would not send."""
    connection = HTTPConnection(urlsplit(service.endpoint).netloc, timeout=60)
    headers = {"Training-Key": service.training_key, "Content-Type": "application/json"}
    connection.request("POST", f"/customvision/v3.3/training/{path}", json.dumps(body), headers)
    answer = connection.getresponse()
    result = answer.status, json.loads(answer.read())
    connection.close()
    return result
