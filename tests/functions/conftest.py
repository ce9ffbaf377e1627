"""The running service and its two clients."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from uuid import uuid4

import pytest
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient

# The list of operations is what was imported.
import function_app  # noqa: F401
from local.service import Service
from tests.functions import wire
from tests.functions.clients import prediction, project, storage, training
from tests.functions.flows import refused, train, upload
from tests.functions.wire import Reply

__all__ = ["prediction", "project", "storage", "training"]


@pytest.fixture
def ask(service: Service) -> Callable[..., Reply]:
    """Send a raw request, by default with the training key."""

    def send(method: str, path: str, body: bytes | None = b"", **headers: str) -> Reply:
        return wire.ask(service, method, path, body, **{"Training_Key": service.training_key, **headers})

    return send


@pytest.fixture(scope="session")
def trained(training: CustomVisionTrainingClient) -> Iterator[SimpleNamespace]:
    """A project with two tags of six pictures each and a completed iteration; tests leave it as it is."""
    project = training.create_project(f"trained {uuid4()}", classification_type="Multiclass")
    tags = {name: upload(training, project.id, name, range(6)) for name in ("apple", "leaf")}
    yield SimpleNamespace(project=project, tags=tags, iteration=train(training, project.id))
    # A test that changed images or tags, if only there and back, would fail those that come after it by chance.
    with refused("BadRequestTrainingNotNeeded"):
        training.train_project(project.id)
