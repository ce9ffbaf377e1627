"""The running service and its two clients, the official SDK."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from types import SimpleNamespace
from uuid import uuid4

import pytest
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import CustomVisionErrorException, Project
from msrest.authentication import ApiKeyCredentials

from local.service import Service
from shared.settings import Settings
from shared.storage.account.store import Store
from tests.functions import wire
from tests.functions.flows import train, upload
from tests.functions.wire import Reply


@pytest.fixture(scope="session")
def training(service: Service) -> CustomVisionTrainingClient:
    credentials = ApiKeyCredentials(in_headers={"Training-key": service.training_key})
    return CustomVisionTrainingClient(service.endpoint, credentials)


@pytest.fixture(scope="session")
def prediction(service: Service) -> CustomVisionPredictionClient:
    credentials = ApiKeyCredentials(in_headers={"Prediction-key": service.prediction_key})
    return CustomVisionPredictionClient(service.endpoint, credentials)


@pytest.fixture(scope="session")
def storage(service: Service) -> Iterator[Store]:
    """The service's own."""
    store = Store.open(Settings(storage_connection_string=service.connection_string))
    yield store
    store.close()


@pytest.fixture
def ask(service: Service) -> Callable[..., Reply]:
    """Send a raw request, by default with the training key."""

    def send(method: str, path: str, body: bytes | None = b"", **headers: str) -> Reply:
        return wire.ask(service, method, path, body, **{"Training_Key": service.training_key, **headers})

    return send


@pytest.fixture
def project(training: CustomVisionTrainingClient) -> Iterator[Project]:
    """An empty multiclass project."""
    project = training.create_project(f"test {uuid4()}", classification_type="Multiclass")
    yield project
    with suppress(CustomVisionErrorException):
        training.delete_project(project.id)


@pytest.fixture(scope="session")
def trained(training: CustomVisionTrainingClient) -> SimpleNamespace:
    """A project with two tags of six pictures each and a completed iteration; tests leave it as it is."""
    project = training.create_project(f"trained {uuid4()}", classification_type="Multiclass")
    tags = {name: upload(training, project.id, name, range(6)) for name in ("apple", "leaf")}
    return SimpleNamespace(project=project, tags=tags, iteration=train(training, project.id))
