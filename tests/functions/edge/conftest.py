"""What the tests that call every operation give for its path."""

from uuid import uuid4

import pytest

from functions.edge.operation import PREDICTION
from tests.functions.flows import train, upload


@pytest.fixture(scope="session")
def places(training):
    """Values for an operation's path: a project to read, and one of its own for each operation that changes things."""
    project = training.create_project(f"described {uuid4()}", classification_type="Multiclass")
    tag = upload(training, project.id, "apple", range(5))
    upload(training, project.id, "leaf", range(5))
    iteration = train(training, project.id)
    training.publish_iteration(project.id, iteration.id, "live", "resource")
    image = training.get_images(project.id)[0]
    domain = training.get_domains()[0]
    read = {
        "version": "v3.3",
        "projectId": project.id,
        "tagId": tag.id,
        "imageId": image.id,
        "iterationId": iteration.id,
        "domainId": domain.id,
        "publishedName": "live",
    }

    def of(operation):
        reads = operation.method == "GET" or operation.api is PREDICTION
        return read if reads else read | {"projectId": training.create_project(f"own {uuid4()}").id}

    return of
