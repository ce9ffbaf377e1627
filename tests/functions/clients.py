"""The two clients of the running service, the official SDK; its store, and a project."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import Project
from msrest.authentication import ApiKeyCredentials

from local.service import Service
from shared.settings import Settings
from shared.storage.account.store import Store


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
def project(training: CustomVisionTrainingClient) -> Project:
    """An empty multiclass project. It ends with the service: to delete one takes as long as to fill it."""
    return training.create_project(f"test {uuid4()}", classification_type="Multiclass")
